/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/listen/talk.h"

#include "assistant/bridge/families.h"
#include "assistant/bridge/families/bjca_frame.h"
#include "assistant/bridge/families/hebca_frame.h"
#include "assistant/bridge/families/told.h"
#include "assistant/bridge/listen/token.h"
#include "common/secret.h"

#include <string.h>

/* Frames of one socket: pages come with dozens at once when they load, and then with few. */
#define FRAMES_BURST  300
#define FRAMES_SECOND 100
/* Calls that wait for the one before, where a family has one at a time. */
#define WAITING_MAX 64
/* Answers that the page does not read. */
#define BACKLOG_MAX (4 * 1024 * 1024)

typedef struct _Talk Talk;

/* How a family speaks. */
typedef struct {
	const OukFamily *family;
	/* FALSE: not a frame of the family. */
	gboolean (*take)(Talk *talk, const char *text, gsize len);
	void (*push)(Talk *talk, const char *event);
} Dialect;

struct _Talk {
	guint refs;
	const Dialect *dialect;
	OukDoor *door; /* NULL: closed */
	SoupWebsocketConnection *socket;
	OukPage *page; /* NULL: closed */
	OukBucket bucket;
	GQueue waiting; /* of OukHebcaFrame */
	gboolean busy;  /* a call is under way, where there is one at a time */
	guint64 said;   /* bytes */
};

static Talk *
talk_ref(Talk *talk)
{
	talk->refs++;
	return talk;
}

static void
frame_free(gpointer data)
{
	ouk_hebca_frame_clear(data);
	g_free(data);
}

static void
talk_unref(Talk *talk)
{
	if (--talk->refs > 0)
		return;
	g_queue_clear_full(&talk->waiting, frame_free);
	g_clear_object(&talk->socket);
	g_free(talk);
}

/* The connection is over. */
static void
talk_end(gpointer data)
{
	Talk *talk = data;

	if (talk->door == NULL)
		return;
	ouk_door_set_closed(talk->door, NULL, NULL);
	talk->door = NULL;
	g_signal_handlers_disconnect_by_data(talk->socket, talk);
	g_clear_pointer(&talk->page, ouk_page_close);
	talk_unref(talk);
}

/* Ends it for what the page did; noted where somebody might want to know. */
static void
talk_cut(Talk *talk, gushort code, const char *what)
{
	OukDoor *door = talk->door;

	if (door == NULL)
		return;
	ouk_bridge_note_refusal(ouk_port_bridge(ouk_door_port(door)), what,
				talk->page != NULL ? ouk_page_origin(talk->page) : NULL,
				ouk_door_peer(door));
	if (soup_websocket_connection_get_state(talk->socket) == SOUP_WEBSOCKET_STATE_OPEN)
		soup_websocket_connection_close(talk->socket, code, NULL);
	talk_end(talk);
	/* libsoup gives a client that answers no close frame a while */
	ouk_door_wait(door, 5);
}

static void
talk_say(Talk *talk, const char *text)
{
	OukMeter *meter = talk->door != NULL ? ouk_door_meter(talk->door) : NULL;

	if (meter == NULL ||
	    soup_websocket_connection_get_state(talk->socket) != SOUP_WEBSOCKET_STATE_OPEN)
		return;
	talk->said += strlen(text);
	if (talk->said > ouk_meter_written(meter) + BACKLOG_MAX) {
		OukDoor *door = talk->door;

		talk_end(talk);
		ouk_door_close(door);
		return;
	}
	soup_websocket_connection_send_text(talk->socket, text);
}

/* ---- BJCA ---- */

typedef struct {
	Talk *talk;
	OukPage *page;
	OukBjcaCall call;
} BjcaRun;

static gboolean
is_login(const char *function)
{
	return strcmp(function, "SOF_Login") == 0 || strcmp(function, "SOF_LoginEx") == 0;
}

static void
bjca_answered(GObject *source, GAsyncResult *result, gpointer data)
{
	BjcaRun *run = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = ouk_page_call_finish(run->page, result, &error);
	g_autofree char *token = NULL;
	g_autofree char *text = NULL;

	if (node != NULL && is_login(run->call.function))
		token = ouk_login_token_new();
	if (node == NULL)
		node = ouk_family_told(&ouk_family_bjca, run->call.function, error);
	text = ouk_bjca_reply(&run->call, node, token);
	talk_say(run->talk, text);
	ouk_bjca_call_clear(&run->call);
	talk_unref(run->talk);
	g_free(run);
}

static gboolean
bjca_take(Talk *talk, const char *text, gsize len)
{
	OukBjcaCall call;
	BjcaRun *run;

	if (!ouk_bjca_read(text, len, &call))
		return FALSE;
	run = g_new0(BjcaRun, 1);
	run->talk = talk_ref(talk);
	run->page = talk->page;
	run->call = call;
	ouk_page_call_async(talk->page, talk->dialect->family, run->call.function, run->call.args,
			    NULL, bjca_answered, run);
	return TRUE;
}

static void
bjca_push(Talk *talk, const char *event)
{
	g_autofree char *text = ouk_bjca_push(event);

	talk_say(talk, text);
}

/* ---- HEBCA ---- */

typedef struct {
	Talk *talk;
	OukPage *page;
	OukHebcaFrame *frame;
} HebcaRun;

static void hebca_next(Talk *talk);

static void
hebca_answered(GObject *source, GAsyncResult *result, gpointer data)
{
	HebcaRun *run = data;
	Talk *talk = run->talk;
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = ouk_page_call_finish(run->page, result, &error);
	g_autofree char *text = NULL;

	if (node == NULL)
		node = ouk_family_told(&ouk_family_hebca, run->frame->function, error);
	text = ouk_hebca_reply(run->frame->function, node);
	talk_say(talk, text);
	frame_free(run->frame);
	g_free(run);
	talk->busy = FALSE;
	hebca_next(talk);
	talk_unref(talk);
}

/* Answers are told apart by the function's name only: one call at a time. */
static void
hebca_next(Talk *talk)
{
	OukHebcaFrame *frame;
	JsonArray *args;
	HebcaRun *run;

	if (talk->busy || talk->page == NULL)
		return;
	frame = g_queue_pop_head(&talk->waiting);
	if (frame == NULL)
		return;
	talk->busy = TRUE;
	run = g_new0(HebcaRun, 1);
	run->talk = talk_ref(talk);
	run->page = talk->page;
	run->frame = frame;
	args = json_array_new();
	json_array_add_object_element(args, json_object_ref(frame->args));
	ouk_page_call_async(talk->page, talk->dialect->family, frame->function, args, NULL,
			    hebca_answered, run);
	json_array_unref(args);
}

static gboolean
hebca_take(Talk *talk, const char *text, gsize len)
{
	g_autofree char *welcome = NULL;
	OukHebcaFrame frame;

	if (!ouk_hebca_read(text, len, &frame))
		return FALSE;
	if (frame.kind == OUK_HEBCA_HELLO) {
		welcome = ouk_hebca_welcome();
		talk_say(talk, welcome);
		return TRUE;
	}
	if (g_queue_get_length(&talk->waiting) >= WAITING_MAX) {
		ouk_hebca_frame_clear(&frame);
		return FALSE;
	}
	g_queue_push_tail(&talk->waiting, g_memdup2(&frame, sizeof(frame)));
	hebca_next(talk);
	return TRUE;
}

/* Its pages would take anything unasked for the answer to their call. */
static void
hebca_push(Talk *talk, const char *event)
{
}

/* ---- both ---- */

static const Dialect bjca_dialect = {&ouk_family_bjca, bjca_take, bjca_push};
static const Dialect hebca_dialect = {&ouk_family_hebca, hebca_take, hebca_push};

static const Dialect *const dialects[] = {
	[OUK_DOOR_BJCA] = &bjca_dialect,
	[OUK_DOOR_BJCA_TLS] = &bjca_dialect,
	[OUK_DOOR_HEBCA] = &hebca_dialect,
	[OUK_DOOR_CONNECTOR] = &hebca_dialect,
};

static void
on_push(OukPage *page, const char *event, gpointer data)
{
	Talk *talk = data;

	talk->dialect->push(talk, event);
}

static void
on_message(SoupWebsocketConnection *socket, int type, GBytes *message, gpointer data)
{
	Talk *talk = talk_ref(data);
	gsize len = 0;
	const char *text = g_bytes_get_data(message, &len);
	OukMeter *meter = ouk_door_meter(talk->door);

	if (meter != NULL)
		ouk_meter_reset(meter);
	if (!ouk_bucket_take(&talk->bucket, FRAMES_BURST, FRAMES_SECOND, g_get_monotonic_time()))
		talk_cut(talk, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, "too many messages");
	else if (type != SOUP_WEBSOCKET_DATA_TEXT ||
		 !talk->dialect->take(talk, text != NULL ? text : "", len))
		talk_cut(talk, SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR, "message not understood");
	/* there may be a PIN in it; libsoup made it for this signal alone */
	if (text != NULL)
		uk_wipe((char *)(uintptr_t)text, len);
	talk_unref(talk);
}

static void
on_closed(SoupWebsocketConnection *socket, gpointer data)
{
	talk_end(data);
}

void
ouk_talk_begin(OukDoor *door, SoupWebsocketConnection *socket, const char *origin)
{
	OukPort *port = ouk_door_port(door);
	Talk *talk = g_new0(Talk, 1);
	const OukPageSetup setup = {
		.transport = OUK_TRANSPORT_PORT,
		.origin = origin,
		.peer = ouk_door_peer(door),
		.push = on_push,
		.data = talk,
	};
	g_autoptr(GError) error = NULL;

	talk->refs = 1;
	talk->dialect = dialects[port->kind];
	talk->door = door;
	talk->socket = g_object_ref(socket);
	g_queue_init(&talk->waiting);
	soup_websocket_connection_set_max_incoming_payload_size(socket, OUK_PAGE_FRAME_MAX);
	g_signal_connect(socket, "message", G_CALLBACK(on_message), talk);
	g_signal_connect(socket, "closed", G_CALLBACK(on_closed), talk);
	ouk_door_set_closed(door, talk_end, talk);
	ouk_door_wait(door, 0);
	talk->page = ouk_page_new(ouk_port_bridge(port), &setup, &error);
	if (talk->page == NULL)
		talk_cut(talk, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, error->message);
}
