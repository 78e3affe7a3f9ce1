/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/faces/http.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 128U
#define TIMEOUT_S       10U
#define MEMORY_MAX      ((size_t)32 * 1024)
#define BACKLOG         128

struct cs_face_http {
	struct cs_face_http_settings settings;
	struct MHD_Daemon *daemon;
};

/* A request while its body is coming. */
struct incoming {
	struct cs_blob body;
	size_t len;
	bool too_large;
};

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value != NULL ? value : "";
}

static void
headers_add(struct MHD_Response *response, const struct cs_face_answer *answer)
{
	char again[16];

	(void)MHD_add_response_header(response, "Cache-Control", "no-store");
	if (answer->type != NULL)
		(void)MHD_add_response_header(response, "Content-Type", answer->type);
	if (answer->base64)
		(void)MHD_add_response_header(response, "Content-Transfer-Encoding", "base64");
	(void)snprintf(again, sizeof(again), "%u", answer->again);
	if (answer->again > 0)
		(void)MHD_add_response_header(response, "Retry-After", again);
	if (answer->password)
		(void)MHD_add_response_header(response, "WWW-Authenticate",
					      "Basic realm=\"order and capability\"");
}

static enum MHD_Result
answer_queue(struct MHD_Connection *connection, const struct cs_face_answer *answer)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		answer->body.len, answer->body.ptr, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result queued;

	if (response == NULL)
		return MHD_NO;
	headers_add(response, answer);
	queued = MHD_queue_response(connection, answer->http, response);
	MHD_destroy_response(response);
	return queued;
}

static void
body_take(struct incoming *in, const char *bytes, size_t len)
{
	if (in->too_large || len > CS_FACE_BODY_MAX - in->len ||
	    (in->body.ptr == NULL && cs_blob_room(&in->body, CS_FACE_BODY_MAX) != CS_OK)) {
		in->too_large = true;
		return;
	}
	memcpy(in->body.ptr + in->len, bytes, len);
	in->len += len;
}

static enum MHD_Result
finish(const struct cs_face_http *http, struct MHD_Connection *connection, const char *url,
       const char *method, const struct incoming *in)
{
	const struct cs_face_request request = {
		.method = method,
		.path = url,
		.body = uk_span_of(in->body.ptr, in->len),
		.authorization = header(connection, "Authorization"),
		.certificate = header(connection, "X-Client-Certificate"),
	};
	struct cs_face_answer answer = {.http = 503, .again = 2};
	void *ctx = http->settings.enter(http->settings.ctx);
	enum MHD_Result queued;

	if (in->too_large)
		answer.http = 413;
	else if (ctx != NULL)
		http->settings.run(ctx, &request, &answer);
	queued = answer_queue(connection, &answer);
	cs_blob_free(&answer.body);
	return queued;
}

static enum MHD_Result
on_http_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
		const char *version, const char *upload, size_t *upload_len, void **req_cls)
{
	struct incoming *in = *req_cls;

	if (in == NULL) {
		*req_cls = calloc(1, sizeof(*in));
		return *req_cls != NULL ? MHD_YES : MHD_NO;
	}
	if (*upload_len == 0)
		return finish(cls, connection, url, method, in);
	body_take(in, upload, *upload_len);
	*upload_len = 0;
	return MHD_YES;
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **req_cls,
	     enum MHD_RequestTerminationCode how)
{
	struct incoming *in = *req_cls;

	if (in == NULL)
		return;
	cs_blob_free(&in->body);
	free(in);
	*req_cls = NULL;
}

static int
socket_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)unlink(path);
	if (fd >= 0 && (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
			chmod(path, 0660) != 0 || listen(fd, BACKLOG) != 0)) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

enum cs_status
cs_face_http_start(const struct cs_face_http_settings *settings, struct cs_face_http **ret)
{
	struct cs_face_http *http = calloc(1, sizeof(*http));
	int fd = http != NULL ? socket_listen(settings->path) : -1;

	if (fd < 0) {
		free(http);
		return CS_E_UNAVAILABLE;
	}
	http->settings = *settings;
	http->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_http_request, http,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, settings->threads,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_MAX,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	if (http->daemon == NULL) {
		(void)close(fd);
		free(http);
		return CS_E_UNAVAILABLE;
	}
	*ret = http;
	return CS_OK;
}

void
cs_face_http_stop(struct cs_face_http *http)
{
	MHD_stop_daemon(http->daemon);
	free(http);
}
