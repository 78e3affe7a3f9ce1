/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket openukey/prompt in the user's runtime folder. */
#ifndef OUK_PINENTRY_LISTENER_H
#define OUK_PINENTRY_LISTENER_H

/*
 * From the service manager, which listens for us, or made here. -1: another prompt serves this
 * user already, or there is no place for it.
 */
int ouk_listener_open(void);
/* Takes away what was made here. */
void ouk_listener_close(int fd);

#endif
