/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/rig/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS  2
#define GRACE_MS 500

long
process_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
process_sleep_ms(long ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

/* In the child. */
static void
become(const char *const *argv, int out_fd, int err_fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null_fd, STDIN_FILENO);
	if (out_fd >= 0)
		dup2(out_fd, STDOUT_FILENO);
	if (err_fd >= 0)
		dup2(err_fd, STDERR_FILENO);
	/* execvp only reads them, but its prototype is older than const */
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	perror(argv[0]);
	_exit(127);
}

pid_t
process_start(const char *const *argv, int out_fd, int err_fd)
{
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(argv, out_fd, err_fd);
	if (pid < 0)
		perror("fork");
	return pid;
}

int
process_await(pid_t pid, long timeout_ms)
{
	long deadline = process_clock_ms() + timeout_ms;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (process_clock_ms() >= deadline)
			return -1;
		process_sleep_ms(STEP_MS);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
process_end(pid_t pid)
{
	kill(pid, SIGTERM);
	if (process_await(pid, GRACE_MS) >= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
