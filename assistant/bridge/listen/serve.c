/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP on the ports: who is let in, and where to. */
#include "assistant/bridge/families/json_text.h"
#include "assistant/bridge/listen/door.h"
#include "assistant/bridge/listen/synctl.h"
#include "assistant/bridge/listen/talk.h"

#include <string.h>

/* A connection without a request is closed after so long. */
#define IDLE_SECONDS    60
#define REQUEST_SECONDS 15

/* ---- refusing ---- */

static void
refuse(SoupServerMessage *message, guint status, const char *what)
{
	OukDoor *door = ouk_door_of(message);
	const char *origin = soup_message_headers_get_one(
		soup_server_message_get_request_headers(message), "Origin");

	soup_server_message_set_status(message, status, NULL);
	soup_message_headers_replace(soup_server_message_get_response_headers(message),
				     "Connection", "close");
	if (door != NULL && what != NULL)
		ouk_bridge_note_refusal(ouk_port_bridge(ouk_door_port(door)), what, origin,
					ouk_door_peer(door));
}

/* ---- who asks ---- */

/* libsoup would take the first of several. */
static const char *
header_once(SoupMessageHeaders *headers, const char *name)
{
	const char *list = soup_message_headers_get_list(headers, name);
	const char *one = soup_message_headers_get_one(headers, name);

	return list != NULL && one != NULL && strcmp(list, one) == 0 ? one : NULL;
}

/* The page's origin when it may come in; NULL: refused, the status is set. */
static const char *
origin_checked(SoupServerMessage *message, const OukDoor *door)
{
	SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
	const char *origin = header_once(headers, "Origin");

	if (!ouk_check_host(header_once(headers, "Host"), ouk_door_port(door)->port)) {
		refuse(message, SOUP_STATUS_FORBIDDEN, "foreign Host");
		return NULL;
	}
	if (!ouk_check_origin(origin)) {
		refuse(message, SOUP_STATUS_FORBIDDEN, "no Origin");
		return NULL;
	}
	return origin;
}

static void
allow_origin(SoupServerMessage *message, const char *origin)
{
	SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);

	soup_message_headers_replace(headers, "Access-Control-Allow-Origin", origin);
	soup_message_headers_replace(headers, "Vary", "Origin");
	soup_message_headers_replace(headers, "Cache-Control", "no-store");
	soup_message_headers_replace(headers, "X-Content-Type-Options", "nosniff");
}

/* What the browser asks before the page may ask; it asks for private networks in either word. */
static void
answer_preflight(SoupServerMessage *message, const char *method)
{
	static const char *const networks[] = {"Private-Network", "Local-Network"};
	SoupMessageHeaders *in = soup_server_message_get_request_headers(message);
	SoupMessageHeaders *out = soup_server_message_get_response_headers(message);

	for (gsize i = 0; i < G_N_ELEMENTS(networks); i++) {
		g_autofree char *ask = g_strconcat("Access-Control-Request-", networks[i], NULL);
		g_autofree char *allow = g_strconcat("Access-Control-Allow-", networks[i], NULL);

		if (g_strcmp0(soup_message_headers_get_one(in, ask), "true") == 0)
			soup_message_headers_replace(out, allow, "true");
	}
	soup_message_headers_replace(out, "Access-Control-Allow-Methods", method);
	soup_message_headers_replace(out, "Access-Control-Allow-Headers", "Content-Type");
	soup_message_headers_replace(out, "Access-Control-Max-Age", "600");
	soup_server_message_set_status(message, SOUP_STATUS_NO_CONTENT, NULL);
}

/* ---- where to ---- */

typedef struct {
	const char *path;
	const char *method;
	gboolean socket; /* a WebSocket */
} Place;

/*
 * A body is announced with its length, and only where one belongs. FALSE: there is no answer, as
 * libsoup would read the body before it sends one.
 */
static gboolean
body_is_fine(SoupServerMessage *message, const Place *place)
{
	SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
	SoupEncoding encoding = soup_message_headers_get_encoding(headers);
	goffset length = encoding == SOUP_ENCODING_CONTENT_LENGTH
				 ? soup_message_headers_get_content_length(headers)
				 : 0;
	gboolean post = strcmp(place->method, "POST") == 0 &&
			strcmp(soup_server_message_get_method(message), "POST") == 0;

	return soup_message_headers_get_one(headers, "Transfer-Encoding") == NULL &&
	       (!post || encoding == SOUP_ENCODING_CONTENT_LENGTH) && length >= 0 &&
	       length <= (post ? OUK_PAGE_FRAME_MAX : 0);
}

/* Before anything of a body is read. Without a status the real handler comes next. */
static void
on_head(SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
	gpointer data)
{
	const Place *place = data;
	OukDoor *door = ouk_door_of(message);
	const char *method = soup_server_message_get_method(message);
	const char *origin;

	if (door == NULL) {
		refuse(message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
		return;
	}
	origin = origin_checked(message, door);
	if (origin == NULL)
		return;
	if (!g_str_equal(path, place->path)) {
		refuse(message, SOUP_STATUS_NOT_FOUND, NULL);
		return;
	}
	if (!body_is_fine(message, place)) {
		refuse(message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "request too long");
		ouk_door_close(door);
		return;
	}
	allow_origin(message, origin);
	if (strcmp(method, "OPTIONS") == 0)
		answer_preflight(message, place->method);
	else if (strcmp(method, place->method) != 0)
		refuse(message, SOUP_STATUS_METHOD_NOT_ALLOWED, NULL);
	else if (place->socket &&
		 soup_message_headers_get_one(soup_server_message_get_request_headers(message),
					      "Sec-WebSocket-Key") == NULL)
		refuse(message, SOUP_STATUS_BAD_REQUEST, NULL);
}

static void
on_socket(SoupServer *server, SoupServerMessage *message, const char *path,
	  SoupWebsocketConnection *connection, gpointer data)
{
	OukDoor *door = ouk_door_of(message);
	const char *origin = soup_message_headers_get_one(
		soup_server_message_get_request_headers(message), "Origin");

	if (door != NULL)
		ouk_talk_begin(door, connection, origin);
}

static void
on_health(SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
	  gpointer data)
{
	static const char health[] = "{\"status\":\"ok\"}";

	soup_server_message_set_status(message, SOUP_STATUS_OK, NULL);
	soup_server_message_set_response(message, "application/json", SOUP_MEMORY_STATIC, health,
					 strlen(health));
}

/* ---- a connection's time ---- */

static void
on_started(SoupServer *server, SoupServerMessage *message, gpointer data)
{
	OukDoor *door = ouk_door_of(message);

	if (door == NULL)
		return;
	ouk_door_wait(door, REQUEST_SECONDS);
	if (ouk_door_meter(door) != NULL)
		ouk_meter_reset(ouk_door_meter(door));
}

static void
on_finished(SoupServer *server, SoupServerMessage *message, gpointer data)
{
	OukDoor *door = ouk_door_of(message);

	if (door != NULL)
		ouk_door_wait(door, IDLE_SECONDS);
}

/* ---- a server ---- */

static const Place bjca_socket = {"/xtxapp/", "GET", TRUE};
static const Place bjca_socket_bare = {"/xtxapp", "GET", TRUE};
static const Place bjca_synctl = {"/synctl", "POST", FALSE};
static const Place bjca_health = {"/health", "GET", FALSE};
static const Place hebca_socket = {"/test", "GET", TRUE};
static const Place hebca_socket_bare = {"/", "GET", TRUE};
static const Place nowhere = {"", "GET", FALSE};

static void
place_add(SoupServer *server, const Place *place)
{
	/* libsoup's callbacks take gpointer; nothing is written through it */
	gpointer data = (gpointer)(uintptr_t)place;

	soup_server_add_early_handler(server, place->path, on_head, data, NULL);
	if (place->socket)
		soup_server_add_websocket_handler(server, place->path, NULL, NULL, on_socket, NULL,
						  NULL);
}

SoupServer *
ouk_port_server(OukPort *port)
{
	SoupServer *server = soup_server_new(NULL, NULL);

	/* it would let a short frame become a very long message */
	soup_server_remove_websocket_extension(server, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
	g_signal_connect(server, "request-started", G_CALLBACK(on_started), NULL);
	g_signal_connect(server, "request-finished", G_CALLBACK(on_finished), NULL);
	if (port->kind == OUK_DOOR_HEBCA || port->kind == OUK_DOOR_CONNECTOR) {
		place_add(server, &hebca_socket);
		place_add(server, &hebca_socket_bare);
		return server;
	}
	soup_server_add_early_handler(server, NULL, on_head, (gpointer)(uintptr_t)&nowhere, NULL);
	place_add(server, &bjca_socket);
	place_add(server, &bjca_socket_bare);
	place_add(server, &bjca_synctl);
	place_add(server, &bjca_health);
	soup_server_add_handler(server, bjca_synctl.path, ouk_synctl_handle, NULL, NULL);
	soup_server_add_handler(server, bjca_health.path, on_health, NULL, NULL);
	return server;
}
