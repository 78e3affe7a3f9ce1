/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-pinentry --session: the other end of the module's protected authentication path. */
#ifndef OUK_PINENTRY_SESSION_H
#define OUK_PINENTRY_SESSION_H

/* Until the session ends. Returns the exit status. */
int ouk_session_run(void);

#endif
