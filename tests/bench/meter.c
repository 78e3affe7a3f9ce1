/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/meter.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int
control_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

bool
meter_read(const char *control, struct meter *ret)
{
	char answer[256];
	size_t len = 0;
	ssize_t got = 0;
	struct timespec now;
	int fd = control_connect(control);

	if (fd < 0)
		return false;
	if (write(fd, "count\n", 6) == 6)
		do {
			got = read(fd, answer + len, sizeof(answer) - 1 - len);
			len += got > 0 ? (size_t)got : 0;
		} while (got > 0 && memchr(answer, '\n', len) == NULL);
	(void)close(fd);
	answer[len] = '\0';
	if (sscanf(answer, "%*[^0-9]%lu%*[^0-9]%lu%*[^0-9]%lu", &ret->commands, &ret->bytes_in,
		   &ret->bytes_out) != 3)
		return false;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	ret->wall_ms = (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
	return true;
}

double
meter_cpu_us(void)
{
	struct timespec used;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}
