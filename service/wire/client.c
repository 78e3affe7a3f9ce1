/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/wire/client.h"

#include "service/wire/server.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
fd_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static bool
connect_to(int fd, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static bool
request_send(int fd, const json_t *request)
{
	CS_BLOB frame = {NULL, 0};
	char *text = json_dumps(request, JSON_COMPACT);
	size_t len = text != NULL ? strlen(text) : 0;
	struct uk_writer out;
	bool sent = false;

	if (text != NULL && cs_blob_room(&frame, len + 4) == CS_OK) {
		out = uk_writer_of(frame.ptr, frame.len);
		uk_put_u32(&out, UK_BIG_ENDIAN, (uint32_t)len);
		uk_put(&out, uk_span_of(text, len));
		sent = send(fd, frame.ptr, frame.len, MSG_NOSIGNAL) == (ssize_t)frame.len;
	}
	if (text != NULL)
		uk_wipe(text, len);
	free(text);
	return sent;
}

static json_t *
answer_take(int fd)
{
	uint8_t header[4];
	struct uk_span in = uk_span_of(header, sizeof(header));
	CS_BLOB frame = {NULL, 0};
	uint32_t len;

	if (recv(fd, header, sizeof(header), MSG_WAITALL) != (ssize_t)sizeof(header) ||
	    !uk_take_u32(&in, UK_BIG_ENDIAN, &len) || len > CS_FRAME_MAX ||
	    cs_blob_room(&frame, len) != CS_OK ||
	    recv(fd, frame.ptr, frame.len, MSG_WAITALL) != (ssize_t)frame.len)
		return NULL;
	return cs_json_read(cs_blob_span(&frame));
}

/*
 * The connections that a thread keeps: it asks the same few processes again and again.  What was
 * begun by somebody else, before a fork, is not touched.
 */
#define KEPT_MAX 4

struct kept {
	pid_t pid;
	size_t len;
	struct {
		int fd;
		char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	} links[KEPT_MAX];
};

static pthread_key_t kept_key;
static pthread_once_t kept_once = PTHREAD_ONCE_INIT;
static bool kept_possible;

static void
kept_drop(void *ctx)
{
	struct kept *kept = ctx;

	for (size_t i = 0; i < kept->len && kept->pid == getpid(); i++)
		(void)close(kept->links[i].fd);
	free(kept);
}

static void
kept_begin(void)
{
	kept_possible = pthread_key_create(&kept_key, kept_drop) == 0;
}

static struct kept *
kept_of_thread(void)
{
	struct kept *kept;

	(void)pthread_once(&kept_once, kept_begin);
	if (!kept_possible)
		return NULL;
	kept = pthread_getspecific(kept_key);
	if (kept == NULL) {
		kept = calloc(1, sizeof(*kept));
		if (kept == NULL || pthread_setspecific(kept_key, kept) != 0) {
			free(kept);
			return NULL;
		}
		kept->pid = getpid();
	}
	if (kept->pid != getpid()) {
		kept->len = 0;
		kept->pid = getpid();
	}
	return kept;
}

/* Nothing has been asked over it that is not answered, so anything there is to read means its end.
 */
static bool
alive(int fd)
{
	uint8_t byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* Takes a connection out; -1: there is none, or it has ended. */
static int
kept_take(const char *path)
{
	struct kept *kept = kept_of_thread();

	for (size_t i = 0; kept != NULL && i < kept->len; i++)
		if (strcmp(kept->links[i].path, path) == 0) {
			int fd = kept->links[i].fd;

			kept->links[i] = kept->links[--kept->len];
			if (alive(fd))
				return fd;
			(void)close(fd);
			return -1;
		}
	return -1;
}

/* Keeps it for the next time; false: the caller's to close. */
static bool
kept_put(const char *path, int fd)
{
	struct kept *kept = kept_of_thread();

	if (kept == NULL || kept->len == KEPT_MAX)
		return false;
	kept->links[kept->len].fd = fd;
	memcpy(kept->links[kept->len++].path, path, strlen(path) + 1);
	return true;
}

static void
patience_set(int fd, int timeout_ms)
{
	const struct timeval wait = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

static int
link_to(const char *path, int timeout_ms)
{
	UK_CLEANUP(fd_close) int fd = kept_take(path);
	int linked;

	if (fd < 0) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || !connect_to(fd, path))
			return -1;
	}
	patience_set(fd, timeout_ms);
	linked = fd;
	fd = -1;
	return linked;
}

enum cs_status
cs_ask(const char *path, json_t *request, int timeout_ms, json_t **ret_answer)
{
	CS_JSON *owned = request;
	UK_CLEANUP(fd_close) int fd = -1;
	json_t *answer = NULL;
	enum cs_status st;

	if (owned == NULL)
		return CS_E_MEMORY;
	fd = link_to(path, timeout_ms);
	if (fd < 0 || !request_send(fd, owned))
		return CS_E_UNAVAILABLE;
	answer = answer_take(fd);
	if (answer == NULL)
		return CS_E_UNAVAILABLE;
	/* A connection whose answer did not come may bring it late: that one is never kept. */
	if (kept_put(path, fd))
		fd = -1;
	st = cs_json_status(answer);
	if (st != CS_OK)
		json_decref(answer);
	else
		*ret_answer = answer;
	return st;
}
