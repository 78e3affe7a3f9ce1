/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key in another process, listening on a Unix stream socket: listening means plugged in, a
 * closed connection means pulled.
 *
 * Frames both ways are a two-byte big-endian length and as many bytes.  A frame of one byte is a
 * control (off, on, reset, "send ATR"; the last alone is answered), any other a command APDU,
 * answered by one frame.  A key that breaks these rules, or stays silent, is disconnected.
 */
#include "drivers/ifd/link.h"
#include "drivers/ifd/log.h"
#include "drivers/ifd/patience.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define APDU_MIN  4
#define FRAME_MAX 0xffff

#define ATR_TIMEOUT_MS 5000

/* How often to look for a key: just after its socket appeared, with inotify, without. */
#define LOOK_EAGER_MS    10
#define LOOK_WATCHING_MS 1000
#define LOOK_BLIND_MS    100
#define EAGER_FOR_MS     2000
/* A pull must last this long to be seen; a key that was never any good waits longer. */
#define RECONNECT_MS        100
#define RECONNECT_BROKEN_MS 500

enum control { CONTROL_OFF = 0, CONTROL_ON = 1, CONTROL_RESET = 2, CONTROL_ATR = 4 };

struct connection {
	struct sockaddr_un address;
	const char *name; /* the last part of the path, inside address */
	int command_timeout_ms;
	int watch_fd; /* inotify on the socket's folder, or -1 */

	/* Guards what follows: wait sets fd when it is -1, everything else is pcscd's thread. */
	pthread_mutex_t lock;
	int fd;               /* -1: no key */
	bool gone;            /* fd was dropped and wait has not been told */
	bool answered;        /* this key has sent an ATR */
	int64_t reconnect_at; /* clock_ms() */
};

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is left until the deadline, as poll takes it. */
static int
ms_until(int64_t deadline)
{
	int64_t left = deadline - clock_ms();

	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

/* ---- frames ---- */

static enum uk_status
await_io(int fd, short events, int64_t deadline)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	int ready;

	do
		ready = poll(&poll_fd, 1, ms_until(deadline));
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return UK_E_REMOVED;
	return ready == 0 ? UK_E_TIMEOUT : UK_OK;
}

static enum uk_status
send_frame(int fd, struct uk_span body, int64_t deadline)
{
	uint8_t header[2] = {(uint8_t)(body.len >> 8), (uint8_t)body.len};
	size_t total = sizeof(header) + body.len, sent = 0;

	while (sent < total) {
		struct iovec parts[] = {{header, sizeof(header)}, {NULL, 0}};
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = ARRAY_SIZE(parts)};
		size_t from_header = sent < sizeof(header) ? sent : sizeof(header);
		size_t from_body = sent - from_header;
		enum uk_status st;
		ssize_t count;

		parts[0].iov_base = header + from_header;
		parts[0].iov_len = sizeof(header) - from_header;
		/* sendmsg only reads, but struct iovec knows no const */
		parts[1].iov_base = (void *)(uintptr_t)(body.ptr + from_body);
		parts[1].iov_len = body.len - from_body;
		count = sendmsg(fd, &message, MSG_NOSIGNAL);
		if (count >= 0) {
			sent += (size_t)count;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return UK_E_REMOVED;
		st = await_io(fd, POLLOUT, deadline);
		if (st != UK_OK)
			return st;
	}
	return UK_OK;
}

static enum uk_status
receive(int fd, uint8_t *out, size_t len, int64_t deadline)
{
	while (len > 0) {
		ssize_t count = recv(fd, out, len, 0);
		enum uk_status st;

		if (count > 0) {
			out += count;
			len -= (size_t)count;
			continue;
		}
		if (count == 0 || (errno != EAGAIN && errno != EINTR))
			return UK_E_REMOVED;
		st = await_io(fd, POLLIN, deadline);
		if (st != UK_OK)
			return st;
	}
	return UK_OK;
}

/* Reads past the rest of a frame that nobody has room for. */
static enum uk_status
skip(int fd, size_t len, int64_t deadline)
{
	uint8_t scratch[1024];

	while (len > 0) {
		size_t part = len < sizeof(scratch) ? len : sizeof(scratch);
		enum uk_status st = receive(fd, scratch, part, deadline);

		if (st != UK_OK)
			return st;
		len -= part;
	}
	return UK_OK;
}

/* UK_E_REPLY: shorter than `min`; UK_E_DATA_LEN: longer than the room, and read past. */
static enum uk_status
receive_frame(int fd, size_t min, struct uk_writer *out, int64_t deadline)
{
	uint8_t header[2];
	enum uk_status st;
	size_t len;

	st = receive(fd, header, sizeof(header), deadline);
	if (st != UK_OK)
		return st;
	len = (size_t)header[0] << 8 | header[1];
	if (len < min)
		return UK_E_REPLY;
	if (len > out->cap - out->len) {
		st = skip(fd, len, deadline);
		return st == UK_OK ? UK_E_DATA_LEN : st;
	}
	st = receive(fd, out->ptr + out->len, len, deadline);
	if (st == UK_OK)
		out->len += len;
	return st;
}

/* ---- connection ---- */

static int
connect_key(const struct connection *conn)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&conn->address, sizeof(conn->address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
current_fd(struct connection *conn)
{
	int fd;

	pthread_mutex_lock(&conn->lock);
	fd = conn->fd;
	pthread_mutex_unlock(&conn->lock);
	return fd;
}

static void
drop_key(struct connection *conn)
{
	pthread_mutex_lock(&conn->lock);
	if (conn->fd >= 0) {
		shutdown(conn->fd, SHUT_RDWR); /* wait may hold a duplicate */
		close(conn->fd);
		conn->fd = -1;
		conn->gone = true;
		conn->reconnect_at =
			clock_ms() + (conn->answered ? RECONNECT_MS : RECONNECT_BROKEN_MS);
	}
	pthread_mutex_unlock(&conn->lock);
}

static void
socket_close(void *data)
{
	struct connection *conn = data;

	if (conn->fd >= 0)
		close(conn->fd);
	if (conn->watch_fd >= 0)
		close(conn->watch_fd);
	pthread_mutex_destroy(&conn->lock);
	free(conn);
}

/* Leaves watch_fd at -1 when there is no folder, or no watch left in the system. */
static void
watch_folder(struct connection *conn)
{
	struct sockaddr_un folder = conn->address;
	char *slash = strrchr(folder.sun_path, '/');

	conn->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (conn->watch_fd < 0)
		return;
	slash[slash == folder.sun_path ? 1 : 0] = '\0';
	if (inotify_add_watch(conn->watch_fd, folder.sun_path, IN_CREATE | IN_MOVED_TO) >= 0)
		return;
	close(conn->watch_fd);
	conn->watch_fd = -1;
}

static enum uk_status
socket_open(const char *address, void **ret_conn)
{
	struct connection *conn;
	size_t len = strlen(address);

	if (address[0] != '/' || len >= sizeof(conn->address.sun_path))
		return UK_E_ARGUMENTS;
	conn = calloc(1, sizeof(*conn));
	if (conn == NULL)
		return UK_E_MEMORY;
	conn->address.sun_family = AF_UNIX;
	memcpy(conn->address.sun_path, address, len + 1);
	conn->name = strrchr(conn->address.sun_path, '/') + 1;
	conn->command_timeout_ms = ifd_patience_ms();
	pthread_mutex_init(&conn->lock, NULL);
	watch_folder(conn);
	conn->fd = connect_key(conn);
	*ret_conn = conn;
	return UK_OK;
}

static bool
hung_up(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 0) != 0;
}

static bool
socket_present(void *data)
{
	struct connection *conn = data;
	int fd = current_fd(conn);

	if (fd < 0)
		return false;
	if (!hung_up(fd))
		return true;
	drop_key(conn);
	return false;
}

/* ---- commands ---- */

static enum uk_status
send_control(int fd, enum control control, int64_t deadline)
{
	uint8_t byte = (uint8_t)control;

	return send_frame(fd, uk_span_of(&byte, 1), deadline);
}

static enum uk_status
start_key(int fd, enum control control, struct uk_writer *atr)
{
	int64_t deadline = clock_ms() + ATR_TIMEOUT_MS;
	enum uk_status st;

	st = send_control(fd, control, deadline);
	if (st != UK_OK)
		return st;
	st = send_control(fd, CONTROL_ATR, deadline);
	if (st != UK_OK)
		return st;
	return receive_frame(fd, 2, atr, deadline);
}

static enum uk_status
socket_power(void *data, enum ifd_power action, struct uk_writer *atr)
{
	struct connection *conn = data;
	int fd = current_fd(conn);
	enum uk_status st;

	if (fd < 0)
		return UK_E_REMOVED;
	if (action == IFD_OFF)
		st = send_control(fd, CONTROL_OFF, clock_ms() + ATR_TIMEOUT_MS);
	else
		st = start_key(fd, action == IFD_COLD_START ? CONTROL_ON : CONTROL_RESET, atr);
	if (st == UK_OK) {
		conn->answered = conn->answered || action != IFD_OFF;
		return UK_OK;
	}
	ifd_error("%s: no ATR: %s", conn->name, uk_status_text(st));
	drop_key(conn);
	return st;
}

static bool
input_waits(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLIN | POLLHUP)) == POLLIN;
}

static enum uk_status
exchange(struct connection *conn, int fd, struct uk_span command, struct uk_writer *reply)
{
	int64_t deadline = clock_ms() + conn->command_timeout_ms;
	enum uk_status st;

	/* An answer nobody asked for would be taken for the answer to this command. */
	if (input_waits(fd) && !hung_up(fd))
		return UK_E_REPLY;
	st = send_frame(fd, command, deadline);
	if (st != UK_OK)
		return st;
	return receive_frame(fd, 2, reply, deadline);
}

static enum uk_status
socket_transmit(void *data, struct uk_span command, struct uk_writer *reply)
{
	struct connection *conn = data;
	int fd = current_fd(conn);
	enum uk_status st;

	/* Shorter ones would be controls. */
	if (command.len < APDU_MIN || command.len > FRAME_MAX)
		return UK_E_ARGUMENTS;
	if (fd < 0)
		return UK_E_REMOVED;
	st = exchange(conn, fd, command, reply);
	if (st == UK_OK || st == UK_E_DATA_LEN)
		return st;
	ifd_error("%s: command failed: %s", conn->name, uk_status_text(st));
	drop_key(conn);
	return st;
}

/* ---- waiting ---- */

static void
await_hangup(int fd, int stop_fd, int timeout_ms)
{
	struct pollfd poll_fds[] = {
		{.fd = fd, .events = POLLRDHUP},
		{.fd = stop_fd, .events = POLLIN},
	};

	(void)poll(poll_fds, ARRAY_SIZE(poll_fds), timeout_ms);
}

/* Whether a file with our socket's name appeared in the folder. */
static bool
socket_appeared(const struct connection *conn)
{
	_Alignas(struct inotify_event) char events[4096];
	bool appeared = false;
	ssize_t len;

	while ((len = read(conn->watch_fd, events, sizeof(events))) > 0) {
		const char *end = events + len;

		for (const char *at = events; at < end;) {
			const struct inotify_event *event = (const void *)at;

			if (event->len > 0 && strcmp(event->name, conn->name) == 0)
				appeared = true;
			at += sizeof(*event) + event->len;
		}
	}
	return appeared;
}

static bool
try_key(struct connection *conn)
{
	int fd;

	if (clock_ms() < conn->reconnect_at)
		return false;
	fd = connect_key(conn);
	if (fd < 0)
		return false;
	pthread_mutex_lock(&conn->lock);
	conn->fd = fd;
	conn->answered = false;
	pthread_mutex_unlock(&conn->lock);
	return true;
}

/* How long to sleep before looking again. */
static int
look_again_ms(const struct connection *conn, int64_t eager_until, int64_t deadline)
{
	int64_t now = clock_ms(), at;

	if (now < conn->reconnect_at)
		at = conn->reconnect_at;
	else if (now < eager_until)
		at = now + LOOK_EAGER_MS;
	else
		at = now + (conn->watch_fd >= 0 ? LOOK_WATCHING_MS : LOOK_BLIND_MS);
	return ms_until(at < deadline ? at : deadline);
}

/* The socket's name appears before its owner listens: so look a few times after it did. */
static void
await_key(struct connection *conn, int stop_fd, int64_t deadline)
{
	struct pollfd poll_fds[] = {
		{.fd = stop_fd, .events = POLLIN},
		{.fd = conn->watch_fd, .events = POLLIN}, /* poll skips -1 */
	};
	int64_t eager_until = conn->reconnect_at + EAGER_FOR_MS;

	while (!try_key(conn) && clock_ms() < deadline) {
		(void)poll(poll_fds, ARRAY_SIZE(poll_fds),
			   look_again_ms(conn, eager_until, deadline));
		if ((poll_fds[0].revents & POLLIN) != 0)
			return;
		if ((poll_fds[1].revents & POLLIN) != 0 && socket_appeared(conn))
			eager_until = clock_ms() + EAGER_FOR_MS;
	}
}

static void
socket_wait(void *data, int timeout_ms, int stop_fd)
{
	struct connection *conn = data;
	bool gone;
	int fd;

	pthread_mutex_lock(&conn->lock);
	gone = conn->gone;
	conn->gone = false;
	fd = conn->fd < 0 ? -1 : dup(conn->fd);
	pthread_mutex_unlock(&conn->lock);

	if (gone)
		return; /* pcscd looks, sees no key, and comes back */
	if (fd < 0) {
		await_key(conn, stop_fd, clock_ms() + timeout_ms);
		return;
	}
	await_hangup(fd, stop_fd, timeout_ms);
	close(fd);
}

/* The longest data field that a reply in extended length can carry. */
#define MAX_DATA 65536

static void
socket_describe(void *data, struct ifd_description *ret)
{
	*ret = (struct ifd_description){.max_data = MAX_DATA};
}

const struct ifd_link ifd_link_socket = {
	/* pcscd insists that what stands before the colon exists */
	.prefix = "/dev/null:", .open = socket_open,         .close = socket_close,
	.power = socket_power,  .transmit = socket_transmit, .present = socket_present,
	.wait = socket_wait,    .describe = socket_describe,
};
