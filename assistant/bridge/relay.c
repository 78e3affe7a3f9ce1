/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/relay.h"

#include "assistant/bridge/frame.h"
#include "assistant/bridge/page.h"
#include "assistant/bridge/socket.h"
#include "assistant/bridge/wire.h"

#include "common/secret.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define START_TRIES 200 /* of 50 ms */
#define PIECE       16384

/* ---- copying ---- */

/* One way. */
struct way {
	int from, to;
	gsize most;
	guint8 bytes[PIECE];
};

static gboolean
write_all(int fd, const guint8 *bytes, gsize len)
{
	while (len > 0) {
		ssize_t written = write(fd, bytes, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return FALSE;
		bytes += written;
		len -= (gsize)written;
	}
	return TRUE;
}

/* FALSE at the end, or where it breaks off. */
static gboolean
read_all(int fd, guint8 *bytes, gsize len)
{
	while (len > 0) {
		ssize_t got = read(fd, bytes, len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return FALSE;
		bytes += got;
		len -= (gsize)got;
	}
	return TRUE;
}

/* A frame that is too long goes no further, and what follows it neither. */
static gboolean
frame_copy(struct way *way)
{
	gsize left;

	if (!read_all(way->from, way->bytes, OUK_FRAME_HEAD) ||
	    !ouk_frame_size(way->bytes, OUK_FRAME_HEAD, way->most, &left) ||
	    !write_all(way->to, way->bytes, OUK_FRAME_HEAD))
		return FALSE;
	left -= OUK_FRAME_HEAD;
	while (left > 0) {
		gsize piece = MIN(left, sizeof(way->bytes));

		if (!read_all(way->from, way->bytes, piece) ||
		    !write_all(way->to, way->bytes, piece))
			return FALSE;
		left -= piece;
	}
	return TRUE;
}

/* When one way is at its end so is the other: the browser or the bridge has gone. */
static gpointer
way_run(gpointer data)
{
	struct way *way = data;

	while (frame_copy(way))
		uk_wipe(way->bytes, sizeof(way->bytes));
	uk_wipe(way->bytes, sizeof(way->bytes));
	_exit(EXIT_SUCCESS);
	return NULL;
}

/* ---- the bridge ---- */

static void
child_alone(gpointer data)
{
	(void)setsid();
}

/* It outlives the browser, and has nothing of the browser's open. */
static gboolean
bridge_start(void)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	char *argv[] = {program, NULL};

	return program != NULL &&
	       g_spawn_async("/", argv, NULL,
			     G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, child_alone,
			     NULL, NULL, NULL);
}

static GSocketConnection *
bridge_reach(void)
{
	GSocketConnection *connection = ouk_socket_connect(OUK_WIRE_NAME, NULL);

	if (connection != NULL || !bridge_start())
		return connection;
	for (guint i = 0; i < START_TRIES && connection == NULL; i++) {
		g_usleep(50 * 1000);
		connection = ouk_socket_connect(OUK_WIRE_NAME, NULL);
	}
	return connection;
}

int
ouk_relay_run(void)
{
	g_autoptr(GSocketConnection) connection = NULL;
	struct way *up, *down;
	int fd;

	(void)signal(SIGPIPE, SIG_IGN);
	connection = bridge_reach();
	if (connection == NULL)
		return EXIT_FAILURE;
	fd = g_socket_get_fd(g_socket_connection_get_socket(connection));
	g_socket_set_blocking(g_socket_connection_get_socket(connection), TRUE);
	(void)g_unix_set_fd_nonblocking(fd, FALSE, NULL);
	up = g_new0(struct way, 1);
	down = g_new0(struct way, 1);
	*up = (struct way){.from = STDIN_FILENO, .to = fd, .most = OUK_PAGE_FRAME_MAX};
	*down = (struct way){.from = fd, .to = STDOUT_FILENO, .most = OUK_PAGE_ANSWER_MAX};
	g_thread_unref(g_thread_new("down", way_run, down));
	way_run(up);
	return EXIT_SUCCESS;
}
