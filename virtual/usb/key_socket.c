/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/usb/key_socket.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOOK_MS   30
#define FRAME_MAX 0xffff
#define HEADER    2

struct key_socket {
	struct sockaddr_un address;
	const struct key_watcher *watcher;
	void *data;
	int fd; /* -1: no key */
	guint look_source, read_source;
	size_t len; /* of the frame that is coming in, header included */
	uint8_t frame[HEADER + FRAME_MAX];
};

static gboolean look_for_key(gpointer data);

static void
hang_up(struct key_socket *key)
{
	if (key->fd < 0)
		return;
	close(key->fd);
	key->fd = -1;
	g_source_remove(key->read_source);
	key->read_source = 0;
	key->look_source = g_timeout_add(LOOK_MS, look_for_key, key);
	key->watcher->went(key->data);
}

static int
reach_key(const struct key_socket *key)
{
	static const struct timeval patience = {.tv_sec = 2};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&key->address, sizeof(key->address)) != 0) {
		close(fd);
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

/* How much is still missing of the frame, as far as is known. */
static size_t
missing(const struct key_socket *key)
{
	if (key->len < HEADER)
		return HEADER - key->len;
	return HEADER + ((size_t)key->frame[0] << 8 | key->frame[1]) - key->len;
}

static gboolean
read_key(gint fd, GIOCondition condition, gpointer data)
{
	struct key_socket *key = data;
	ssize_t count = recv(fd, key->frame + key->len, missing(key), MSG_DONTWAIT);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (count <= 0) {
		hang_up(key);
		return G_SOURCE_CONTINUE; /* removed already */
	}
	key->len += (size_t)count;
	if (key->len >= HEADER && missing(key) == 0) {
		struct uk_span frame = {key->frame + HEADER, key->len - HEADER};

		key->len = 0;
		key->watcher->answered(key->data, frame);
	}
	return G_SOURCE_CONTINUE;
}

static gboolean
look_for_key(gpointer data)
{
	struct key_socket *key = data;
	int fd = reach_key(key);

	if (fd < 0)
		return G_SOURCE_CONTINUE;
	key->fd = fd;
	key->len = 0;
	key->look_source = 0;
	key->read_source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, read_key, key);
	key->watcher->came(key->data);
	return G_SOURCE_REMOVE;
}

void
key_socket_renew(struct key_socket *key)
{
	int fd = key->fd >= 0 ? reach_key(key) : -1;

	if (fd < 0) {
		hang_up(key);
		return;
	}
	g_source_remove(key->read_source);
	close(key->fd);
	key->fd = fd;
	key->len = 0;
	key->read_source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, read_key, key);
}

struct key_socket *
key_socket_new(const char *path, const struct key_watcher *watcher, void *data)
{
	struct key_socket *key = g_new0(struct key_socket, 1);

	key->address.sun_family = AF_UNIX;
	(void)snprintf(key->address.sun_path, sizeof(key->address.sun_path), "%s", path);
	key->watcher = watcher;
	key->data = data;
	key->fd = -1;
	key->look_source = g_timeout_add(LOOK_MS, look_for_key, key);
	return key;
}

void
key_socket_free(struct key_socket *key)
{
	if (key->fd >= 0)
		close(key->fd);
	if (key->look_source != 0)
		g_source_remove(key->look_source);
	if (key->read_source != 0)
		g_source_remove(key->read_source);
	g_free(key);
}

void
key_socket_send(struct key_socket *key, struct uk_span frame)
{
	uint8_t bytes[HEADER + FRAME_MAX];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));

	if (key->fd < 0)
		return;
	uk_put_u16(&out, UK_BIG_ENDIAN, (uint16_t)frame.len);
	uk_put(&out, frame);
	if (frame.len > FRAME_MAX || out.overflow ||
	    send(key->fd, bytes, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
		hang_up(key);
}

void
key_socket_control(struct key_socket *key, enum key_control control)
{
	uint8_t byte = (uint8_t)control;

	key_socket_send(key, uk_span_of(&byte, 1));
}
