/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/console/http.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64U
#define TIMEOUT_S       10U
#define MEMORY_MAX      ((size_t)64 * 1024)
#define POST_BUFFER     4096

struct con_http {
	struct con_settings settings;
	struct MHD_Daemon *daemon;
};

struct incoming {
	struct con_request request;
	struct MHD_PostProcessor *form;
	size_t taken;
	bool too_large;
};

static const char *
field_find(const struct con_field *fields, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(fields[i].name, name) == 0 && fields[i].value.ptr != NULL)
			return (const char *)fields[i].value.ptr;
	return "";
}

const char *
con_field(const struct con_request *request, const char *name)
{
	return field_find(request->fields, request->fields_len, name);
}

const char *
con_query(const struct con_request *request, const char *name)
{
	return field_find(request->query, request->query_len, name);
}

static bool
blob_append(struct cs_blob *blob, const char *bytes, size_t len)
{
	CS_BLOB grown = {NULL, 0};

	if (cs_blob_room(&grown, blob->len + len) != CS_OK)
		return false;
	if (blob->len > 0)
		memcpy(grown.ptr, blob->ptr, blob->len);
	if (len > 0)
		memcpy(grown.ptr + blob->len, bytes, len);
	cs_blob_free(blob);
	*blob = grown;
	grown = (struct cs_blob){NULL, 0};
	return true;
}

/* A piece of a field's value; one that begins anew while its name is known already is dropped. */
static enum MHD_Result
on_http_field(void *cls, enum MHD_ValueKind kind, const char *key, const char *filename,
	      const char *content_type, const char *transfer_encoding, const char *data,
	      uint64_t off, size_t size)
{
	struct incoming *in = cls;
	struct con_request *request = &in->request;
	struct con_field *field = NULL;

	if (key == NULL || strlen(key) >= CON_NAME_TEXT || in->taken + size > CON_BODY_MAX) {
		in->too_large = true;
		return MHD_NO;
	}
	for (size_t i = 0; i < request->fields_len; i++)
		if (strcmp(request->fields[i].name, key) == 0)
			field = &request->fields[i];
	if (field == NULL && request->fields_len < CON_FIELDS) {
		field = &request->fields[request->fields_len++];
		memcpy(field->name, key, strlen(key) + 1);
	}
	if (field == NULL || field->value.len != off) {
		in->too_large = true;
		return MHD_NO;
	}
	in->taken += size;
	return blob_append(&field->value, data, size) ? MHD_YES : MHD_NO;
}

static enum MHD_Result
on_query(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct con_request *request = cls;
	struct con_field *field;

	if (key == NULL || value == NULL || strlen(key) >= CON_NAME_TEXT ||
	    strlen(value) > CON_HEADER_TEXT || request->query_len == CON_FIELDS)
		return MHD_YES;
	field = &request->query[request->query_len++];
	memcpy(field->name, key, strlen(key) + 1);
	return cs_blob_set(&field->value, uk_span_str(value)) == CS_OK ? MHD_YES : MHD_NO;
}

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value != NULL ? value : "";
}

/* What a browser may do with a page, and what nobody may do with it. */
static const struct {
	const char *name, *value;
} every_answer[] = {
	{"Cache-Control", "no-store"},
	{"Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; "
				    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Referrer-Policy", "same-origin"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
};

static enum MHD_Result
answer_queue(struct MHD_Connection *connection, struct con_answer *answer)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		answer->body.len, answer->body.ptr, MHD_RESPMEM_MUST_COPY);
	char save_as[128];
	enum MHD_Result queued;

	if (response == NULL)
		return MHD_NO;
	for (size_t i = 0; i < ARRAY_SIZE(every_answer); i++)
		(void)MHD_add_response_header(response, every_answer[i].name,
					      every_answer[i].value);
	(void)MHD_add_response_header(response, "Content-Type", answer->type);
	if (answer->location[0] != '\0')
		(void)MHD_add_response_header(response, "Location", answer->location);
	if (answer->refresh)
		(void)MHD_add_response_header(response, "Refresh", "5");
	if (answer->file != NULL) {
		(void)snprintf(save_as, sizeof(save_as), "attachment; filename=\"%s\"",
			       answer->file);
		(void)MHD_add_response_header(response, "Content-Disposition", save_as);
	}
	queued = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result
refuse(struct MHD_Connection *connection, unsigned int status)
{
	struct con_answer answer = {.status = status, .type = "text/plain"};

	return answer_queue(connection, &answer);
}

/* Only whom the socket's owner named speaks for other people's certificates. */
static bool
peer_allowed(const struct con_http *http, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (info == NULL || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	for (size_t i = 0; i < http->settings.peers_len; i++)
		if (http->settings.peers[i] == peer.uid)
			return true;
	return false;
}

static bool
is_form(struct MHD_Connection *connection)
{
	const char *type = header(connection, "Content-Type");

	return strncmp(type, "application/x-www-form-urlencoded", 33) == 0 ||
	       strncmp(type, "multipart/form-data", 19) == 0;
}

static enum MHD_Result
begin(struct con_http *http, struct MHD_Connection *connection, const char *method, void **req_cls)
{
	struct incoming *in;

	if (!peer_allowed(http, connection))
		return refuse(connection, 403);
	in = calloc(1, sizeof(*in));
	if (in == NULL)
		return MHD_NO;
	*req_cls = in;
	if (strcmp(method, "POST") == 0 && is_form(connection))
		in->form = MHD_create_post_processor(connection, POST_BUFFER, on_http_field, in);
	return MHD_YES;
}

static void
body_take(struct incoming *in, const char *bytes, size_t len)
{
	if (in->too_large)
		return;
	if (in->form != NULL) {
		if (MHD_post_process(in->form, bytes, len) != MHD_YES)
			in->too_large = true;
	} else if (len > CON_BODY_MAX - in->request.body.len ||
		   !blob_append(&in->request.body, bytes, len)) {
		in->too_large = true;
	}
}

static enum MHD_Result
finish(struct con_http *http, struct MHD_Connection *connection, const char *url,
       const char *method, struct incoming *in)
{
	struct con_request *request = &in->request;
	struct con_answer answer = {.status = 200, .type = "text/html; charset=utf-8"};
	enum MHD_Result queued;

	/* What is still in the processor's hands comes out when it is destroyed. */
	if (in->form != NULL && MHD_destroy_post_processor(in->form) != MHD_YES)
		in->too_large = true;
	in->form = NULL;
	if (in->too_large)
		return refuse(connection, 413);
	request->method = method;
	request->client_cert = header(connection, "X-Client-Cert");
	request->client_verify = header(connection, "X-Client-Verify");
	request->origin = header(connection, "Origin");
	request->fetch_site = header(connection, "Sec-Fetch-Site");
	request->language = header(connection, "Accept-Language");
	(void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_query, request);
	http->settings.answer(http->settings.ctx, request, url, &answer);
	queued = answer_queue(connection, &answer);
	cs_blob_free(&answer.body);
	return queued;
}

static enum MHD_Result
on_http_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
		const char *version, const char *upload, size_t *upload_len, void **req_cls)
{
	struct con_http *http = cls;
	struct incoming *in = *req_cls;

	if (in == NULL)
		return begin(http, connection, method, req_cls);
	if (*upload_len > 0) {
		body_take(in, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	return finish(http, connection, url, method, in);
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **req_cls,
	     enum MHD_RequestTerminationCode how)
{
	struct incoming *in = *req_cls;

	if (in == NULL)
		return;
	if (in->form != NULL)
		(void)MHD_destroy_post_processor(in->form);
	for (size_t i = 0; i < in->request.fields_len; i++)
		cs_blob_free(&in->request.fields[i].value);
	for (size_t i = 0; i < in->request.query_len; i++)
		cs_blob_free(&in->request.query[i].value);
	cs_blob_free(&in->request.body);
	free(in);
	*req_cls = NULL;
}

static int
unix_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path) + 1);
		(void)unlink(path);
		if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		    chmod(path, 0660) == 0 && listen(fd, 64) == 0)
			return fd;
	}
	(void)close(fd);
	return -1;
}

enum cs_status
con_http_start(const struct con_settings *settings, struct con_http **ret)
{
	struct con_http *http = calloc(1, sizeof(*http));
	int fd = unix_listen(settings->path);

	if (http == NULL || fd < 0) {
		free(http);
		return CS_E_UNAVAILABLE;
	}
	http->settings = *settings;
	http->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_http_request, http,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
		(unsigned int)CON_THREADS, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		MEMORY_MAX, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	if (http->daemon == NULL) {
		(void)close(fd);
		free(http);
		return CS_E_UNAVAILABLE;
	}
	*ret = http;
	return CS_OK;
}

void
con_http_stop(struct con_http *http)
{
	MHD_stop_daemon(http->daemon);
	free(http);
}
