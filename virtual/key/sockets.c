/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static bool
set_path(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address->sun_path, path, strlen(path) + 1);
	return true;
}

int
vk_socket_connect(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	if (fd >= 0 && set_path(&address, path) &&
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A socket file whose process died stays behind and would be in the way. */
static bool
clear_path(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) != 0)
		return true;
	fd = S_ISSOCK(st.st_mode) ? vk_socket_connect(path) : -1;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || !S_ISSOCK(st.st_mode)) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(path) == 0;
}

int
vk_socket_listen(const char *path)
{
	struct sockaddr_un address;
	mode_t mask;
	int fd, bound;

	if (!set_path(&address, path) || !clear_path(path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	mask = umask(0177);
	bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(mask);
	if (bound == 0 && listen(fd, 8) == 0)
		return fd;
	close(fd);
	return -1;
}

int
vk_socket_accept(int listener)
{
	const struct timeval patience = {.tv_sec = 5};
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

bool
vk_socket_send(int fd, struct uk_span bytes)
{
	struct uk_span part;

	while (bytes.len > 0) {
		ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0 || !uk_take(&bytes, (size_t)sent, &part))
			return false;
	}
	return true;
}
