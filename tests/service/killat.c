/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/service/killat.h"

#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int countdown;
static enum kill_how how_to;

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
	*ret_last = countdown > 0 && --countdown == 0;
	if (*ret_last && how_to == KILL_BEFORE)
		die();
	return *ret_last && how_to == KILL_TORN ? len / 2 : len;
}

static ssize_t
done(ssize_t result, bool last)
{
	if (last)
		die();
	return result;
}

UK_EXPORT ssize_t
write(int fd, const void *bytes, size_t len)
{
	bool last;

	len = bytes_due(len, &last);
	return done(syscall(SYS_write, fd, bytes, len), last);
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
fsync(int fd)
{
	bool last;

	(void)bytes_due(0, &last);
	return (int)done(syscall(SYS_fsync, fd), last);
}

UK_EXPORT int
fdatasync(int fd)
{
	bool last;

	(void)bytes_due(0, &last);
	return (int)done(syscall(SYS_fdatasync, fd), last);
}

void
kill_at(int nth, enum kill_how how)
{
	countdown = nth;
	how_to = how;
}

/* Whether the work came to its end. */
static bool
run_killed(int nth, enum kill_how how, int (*work)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		kill_at(nth, how);
		_exit(work());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return false;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	return true;
}

static int
kill_each(int most, int step, int (*work)(void), void (*check)(bool finished))
{
	for (int nth = 1; nth < most; nth += step) {
		bool finished = true;

		for (int how = KILL_BEFORE; how <= KILL_AFTER; how++) {
			finished = run_killed(nth, (enum kill_how)how, work);
			check(finished);
			if (finished)
				return nth;
		}
	}
	fail_msg("not at its end after %d writes", most);
	return most;
}

int
kill_everywhere(int most, int (*work)(void), void (*check)(bool finished))
{
	return kill_each(most, 1, work, check);
}

int
kill_here_and_there(int most, int step, int (*work)(void), void (*check)(bool finished))
{
	return kill_each(most, getenv("OPENUKEY_TEST_LONG") != NULL ? 1 : step, work, check);
}
