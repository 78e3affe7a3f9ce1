/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/control.h"

#include "assistant/bridge/core.h"
#include "assistant/bridge/socket.h"
#include "assistant/core/bridge_client.h"

#include <string.h>

#define QUESTION_MAX 1024

struct _OukControl {
	OukBridge *bridge;
	OukListen *listen;
	GSocketService *service;
};

/* ---- answers ---- */

static void
put_text(JsonBuilder *json, const char *name, const char *text)
{
	json_builder_set_member_name(json, name);
	json_builder_add_string_value(json, text != NULL ? text : "");
}

static void
put_number(JsonBuilder *json, const char *name, gint64 number)
{
	json_builder_set_member_name(json, name);
	json_builder_add_int_value(json, number);
}

static void
session_put(const OukSession *session, gint64 left, gpointer data)
{
	JsonBuilder *json = data;

	json_builder_begin_object(json);
	put_number(json, "id", session->id);
	put_text(json, "origin", session->origin);
	put_text(json, "key", session->title);
	put_text(json, "program", session->program);
	put_number(json, "since", session->since);
	put_number(json, "left", left);
	put_number(json, "signatures", session->signatures);
	json_builder_end_object(json);
}

static void
page_put(const OukPage *page, JsonBuilder *json)
{
	g_autofree char *program = ouk_peer_name(page->peer);

	json_builder_begin_object(json);
	put_text(json, "origin", page->origin);
	put_text(json, "program", program);
	put_text(json, "transport",
		 page->transport == OUK_TRANSPORT_EXTENSION ? "extension" : "port");
	json_builder_end_object(json);
}

static void
ports_put(OukListen *listen, JsonBuilder *json)
{
	g_autoptr(GPtrArray) doors = ouk_listen_state(listen);

	for (guint i = 0; i < doors->len; i++) {
		const OukListenState *door = g_ptr_array_index(doors, i);

		json_builder_begin_object(json);
		put_text(json, "name", ouk_door_name(door->kind));
		put_number(json, "port", door->port);
		json_builder_set_member_name(json, "open");
		json_builder_add_boolean_value(json, door->open);
		put_text(json, "holder", door->holder);
		put_number(json, "connections", door->connections);
		json_builder_end_object(json);
	}
}

static void
answer_status(OukControl *control, guint id, JsonBuilder *json)
{
	OukBridge *bridge = control->bridge;

	put_text(json, "version", OPENUKEY_VERSION);
	put_number(json, "keys", g_list_model_get_n_items(G_LIST_MODEL(bridge->watch)));
	json_builder_set_member_name(json, "pages");
	json_builder_begin_array(json);
	for (guint i = 0; i < bridge->pages->len; i++)
		page_put(g_ptr_array_index(bridge->pages, i), json);
	json_builder_end_array(json);
	json_builder_set_member_name(json, "ports");
	json_builder_begin_array(json);
	ports_put(control->listen, json);
	json_builder_end_array(json);
	json_builder_set_member_name(json, "sessions");
	json_builder_begin_array(json);
	ouk_sessions_foreach(bridge->sessions, session_put, json);
	json_builder_end_array(json);
}

static void
answer_end(OukControl *control, guint id, JsonBuilder *json)
{
	OukSessions *sessions = control->bridge->sessions;

	put_number(json, "ended",
		   ouk_sessions_end(sessions, &(OukSessionFilter){.id = id}, "person"));
}

static void
origin_gather(const OukSession *session, gint64 left, gpointer data)
{
	g_ptr_array_add(data, g_strdup(session->origin));
}

/* Sites that are not allowed any more lose their sessions; pages that were refused may ask again.
 */
static void
answer_recheck(OukControl *control, guint id, JsonBuilder *json)
{
	OukBridge *bridge = control->bridge;
	g_autoptr(GPtrArray) origins = g_ptr_array_new_with_free_func(g_free);
	const GPtrArray *consents = consents_now(bridge);
	guint ended = 0;

	ouk_sessions_foreach(bridge->sessions, origin_gather, origins);
	for (guint i = 0; i < origins->len; i++) {
		const char *origin = g_ptr_array_index(origins, i);
		const OukConsent *consent = ouk_consents_find(consents, origin);

		if (consent == NULL || consent->state != OUK_CONSENT_ALLOWED)
			ended += ouk_sessions_end(bridge->sessions,
						  &(OukSessionFilter){.origin = origin},
						  "forgotten");
	}
	for (guint i = 0; i < bridge->pages->len; i++) {
		OukPage *page = g_ptr_array_index(bridge->pages, i);

		page->word.refused = FALSE;
		page->word.allowed = FALSE;
		g_ptr_array_set_size(page->word.keys, 0);
	}
	put_number(json, "ended", ended);
}

static const struct {
	const char *ask;
	void (*answer)(OukControl *control, guint id, JsonBuilder *json);
} answers[] = {
	{"status", answer_status},
	{"end", answer_end},
	{"recheck", answer_recheck},
};

/* NULL: no question that we know. */
static char *
answer_make(OukControl *control, const char *question, gsize len)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonNode) out = NULL;
	JsonNode *root;
	JsonObject *object;
	const char *ask;

	if (!json_parser_load_from_data(parser, question, (gssize)len, NULL))
		return NULL;
	root = json_parser_get_root(parser);
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
		return NULL;
	object = json_node_get_object(root);
	ask = json_object_get_string_member_with_default(object, "ask", "");
	for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
		if (g_strcmp0(answers[i].ask, ask) != 0)
			continue;
		json_builder_begin_object(json);
		answers[i].answer(control,
				  (guint)json_object_get_int_member_with_default(object, "id", 0),
				  json);
		json_builder_end_object(json);
		out = json_builder_get_root(json);
		return json_to_string(out, FALSE);
	}
	return NULL;
}

/* ---- connections ---- */

struct visit {
	OukControl *control;
	GSocketConnection *connection;
	char question[QUESTION_MAX];
	char *answer;
};

static void
visit_end(struct visit *visit)
{
	(void)g_io_stream_close(G_IO_STREAM(visit->connection), NULL, NULL);
	g_object_unref(visit->connection);
	g_free(visit->answer);
	g_free(visit);
}

static void
on_answered(GObject *source, GAsyncResult *result, gpointer data)
{
	(void)g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, NULL);
	visit_end(data);
}

/* A question is short and comes in one piece. */
static void
on_question(GObject *source, GAsyncResult *result, gpointer data)
{
	struct visit *visit = data;
	gssize len = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);

	if (len > 0)
		visit->answer = answer_make(visit->control, visit->question, (gsize)len);
	if (visit->answer == NULL) {
		visit_end(visit);
		return;
	}
	g_output_stream_write_all_async(
		g_io_stream_get_output_stream(G_IO_STREAM(visit->connection)), visit->answer,
		strlen(visit->answer), G_PRIORITY_DEFAULT, NULL, on_answered, visit);
}

static gboolean
on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
	OukControl *control = data;
	g_autoptr(OukPeer) peer =
		ouk_peer_of_unix(g_socket_connection_get_socket(connection), NULL);
	struct visit *visit;

	if (peer == NULL)
		return TRUE;
	g_socket_set_timeout(g_socket_connection_get_socket(connection), 10);
	visit = g_new0(struct visit, 1);
	visit->control = control;
	visit->connection = g_object_ref(connection);
	g_input_stream_read_async(g_io_stream_get_input_stream(G_IO_STREAM(connection)),
				  visit->question, sizeof(visit->question), G_PRIORITY_DEFAULT,
				  NULL, on_question, visit);
	return TRUE;
}

OukControl *
ouk_control_new(OukBridge *bridge, OukListen *listen, GError **error)
{
	GSocketService *service = ouk_socket_serve(OUK_BRIDGE_CONTROL, error);
	OukControl *control;

	if (service == NULL)
		return NULL;
	control = g_new0(OukControl, 1);
	control->bridge = bridge;
	control->listen = listen;
	control->service = service;
	g_signal_connect(service, "incoming", G_CALLBACK(on_incoming), control);
	return control;
}

void
ouk_control_free(OukControl *control)
{
	if (control == NULL)
		return;
	g_signal_handlers_disconnect_by_data(control->service, control);
	ouk_socket_close(control->service, OUK_BRIDGE_CONTROL);
	g_free(control);
}
