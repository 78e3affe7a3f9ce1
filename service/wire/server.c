/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/wire/server.h"

#include "service/base/clock.h"
#include "service/base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PEERS_MAX   256
#define USERS_MAX   8 /* that a process lets ask */
#define HEADER_LEN  4
#define PATIENCE_MS 10000 /* for the rest of a message that has begun, or an answer to be read */
#define TICK_MS     1000

struct peer {
	int fd;
	uid_t uid;
	int64_t since; /* ms: when its message began; 0: none has */
	int64_t asked; /* ms: when it asked last, or came */
	uint8_t *bytes;
	size_t len;
};

struct server {
	const struct cs_server_settings *settings;
	int listener;
	struct peer peers[PEERS_MAX];
	size_t peers_len;
};

json_t *
cs_dispatch(const struct cs_op *ops, size_t ops_len, void *ctx, const json_t *request)
{
	const char *name = cs_json_text(request, "op", 32);
	json_t *answer = json_object();
	enum cs_status st = CS_E_ARGUMENTS;

	for (size_t i = 0; name != NULL && answer != NULL && i < ops_len; i++)
		if (strcmp(ops[i].name, name) == 0) {
			st = ops[i].run(ctx, request, answer);
			break;
		}
	if (st == CS_OK)
		return answer;
	json_decref(answer);
	return cs_json_error(st);
}

json_t *
cs_frame_answer(const struct cs_server_settings *settings, struct uk_span frame, uid_t peer)
{
	CS_JSON *request = cs_json_read(frame);
	json_t *answer = NULL;

	if (request == NULL)
		return cs_json_error(CS_E_ARGUMENTS);
	answer = settings->handle(settings->ctx, request, peer);
	return answer != NULL ? answer : cs_json_error(CS_E_INTERNAL);
}

static bool
write_all(int fd, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t done = send(fd, at, len, MSG_NOSIGNAL);

		if (done <= 0)
			return false;
		at += done;
		len -= (size_t)done;
	}
	return true;
}

static bool
answer_send(int fd, const json_t *answer)
{
	char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;
	size_t len = text != NULL ? strlen(text) : 0;
	uint8_t header[HEADER_LEN];
	struct uk_writer out = uk_writer_of(header, sizeof(header));
	bool sent;

	if (text == NULL)
		return false;
	uk_put_u32(&out, UK_BIG_ENDIAN, (uint32_t)len);
	sent = len <= CS_FRAME_MAX && write_all(fd, header, sizeof(header)) &&
	       write_all(fd, text, len);
	uk_wipe(text, len);
	free(text);
	return sent;
}

static bool
peer_allowed(const struct cs_server_settings *settings, uid_t uid)
{
	for (size_t i = 0; i < settings->peers_len; i++)
		if (settings->peers[i] == uid)
			return true;
	return false;
}

static void
peer_drop(struct server *server, size_t at)
{
	struct peer *peer = &server->peers[at];

	(void)close(peer->fd);
	uk_wipe(peer->bytes, peer->len);
	free(peer->bytes);
	*peer = server->peers[--server->peers_len];
}

/* Who has not asked for the longest time: askers come back when they were cut off between two. */
static size_t
idlest(const struct server *server)
{
	size_t found = 0;

	for (size_t i = 1; i < server->peers_len; i++)
		if (server->peers[i].asked < server->peers[found].asked)
			found = i;
	return found;
}

static void
peer_accept(struct server *server)
{
	const struct timeval patience = {PATIENCE_MS / 1000, 0};
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
	struct ucred who;
	socklen_t len = sizeof(who);
	struct peer *peer;

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
	    !peer_allowed(server->settings, who.uid)) {
		(void)close(fd);
		return;
	}
	if (server->peers_len == PEERS_MAX)
		peer_drop(server, idlest(server));
	/* Answers are written at once: whoever does not read them is dropped. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	peer = &server->peers[server->peers_len];
	*peer = (struct peer){.fd = fd, .uid = who.uid, .asked = cs_now_ms()};
	peer->bytes = malloc(HEADER_LEN + CS_FRAME_MAX);
	if (peer->bytes == NULL)
		(void)close(fd);
	else
		server->peers_len++;
}

/* Answers every whole message in the buffer. False: the connection is of no more use. */
static bool
peer_work(struct server *server, struct peer *peer)
{
	for (;;) {
		struct uk_span in = uk_span_of(peer->bytes, peer->len), frame;
		json_t *answer;
		uint32_t len;
		bool sent;

		if (!uk_take_u32(&in, UK_BIG_ENDIAN, &len))
			return true;
		if (len > CS_FRAME_MAX)
			return false;
		if (!uk_take(&in, len, &frame))
			return true;
		answer = cs_frame_answer(server->settings, frame, peer->uid);
		sent = answer_send(peer->fd, answer);
		json_decref(answer);
		if (!sent)
			return false;
		memmove(peer->bytes, in.ptr, in.len);
		uk_wipe(peer->bytes + in.len, peer->len - in.len);
		peer->len = in.len;
		peer->since = in.len > 0 ? cs_now_ms() : 0;
	}
}

static bool
peer_read(struct server *server, struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->bytes + peer->len, HEADER_LEN + CS_FRAME_MAX - peer->len,
			   MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return false;
	peer->asked = cs_now_ms();
	if (peer->len == 0)
		peer->since = peer->asked;
	peer->len += (size_t)got;
	return peer_work(server, peer);
}

static void
serve_once(struct server *server)
{
	struct pollfd fds[1 + PEERS_MAX] = {{.fd = server->listener, .events = POLLIN}};
	int64_t now;

	for (size_t i = 0; i < server->peers_len; i++)
		fds[1 + i] = (struct pollfd){.fd = server->peers[i].fd, .events = POLLIN};
	if (poll(fds, 1 + server->peers_len, TICK_MS) < 0)
		return;
	now = cs_now_ms();
	for (size_t i = server->peers_len; i-- > 0;) {
		struct peer *peer = &server->peers[i];
		bool late = peer->since > 0 && now - peer->since > PATIENCE_MS;

		if (late || (fds[1 + i].revents != 0 && !peer_read(server, peer)))
			peer_drop(server, i);
	}
	if (fds[0].revents != 0)
		peer_accept(server);
}

static enum cs_status
listener_make(const char *path, int *ret)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return CS_E_ARGUMENTS;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return CS_E_UNAVAILABLE;
	(void)unlink(path); /* left by a process that was killed */
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(path, 0660) != 0 || listen(fd, PEERS_MAX) != 0) {
		(void)close(fd);
		return CS_E_UNAVAILABLE;
	}
	*ret = fd;
	return CS_OK;
}

enum cs_status
cs_serve(const struct cs_server_settings *settings, const volatile int *stop)
{
	struct server server = {.settings = settings};
	int64_t ticked = 0;
	enum cs_status st = listener_make(settings->path, &server.listener);

	if (st != CS_OK)
		return st;
	while (*stop == 0) {
		serve_once(&server);
		if (settings->idle != NULL && cs_now_ms() - ticked >= TICK_MS) {
			settings->idle(settings->ctx);
			ticked = cs_now_ms();
		}
	}
	while (server.peers_len > 0)
		peer_drop(&server, 0);
	(void)close(server.listener);
	(void)unlink(settings->path);
	return CS_OK;
}

enum cs_status
cs_serve_process(const char *name, const char *peers, struct cs_server_settings *settings)
{
	uid_t users[USERS_MAX];

	settings->peers = users;
	settings->peers_len = cs_daemon_users(peers, users, USERS_MAX);
	return cs_daemon_say(name, settings->path, cs_serve(settings, cs_daemon_stop()));
}
