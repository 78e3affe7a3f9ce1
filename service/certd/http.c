/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/certd/http.h"

#include "service/base/clock.h"
#include "service/certd/pace.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 512U
#define TIMEOUT_S       10U
#define MEMORY_MAX      ((size_t)32 * 1024)
#define ADDRESS_TEXT    INET6_ADDRSTRLEN
/* A body may come slowly, but it has to come. */
#define BODY_MS       INT64_C(20000)
#define LARGE_BODY_MS INT64_C(60000)
#define LARGE_AT_ONCE 16

struct cs_http {
	struct cs_http_settings settings;
	struct MHD_Daemon *daemon;
	struct cs_pace *pace;
	int large; /* bodies of that kind that are coming */
};

/* A request while its body is coming. */
struct incoming {
	const struct cs_route *route;
	struct cs_http_request request;
	struct cs_blob body;
	size_t body_len;
	int64_t until; /* ms: when the body has to be here */
	bool too_large;
	int *large; /* counts this one too, or NULL */
};

bool
cs_route_fits(const char *route, const char *path, char parts[CS_PATH_PARTS][CS_PART_TEXT])
{
	size_t part = 0;

	while (*route != '\0' && *path != '\0') {
		size_t len;

		if (*route != '*') {
			if (*route++ != *path++)
				return false;
			continue;
		}
		len = strcspn(path, "/");
		if (len == 0 || len >= CS_PART_TEXT || part == CS_PATH_PARTS)
			return false;
		memcpy(parts[part], path, len);
		parts[part++][len] = '\0';
		path += len;
		route++;
	}
	return *route == '\0' && *path == '\0';
}

static const struct cs_route *
route_find(const struct cs_http_settings *settings, const char *method, const char *path,
	   char parts[CS_PATH_PARTS][CS_PART_TEXT])
{
	for (size_t i = 0; i < settings->routes_len; i++)
		if (strcmp(settings->routes[i].method, method) == 0 &&
		    cs_route_fits(settings->routes[i].path, path, parts))
			return &settings->routes[i];
	return NULL;
}

static enum MHD_Result
response_queue(struct MHD_Connection *connection, unsigned int http, struct uk_span bytes,
	       const char *type)
{
	struct MHD_Response *response;
	enum MHD_Result queued;
	void *copy = malloc(bytes.len + 1);

	if (copy == NULL)
		return MHD_NO;
	memcpy(copy, bytes.ptr, bytes.len);
	response = MHD_create_response_from_buffer(bytes.len, copy, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(copy);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, "Content-Type", type);
	(void)MHD_add_response_header(response, "Cache-Control", "no-store");
	(void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (http == 429 || http == 503)
		(void)MHD_add_response_header(response, "Retry-After", "2");
	queued = MHD_queue_response(connection, http, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result
answer_queue(struct MHD_Connection *connection, unsigned int http, const json_t *answer)
{
	char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;
	enum MHD_Result queued;

	if (text == NULL)
		return MHD_NO;
	queued = response_queue(connection, http, uk_span_str(text), "application/json");
	uk_wipe(text, strlen(text));
	free(text);
	return queued;
}

static enum MHD_Result
refuse(struct MHD_Connection *connection, enum cs_status status)
{
	CS_JSON *answer = cs_json_error(status);

	return answer_queue(connection, cs_status_http(status), answer);
}

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value != NULL ? value : "";
}

static const char *
bearer(struct MHD_Connection *connection)
{
	const char *value = header(connection, "Authorization");

	return strncmp(value, "Bearer ", 7) == 0 ? value + 7 : "";
}

/* Who asks: the proxy's word where there is one, the socket's otherwise. */
static void
client_name(const struct cs_http *http, struct MHD_Connection *connection, char ret[ADDRESS_TEXT])
{
	const char *told = header(connection, "X-Real-IP");
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	memcpy(ret, "local", 6);
	if (http->settings.behind_proxy && told[0] != '\0' && strlen(told) < ADDRESS_TEXT)
		memcpy(ret, told, strlen(told) + 1);
	else if (info != NULL && info->client_addr != NULL &&
		 info->client_addr->sa_family != AF_UNIX)
		(void)getnameinfo(info->client_addr,
				  info->client_addr->sa_family == AF_INET6
					  ? sizeof(struct sockaddr_in6)
					  : sizeof(struct sockaddr_in),
				  ret, ADDRESS_TEXT, NULL, 0, NI_NUMERICHOST);
}

static void
request_fill(struct MHD_Connection *connection, const char *method, const char *client,
	     struct cs_http_request *ret)
{
	ret->method = method;
	ret->capability = bearer(connection);
	ret->idempotency = header(connection, "Idempotency-Key");
	ret->signature = header(connection, "X-Signature");
	ret->timestamp = header(connection, "X-Timestamp");
	ret->client = client;
	ret->connection = connection;
}

const char *
cs_http_header(const struct cs_http_request *request, const char *name)
{
	return request->connection != NULL ? header(request->connection, name) : "";
}

/* Who may send a large body is known before it is taken. */
static enum cs_status
large_admit(struct cs_http *http, struct MHD_Connection *connection, const char *method,
	    const char *client, struct incoming *in)
{
	void *ctx = http->settings.enter(http->settings.ctx);

	if (ctx == NULL)
		return CS_E_UNAVAILABLE;
	in->large = &http->large;
	if (__atomic_add_fetch(&http->large, 1, __ATOMIC_SEQ_CST) > LARGE_AT_ONCE)
		return CS_E_BUSY;
	in->until += LARGE_BODY_MS - BODY_MS;
	request_fill(connection, method, client, &in->request);
	return in->route->admit(ctx, &in->request, NULL);
}

static enum MHD_Result
begin(struct cs_http *http, struct MHD_Connection *connection, const char *url, const char *method,
      void **req_cls)
{
	char client[ADDRESS_TEXT];
	struct incoming *in;
	enum cs_status st = CS_OK;

	client_name(http, connection, client);
	if (!cs_pace_allows(http->pace, client))
		return refuse(connection, CS_E_LIMIT);
	in = calloc(1, sizeof(*in));
	if (in == NULL)
		return MHD_NO;
	in->route = route_find(&http->settings, method, url, in->request.parts);
	in->until = cs_now_ms() + BODY_MS;
	*req_cls = in;
	if (in->route != NULL && in->route->admit != NULL)
		st = large_admit(http, connection, method, client, in);
	return st == CS_OK ? MHD_YES : refuse(connection, st);
}

static void
body_take(struct incoming *in, const char *bytes, size_t len)
{
	CS_BLOB grown = {NULL, 0};

	size_t most =
		in->route != NULL && in->route->body_max != 0 ? in->route->body_max : CS_BODY_MAX;

	if (in->too_large || in->route == NULL || len > most - in->body_len) {
		in->too_large = true;
		return;
	}
	if (in->body_len + len > in->body.len) {
		if (cs_blob_room(&grown, 2 * (in->body_len + len)) != CS_OK) {
			in->too_large = true;
			return;
		}
		if (in->body_len > 0)
			memcpy(grown.ptr, in->body.ptr, in->body_len);
		cs_blob_free(&in->body);
		in->body = grown;
		grown = (struct cs_blob){NULL, 0};
	}
	memcpy(in->body.ptr + in->body_len, bytes, len);
	in->body_len += len;
}

static enum MHD_Result
finish(struct cs_http *http, struct MHD_Connection *connection, const char *method,
       struct incoming *in)
{
	struct cs_http_request *request = &in->request;
	struct cs_http_page page = {{NULL, 0}, NULL};
	char client[ADDRESS_TEXT];
	CS_JSON *json = NULL;
	CS_JSON *answer = json_object();
	void *ctx = http->settings.enter(http->settings.ctx);
	enum MHD_Result result;
	enum cs_status st;

	if (in->route == NULL)
		return refuse(connection, CS_E_NOT_FOUND);
	if (in->too_large)
		return refuse(connection, CS_E_TOO_LARGE);
	if (ctx == NULL)
		return refuse(connection, CS_E_UNAVAILABLE);
	client_name(http, connection, client);
	request_fill(connection, method, client, request);
	request->body = uk_span_of(in->body.ptr, in->body_len);
	request->page = &page;
	if (!in->route->raw) {
		json = in->body_len > 0 ? cs_json_read(request->body) : json_object();
		if (json == NULL)
			return refuse(connection, CS_E_ARGUMENTS);
		request->json = json;
	}
	st = in->route->run(ctx, request, answer);
	if (st == CS_OK && page.body.len > 0)
		result = response_queue(connection, in->route->success, cs_blob_span(&page.body),
					page.type);
	else if (st == CS_OK)
		result = answer_queue(connection, in->route->success, answer);
	else
		result = refuse(connection, st);
	cs_blob_free(&page.body);
	return result;
}

static enum MHD_Result
on_http_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
		const char *version, const char *upload, size_t *upload_len, void **req_cls)
{
	struct cs_http *http = cls;
	struct incoming *in = *req_cls;

	if (in == NULL)
		return begin(http, connection, url, method, req_cls);
	if (*upload_len > 0) {
		if (cs_now_ms() > in->until)
			return MHD_NO;
		body_take(in, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	return finish(http, connection, method, in);
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **req_cls,
	     enum MHD_RequestTerminationCode how)
{
	struct incoming *in = *req_cls;

	if (in == NULL)
		return;
	cs_blob_free(&in->body);
	if (in->large != NULL)
		(void)__atomic_sub_fetch(in->large, 1, __ATOMIC_SEQ_CST);
	free(in);
	*req_cls = NULL;
}

static int
unix_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return fd;
	memcpy(address.sun_path, path, strlen(path) + 1);
	(void)unlink(path);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    chmod(path, 0660) == 0 && listen(fd, 128) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* ADDRESS:PORT, numbers only. */
static int
tcp_listen(const char *where)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(where, ':');
	struct addrinfo *found = NULL;
	char host[ADDRESS_TEXT + 2];
	size_t len = colon != NULL ? (size_t)(colon - where) : 0;
	int fd = -1, yes = 1;

	if (len == 0 || len >= sizeof(host))
		return -1;
	memcpy(host, where, len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
			bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 128) != 0)) {
		(void)close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

enum cs_status
cs_http_start(const struct cs_http_settings *settings, struct cs_http **ret)
{
	struct cs_http *http = calloc(1, sizeof(*http));
	int fd = strncmp(settings->listen, "unix:", 5) == 0 ? unix_listen(settings->listen + 5)
							    : tcp_listen(settings->listen);

	if (http == NULL || fd < 0) {
		free(http);
		return CS_E_UNAVAILABLE;
	}
	http->settings = *settings;
	http->pace = cs_pace_new(settings->per_second, 3 * settings->per_second);
	if (http->pace != NULL)
		http->daemon = MHD_start_daemon(
			MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_http_request, http,
			MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
			(unsigned int)CS_HTTP_THREADS, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_MAX, MHD_OPTION_NOTIFY_COMPLETED,
			on_completed, NULL, MHD_OPTION_END);
	if (http->daemon == NULL) {
		(void)close(fd);
		cs_pace_free(http->pace);
		free(http);
		return CS_E_UNAVAILABLE;
	}
	*ret = http;
	return CS_OK;
}

void
cs_http_stop(struct cs_http *http)
{
	MHD_stop_daemon(http->daemon);
	cs_pace_free(http->pace);
	free(http);
}
