/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/listener.h"

#include "common/defs.h"
#include "common/runtime_dir.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME   "prompt"
#define LOCK_NAME     "prompt.lock"
#define MANAGER_FD    3 /* sd_listen_fds(3) */
#define WAITING_ASKED 16

static int lock = -1; /* held while we serve a socket of our own making */

static int
manager_fd(void)
{
	guint64 pid, count;

	if (g_getenv("LISTEN_PID") == NULL || g_getenv("LISTEN_FDS") == NULL ||
	    !g_ascii_string_to_unsigned(g_getenv("LISTEN_PID"), 10, 1, G_MAXINT32, &pid, NULL) ||
	    !g_ascii_string_to_unsigned(g_getenv("LISTEN_FDS"), 10, 1, 1, &count, NULL) ||
	    pid != (guint64)getpid())
		return -1;
	g_unsetenv("LISTEN_PID");
	g_unsetenv("LISTEN_FDS");
	(void)fcntl(MANAGER_FD, F_SETFD, FD_CLOEXEC);
	return MANAGER_FD;
}

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* With the folder as the current one, so that its path may be of any length. */
static gboolean
is_served(const struct sockaddr_un *address)
{
	UK_CLEANUP(fd_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
}

static int
socket_make(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_NAME};
	int fd;

	lock = open(LOCK_NAME, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0 || is_served(&address))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	(void)unlink(SOCKET_NAME);
	(void)umask(077);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, WAITING_ASKED) == 0)
		return fd;
	fd_close(&fd);
	return -1;
}

int
ouk_listener_open(void)
{
	UK_CLEANUP(fd_close) int dir = -1;
	int fd = manager_fd();

	if (fd >= 0)
		return fd;
	dir = uk_runtime_dir();
	if (dir < 0 || fchdir(dir) != 0)
		return -1;
	return socket_make();
}

void
ouk_listener_close(int fd)
{
	/* The current folder is still the socket's. */
	if (lock >= 0)
		(void)unlink(SOCKET_NAME);
	(void)close(fd);
}
