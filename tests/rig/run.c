/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other programs, run to their end. */
#include "tests/rig/process.h"
#include "tests/rig/rig.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* Until the end of the stream or the deadline. */
static void
collect(int fd, char *out, size_t size, long deadline)
{
	char surplus[512];
	size_t len = 0;

	for (;;) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		long left = deadline - process_clock_ms();
		size_t room = out == NULL ? 0 : size - 1 - len;
		ssize_t count;

		if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0)
			break;
		count = room > 0 ? read(fd, out + len, room) : read(fd, surplus, sizeof(surplus));
		if (count <= 0)
			break;
		if (room > 0)
			len += (size_t)count;
	}
	if (out != NULL)
		out[len] = '\0';
}

int
rig_run(const char *const *argv, char *out, size_t size, long timeout_ms)
{
	long deadline = process_clock_ms() + timeout_ms;
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	pid = process_start(argv, fds[1], -1);
	close(fds[1]);
	collect(fds[0], out, size, deadline);
	close(fds[0]);
	if (pid < 0)
		return -1;
	status = process_await(pid, deadline - process_clock_ms());
	if (status < 0)
		process_end(pid);
	return status;
}
