/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting the helper from within somebody else's program.  The child is made by a bare clone
 * without an exit signal: no SIGCHLD reaches the program, its own wait() never sees a child of
 * ours, and none of its fork handlers run.  What becomes the helper is that child's child.
 */
#include "drivers/skf/link.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS   20000
#define FD_FOLDER  3
#define FD_READY   4
#define FD_HIGH    64
#define FD_GUESSED 1024 /* closed one by one where there is no close_range */
#define TEXT_LEN   600
#define VARIABLES  12

/* Made before the clone: the child calls nothing that allocates. */
struct plan {
	const char *argv[4];
	char *environment[VARIABLES + 1];
	char texts[VARIABLES][TEXT_LEN];
	size_t count;
	int dir, ready;
};

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static void
plan_add(struct plan *plan, const char *name)
{
	const char *value = secure_getenv(name);

	if (value == NULL || plan->count == VARIABLES)
		return;
	if (snprintf(plan->texts[plan->count], TEXT_LEN, "%s=%s", name, value) >= TEXT_LEN)
		return;
	plan->environment[plan->count] = plan->texts[plan->count];
	plan->count++;
}

/* Nothing by which a library could find the screen, the session's bus or more code. */
static void
environment_make(struct plan *plan)
{
	static const char *const kept[] = {
		"HOME", "LANG", "LC_ALL", "TZ", "PCSCLITE_CSOCK_NAME", "OPENUKEY_SKF_DIR"};
	static const char *const tested[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"};
	static char path[] = "PATH=/usr/bin:/bin";

	plan->environment[plan->count++] = path;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		plan_add(plan, kept[i]);
	for (size_t i = 0; i < ARRAY_SIZE(tested) && secure_getenv("OPENUKEY_SKF_DIR") != NULL; i++)
		plan_add(plan, tested[i]);
	plan->environment[plan->count] = NULL;
}

/* ---- in the child: async-signal-safe, and the program's memory is only a copy ---- */

static void
fds_close(unsigned int from)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, from, ~0U, 0) == 0)
		return;
#endif
	for (int fd = (int)from; fd < FD_GUESSED; fd++)
		(void)close(fd);
}

static void
signals_reset(void)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int signal = 1; signal < NSIG; signal++)
		(void)sigaction(signal, &usual, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
helper_become(const struct plan *plan)
{
	int dir = fcntl(plan->dir, F_DUPFD, FD_HIGH);
	int ready = fcntl(plan->ready, F_DUPFD, FD_HIGH);
	int null = open("/dev/null", O_RDWR);

	if (dir < 0 || ready < 0 || null < 0)
		return;
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			return;
	if (dup2(dir, FD_FOLDER) < 0 || dup2(ready, FD_READY) < 0)
		return;
	fds_close(FD_READY + 1);
	signals_reset();
	(void)setsid();
	if (fchdir(FD_FOLDER) != 0)
		return;
	(void)execve(plan->argv[0], (char *const *)(uintptr_t)plan->argv, plan->environment);
}

static pid_t
bare_fork(void)
{
	return (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
}

/* ---- in the program ---- */

static bool
child_make(const struct plan *plan)
{
	sigset_t all, before;
	pid_t child;

	/* The program's handlers must not run in the child. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	child = bare_fork();
	if (child == 0) {
		if (bare_fork() == 0)
			helper_become(plan);
		(void)syscall(SYS_exit_group, 0); /* of the copy, not of the program */
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (child < 0)
		return false;
	(void)TEMP_FAILURE_RETRY(waitpid(child, NULL, __WALL));
	return true;
}

/* It writes a byte when it listens, and closes the pipe when it cannot. */
static bool
ready_await(int fd)
{
	struct pollfd pipe = {.fd = fd, .events = POLLIN};
	char byte;

	if (TEMP_FAILURE_RETRY(poll(&pipe, 1, START_MS)) <= 0)
		return false;
	return TEMP_FAILURE_RETRY(read(fd, &byte, 1)) == 1;
}

static const char *
helper_path(void)
{
	const char *chosen = secure_getenv("OPENUKEY_SKF_HOST");

	return chosen != NULL ? chosen : SKF_HOST;
}

enum uk_status
skf_start(const struct skf_config *config, int dir, const char *name)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int ends[2] = {-1, -1};
	bool good;

	if (plan == NULL)
		return UK_E_MEMORY;
	plan->argv[0] = helper_path();
	plan->argv[1] = config->file;
	plan->argv[2] = name;
	environment_make(plan);
	good = pipe2(ends, O_CLOEXEC) == 0;
	plan->dir = dir;
	plan->ready = ends[1];
	good = good && child_make(plan);
	fd_close(&ends[1]);
	good = good && ready_await(ends[0]);
	fd_close(&ends[0]);
	free(plan);
	if (good)
		return UK_OK;
	uk_warning("skf", "the helper for %s did not start", config->name);
	return UK_E_LIBRARY;
}
