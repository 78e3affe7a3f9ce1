/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kinds of host in probe.c have in common. Each returns the program's exit status. */
#ifndef TESTS_HOSTS_PROBE_H
#define TESTS_HOSTS_PROBE_H

#include "tests/hosts/host.h"

/* Says what a call gave when that is not what it should, and ends the program with status 1. */
#define WANT(call, expected)                                                   \
	do {                                                                   \
		unsigned long got_ = (call), want_ = (expected);               \
		if (got_ != want_)                                             \
			probe_fail(#call " gave 0x%lx, not " #expected, got_); \
	} while (0)

UK_PRINTF(1, 2) __attribute__((noreturn)) void probe_fail(const char *format, ...);

/* Loads, initialises, opens a session, logs in. */
CK_SESSION_HANDLE probe_begin(struct host *host);
/* Logs out and finalises. */
void probe_end(struct host *host, CK_SESSION_HANDLE session);

int probe_fork(struct host *host);
int probe_fork_quiet(struct host *host);
int probe_stop(struct host *host);
int probe_reload(struct host *host);
int probe_cycles(struct host *host);
int probe_exit(struct host *host);
int probe_return(struct host *host);
int probe_signals(struct host *host);
int probe_no_files(struct host *host);
int probe_late_sandbox(struct host *host);

#endif
