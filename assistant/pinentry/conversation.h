/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-pinentry --fd: one window for whoever is at the other end of a socket. */
#ifndef OUK_PINENTRY_CONVERSATION_H
#define OUK_PINENTRY_CONVERSATION_H

/*
 * Until that end is closed or the person is done. answer_fd: where answers go, when not to fd
 * (which then hears one byte only: 0 answered, 1 stopped); -1. Returns the exit status.
 */
int ouk_conversation_run(int fd, int answer_fd);

#endif
