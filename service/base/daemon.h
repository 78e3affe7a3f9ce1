/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every process of the service begins with. */
#ifndef CS_BASE_DAEMON_H
#define CS_BASE_DAEMON_H

#include "common/secret.h"
#include "service/base/status.h"

#include <stdbool.h>
#include <sys/types.h>

/* --name VALUE */
struct cs_option {
	const char *name;
	const char **value;
	bool required;
};

/* The one word besides the options; NULL, after a message, when something is wrong. */
const char *cs_daemon_options(int argc, char **argv, const struct cs_option *options,
			      size_t options_len);

/* No core dumps, no ptrace by the same user; SIGPIPE ignored. */
void cs_daemon_harden(void);

/* Becomes non-zero with SIGTERM or SIGINT. */
const volatile int *cs_daemon_stop(void);

/* "openukey-NAME: what: why" on stderr unless all is well. Returns status. */
enum cs_status cs_daemon_say(const char *name, const char *what, enum cs_status status);

/* The first line of a file that nobody else may read. */
UK_CHECKED enum cs_status cs_daemon_secret(const char *path, struct uk_secret *ret);

/*
 * "1000,www-data" -> user ids; the process's own is always among them, an unknown name is said on
 * stderr and left out. Returns how many. Before there are threads.
 */
size_t cs_daemon_users(const char *text, uid_t *ret, size_t room);

#endif
