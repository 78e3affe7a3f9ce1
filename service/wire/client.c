/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/wire/client.h"

#include "service/wire/server.h"

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
connect_to(int fd, const char *path, int timeout_ms)
{
	const struct timeval wait = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path) + 1);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
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

enum cs_status
cs_ask(const char *path, json_t *request, int timeout_ms, json_t **ret_answer)
{
	CS_JSON *owned = request;
	UK_CLEANUP(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	json_t *answer = NULL;
	enum cs_status st;

	if (owned == NULL)
		return CS_E_MEMORY;
	if (!connect_to(fd, path, timeout_ms) || !request_send(fd, owned))
		return CS_E_UNAVAILABLE;
	answer = answer_take(fd);
	if (answer == NULL)
		return CS_E_UNAVAILABLE;
	st = cs_json_status(answer);
	if (st != CS_OK)
		json_decref(answer);
	else
		*ret_answer = answer;
	return st;
}
