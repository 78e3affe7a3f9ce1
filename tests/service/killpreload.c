/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill -9 at a chosen write of a daemon: loaded before libc, it stands before the calls that put
 * bytes on a disk or a socket.  OPENUKEY_KILL_AT=N, counted from SIGUSR1 on; every third N before
 * the write, torn, and after it.
 */
#include "common/defs.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static volatile sig_atomic_t armed;
static int countdown, how;

static void
arm(int number)
{
	armed = 1;
}

__attribute__((constructor)) static void
begin(void)
{
	const struct sigaction action = {.sa_handler = arm, .sa_flags = SA_RESTART};
	const char *at = getenv("OPENUKEY_KILL_AT");
	int number = at != NULL ? (int)strtol(at, NULL, 10) : 0;

	countdown = number / 3 + 1;
	how = number % 3;
	(void)sigaction(SIGUSR1, &action, NULL);
}

static void
die(void)
{
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause();
}

/* How many bytes of this write are to be written; dies here when it is none of them. */
static size_t
bytes_due(size_t len, bool *ret_last)
{
	*ret_last = armed == 1 && countdown > 0 && --countdown == 0;
	if (*ret_last && how == 0)
		die();
	return *ret_last && how == 1 ? len / 2 : len;
}

static ssize_t
done(ssize_t result, bool last)
{
	if (last)
		die();
	return result;
}

UK_EXPORT ssize_t
pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
	bool last;

	len = bytes_due(len, &last);
	return done(syscall(SYS_pwrite64, fd, bytes, len, at), last);
}

UK_EXPORT ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
	bool last;

	len = bytes_due(len, &last);
	return done(syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0), last);
}

UK_EXPORT int
fdatasync(int fd)
{
	bool last;

	(void)bytes_due(0, &last);
	return (int)done(syscall(SYS_fdatasync, fd), last);
}
