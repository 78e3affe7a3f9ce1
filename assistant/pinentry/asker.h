/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is at the other end of a socket. */
#ifndef OUK_PINENTRY_ASKER_H
#define OUK_PINENTRY_ASKER_H

#include <glib.h>
#include <sys/types.h>

/* Its process; FALSE when it is not this very user's. */
gboolean ouk_asker_pid(int fd, pid_t *ret);
/* The file it runs, as the kernel says; NULL when that cannot be seen. The caller frees. */
char *ouk_asker_program(pid_t pid);
/* The name that the desktop shows for a program, "Firefox"; NULL. The caller frees. */
char *ouk_asker_name(const char *program);

#endif
