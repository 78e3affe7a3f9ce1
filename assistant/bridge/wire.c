/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/wire.h"

#include "assistant/bridge/core.h"
#include "assistant/bridge/families/json_text.h"
#include "assistant/bridge/frame.h"
#include "assistant/bridge/socket.h"
#include "assistant/bridge/wipe.h"
#include "assistant/core/errors.h"

#include "common/secret.h"

#include <string.h>

#define PROTOCOL       1
#define LINKS_MAX      64
#define PAGES_MAX      512
#define READ_SIZE      16384
#define UNSENT_MAX     (8 * 1024 * 1024)
#define UNANSWERED_MAX 1024

struct _OukWire {
	OukBridge *bridge;
	GSocketService *service;
	GPtrArray *links; /* of struct link */
};

/* One connection. */
struct link {
	gint refs; /* main context only: the wire's, and one for each thing that is on its way */
	OukWire *wire;
	GSocketConnection *connection;
	OukPeer *peer;
	GCancellable *cancellable;
	GHashTable *pages; /* number -> struct held */
	guint8 buffer[READ_SIZE];
	GByteArray *in;
	GQueue out; /* of GBytes */
	gsize unsent, written;
	guint unanswered;
	gboolean writing, closed;
};

/* A page of a connection. */
struct held {
	struct link *link;
	gint64 number;
	const OukFamily *family;
	OukPage *page;
};

struct question {
	struct link *link;
	gint64 id;
	OukPage *page; /* a reference */
	const OukFamily *family;
	const OukFamilyRow *row;
	JsonNode *root; /* what was read: wiped with the answer */
};

/* ---- the end of a connection ---- */

static struct link *
link_ref(struct link *link)
{
	link->refs++;
	return link;
}

static void
link_unref(struct link *link)
{
	if (--link->refs > 0)
		return;
	g_hash_table_unref(link->pages);
	uk_wipe(link->buffer, sizeof(link->buffer));
	g_byte_array_unref(link->in);
	g_queue_clear_full(&link->out, (GDestroyNotify)g_bytes_unref);
	ouk_peer_free(link->peer);
	g_object_unref(link->connection);
	g_object_unref(link->cancellable);
	g_free(link);
}

static void
link_close(struct link *link)
{
	if (link->closed)
		return;
	link->closed = TRUE;
	g_cancellable_cancel(link->cancellable);
	g_hash_table_remove_all(link->pages);
	(void)g_io_stream_close(G_IO_STREAM(link->connection), NULL, NULL);
	if (link->wire != NULL)
		g_ptr_array_remove(link->wire->links, link);
	link_unref(link);
}

static void
held_free(struct held *held)
{
	ouk_page_close(held->page);
	g_free(held);
}

/* ---- to the extension ---- */

static void link_write(struct link *link);

static void
on_written(GObject *source, GAsyncResult *result, gpointer data)
{
	struct link *link = data;
	gssize len = g_output_stream_write_finish(G_OUTPUT_STREAM(source), result, NULL);
	GBytes *first = g_queue_peek_head(&link->out);

	link->writing = FALSE;
	if (len <= 0) {
		link_close(link);
	} else {
		link->written += (gsize)len;
		if (link->written == g_bytes_get_size(first)) {
			link->unsent -= link->written;
			link->written = 0;
			g_bytes_unref(g_queue_pop_head(&link->out));
		}
		link_write(link);
	}
	link_unref(link);
}

static void
link_write(struct link *link)
{
	GBytes *first = g_queue_peek_head(&link->out);
	GOutputStream *stream = g_io_stream_get_output_stream(G_IO_STREAM(link->connection));
	const guint8 *bytes;
	gsize len;

	if (first == NULL || link->writing || link->closed)
		return;
	bytes = g_bytes_get_data(first, &len);
	link->writing = TRUE;
	g_output_stream_write_async(stream, bytes + link->written, len - link->written,
				    G_PRIORITY_DEFAULT, link->cancellable, on_written,
				    link_ref(link));
}

/* FALSE: too long for the browser. */
static gboolean
link_send(struct link *link, JsonBuilder *json)
{
	g_autoptr(JsonNode) root = json_builder_get_root(json);
	g_autofree char *text = json_to_string(root, FALSE);
	GBytes *frame = ouk_frame_make(text, strlen(text), OUK_PAGE_ANSWER_MAX);

	if (frame == NULL)
		return FALSE;
	link->unsent += g_bytes_get_size(frame);
	g_queue_push_tail(&link->out, frame);
	/* Who does not listen is not spoken to. */
	if (link->unsent > UNSENT_MAX)
		link_close(link);
	else
		link_write(link);
	return TRUE;
}

static JsonBuilder *
answer_begin(gint64 id)
{
	JsonBuilder *json = json_builder_new();

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "id");
	json_builder_add_int_value(json, id);
	return json;
}

static void
answer_error(struct link *link, gint64 id, const GError *error, JsonNode *instead)
{
	g_autoptr(JsonBuilder) json = answer_begin(id);

	json_builder_set_member_name(json, "error");
	json_builder_begin_object(json);
	json_builder_set_member_name(json, "code");
	json_builder_add_string_value(json, ouk_error_row(error)->name);
	json_builder_set_member_name(json, "message");
	json_builder_add_string_value(json, error->message);
	json_builder_end_object(json);
	if (instead != NULL) {
		json_builder_set_member_name(json, "result");
		json_builder_add_value(json, instead);
	}
	json_builder_end_object(json);
	(void)link_send(link, json);
}

static void
answer_code(struct link *link, gint64 id, OukErrorCode code)
{
	g_autoptr(GError) error = NULL;

	ouk_fail(&error, code);
	answer_error(link, id, error, NULL);
}

/* Takes the result. */
static void
answer_result(struct link *link, gint64 id, JsonNode *result)
{
	g_autoptr(JsonBuilder) json = answer_begin(id);

	json_builder_set_member_name(json, "result");
	json_builder_add_value(json, result);
	json_builder_end_object(json);
	if (!link_send(link, json))
		answer_code(link, id, OUK_E_PAGE_ARGUMENT);
}

static void
answer_true(struct link *link, gint64 id)
{
	answer_result(link, id, json_node_init_boolean(json_node_alloc(), TRUE));
}

static void
on_push(OukPage *page, const char *event, gpointer data)
{
	struct held *held = data;
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "push");
	json_builder_add_string_value(json, event);
	json_builder_set_member_name(json, "page");
	json_builder_add_int_value(json, held->number);
	json_builder_end_object(json);
	(void)link_send(held->link, json);
}

/* ---- from the extension ---- */

static void
on_called(GObject *source, GAsyncResult *result, gpointer data)
{
	struct question *question = data;
	struct link *link = question->link;
	g_autoptr(GError) error = NULL;
	JsonNode *answer = ouk_page_call_finish(question->page, result, &error);

	link->unanswered--;
	if (link->closed)
		g_clear_pointer(&answer, json_node_unref);
	else if (answer != NULL)
		answer_result(link, question->id, answer);
	else
		answer_error(link, question->id, error,
			     question->family->failed != NULL
				     ? question->family->failed(question->row, error)
				     : NULL);
	wipe_node(question->root);
	json_node_unref(question->root);
	page_unref(question->page);
	g_free(question);
	link_unref(link);
}

static void
take_call(struct link *link, const OukFrame *frame, JsonNode *root)
{
	struct held *held = g_hash_table_lookup(link->pages, &frame->page);
	struct question *question;

	if (held == NULL || link->unanswered >= UNANSWERED_MAX) {
		wipe_node(root);
		answer_code(link, frame->id, held == NULL ? OUK_E_PAGE_ARGUMENT : OUK_E_PAGE_BUSY);
		return;
	}
	question = g_new(struct question, 1);
	*question = (struct question){
		.link = link_ref(link),
		.id = frame->id,
		.page = page_ref(held->page),
		.family = held->family,
		.row = ouk_family_row(held->family, frame->call),
		.root = json_node_ref(root),
	};
	link->unanswered++;
	ouk_page_call_async(held->page, held->family, frame->call, frame->args, NULL, on_called,
			    question);
}

static void
take_open(struct link *link, const OukFrame *frame)
{
	const OukFamily *family = ouk_family_find(frame->family);
	g_autoptr(GError) error = NULL;
	struct held *held;

	if (family == NULL || g_hash_table_contains(link->pages, &frame->page)) {
		answer_code(link, frame->id, OUK_E_PAGE_ARGUMENT);
		return;
	}
	if (g_hash_table_size(link->pages) >= PAGES_MAX) {
		answer_code(link, frame->id, OUK_E_PAGE_BUSY);
		return;
	}
	held = g_new0(struct held, 1);
	held->link = link;
	held->number = frame->page;
	held->family = family;
	held->page = ouk_page_new(link->wire->bridge,
				  &(OukPageSetup){.transport = OUK_TRANSPORT_EXTENSION,
						  .origin = frame->origin,
						  .top = frame->top,
						  .peer = link->peer,
						  .push = on_push,
						  .data = held},
				  &error);
	if (held->page == NULL) {
		ouk_bridge_note_refusal(link->wire->bridge, "open", frame->origin, link->peer);
		answer_error(link, frame->id, error, NULL);
		g_free(held);
		return;
	}
	g_hash_table_insert(link->pages, &held->number, held);
	answer_true(link, frame->id);
}

static void
take_hello(struct link *link, const OukFrame *frame)
{
	JsonNode *result = json_node_new(JSON_NODE_OBJECT);
	JsonObject *object = json_object_new();

	json_object_set_int_member(object, "protocol", PROTOCOL);
	json_object_set_string_member(object, "version", OPENUKEY_VERSION);
	json_node_take_object(result, object);
	answer_result(link, frame->id, result);
}

/* FALSE: not one of the forms; the connection is of no use any more. */
static gboolean
take_root(struct link *link, JsonNode *root)
{
	OukFrame frame;

	if (!ouk_frame_read(root, &frame)) {
		wipe_node(root);
		if (frame.id != 0)
			answer_code(link, frame.id, OUK_E_PAGE_ARGUMENT);
		return frame.id != 0;
	}
	switch (frame.kind) {
	case OUK_FRAME_HELLO:
		take_hello(link, &frame);
		break;
	case OUK_FRAME_OPEN:
		take_open(link, &frame);
		break;
	case OUK_FRAME_CALL:
		take_call(link, &frame, root);
		break;
	case OUK_FRAME_CLOSE:
		g_hash_table_remove(link->pages, &frame.page);
		answer_true(link, frame.id);
		break;
	default:
		return FALSE;
	}
	return TRUE;
}

static gboolean
take_frame(struct link *link, const char *text, gsize len)
{
	g_autoptr(JsonObject) object = ouk_json_read(text, len);
	g_autoptr(JsonNode) root = NULL;

	if (object == NULL)
		return FALSE;
	root = json_node_init_object(json_node_alloc(), object);
	return take_root(link, root);
}

/* Everything that is whole. */
static gboolean
take_all(struct link *link)
{
	for (;;) {
		gsize size;

		if (!ouk_frame_size(link->in->data, link->in->len, OUK_PAGE_FRAME_MAX, &size))
			return FALSE;
		if (size == 0 || size > link->in->len || link->closed)
			return TRUE;
		if (!take_frame(link, (const char *)link->in->data + OUK_FRAME_HEAD,
				size - OUK_FRAME_HEAD))
			return FALSE;
		/* a page's own PIN may be in it */
		uk_wipe(link->in->data, size);
		g_byte_array_remove_range(link->in, 0, (guint)size);
	}
}

static void link_read(struct link *link);

static void
on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	struct link *link = data;
	gssize len = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
	gboolean good = len > 0 && !link->closed;

	if (good) {
		g_byte_array_append(link->in, link->buffer, (guint)len);
		uk_wipe(link->buffer, (gsize)len);
		good = take_all(link);
		if (!good)
			ouk_bridge_note_refusal(link->wire->bridge, "frame", NULL, link->peer);
	}
	if (good)
		link_read(link);
	else
		link_close(link);
	link_unref(link);
}

static void
link_read(struct link *link)
{
	GInputStream *stream = g_io_stream_get_input_stream(G_IO_STREAM(link->connection));

	if (!link->closed)
		g_input_stream_read_async(stream, link->buffer, sizeof(link->buffer),
					  G_PRIORITY_DEFAULT, link->cancellable, on_read,
					  link_ref(link));
}

/* ---- the socket ---- */

static gboolean
on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
	OukWire *wire = data;
	g_autoptr(GError) error = NULL;
	OukPeer *peer = ouk_peer_of_unix(g_socket_connection_get_socket(connection), &error);
	struct link *link;

	if (peer == NULL || wire->links->len >= LINKS_MAX) {
		ouk_bridge_note_refusal(wire->bridge, "connection", NULL, peer);
		ouk_peer_free(peer);
		(void)g_io_stream_close(G_IO_STREAM(connection), NULL, NULL);
		return TRUE;
	}
	link = g_new0(struct link, 1);
	link->refs = 1;
	link->wire = wire;
	link->connection = g_object_ref(connection);
	link->peer = peer;
	link->cancellable = g_cancellable_new();
	link->pages =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)held_free);
	link->in = g_byte_array_new();
	g_queue_init(&link->out);
	g_ptr_array_add(wire->links, link);
	link_read(link);
	return TRUE;
}

guint
ouk_wire_count(const OukWire *wire)
{
	return wire->links->len;
}

OukWire *
ouk_wire_new(OukBridge *bridge, GError **error)
{
	GSocketService *service = ouk_socket_serve(OUK_WIRE_NAME, error);
	OukWire *wire;

	if (service == NULL)
		return NULL;
	wire = g_new0(OukWire, 1);
	wire->bridge = bridge;
	wire->service = service;
	wire->links = g_ptr_array_new();
	g_signal_connect(service, "incoming", G_CALLBACK(on_incoming), wire);
	return wire;
}

void
ouk_wire_free(OukWire *wire)
{
	if (wire == NULL)
		return;
	g_signal_handlers_disconnect_by_data(wire->service, wire);
	ouk_socket_close(wire->service, OUK_WIRE_NAME);
	while (wire->links->len > 0)
		link_close(g_ptr_array_index(wire->links, 0));
	g_ptr_array_unref(wire->links);
	g_free(wire);
}
