/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A page has no connection of its own here. Before a login all requests of a site from one program
 * are one page; a login gives a token and makes a page of its own, which only requests with the
 * token reach.
 */
#include "assistant/bridge/listen/synctl.h"

#include "assistant/bridge/families.h"
#include "assistant/bridge/families/bjca_frame.h"
#include "assistant/bridge/families/told.h"
#include "assistant/bridge/listen/token.h"
#include "common/secret.h"

#include <string.h>

/* The browser's tab stands still while it waits: so long, and then it hears of a failure. */
#define HOLD_SECONDS 60
/* Pages that nobody asks for any more; the longest session is as long. */
#define IDLE_USEC (30 * 60 * G_USEC_PER_SEC)
#define PAGES_MAX 64

typedef struct {
	guint refs;
	OukSync *sync; /* NULL: closed */
	OukPage *page;
	char *origin;
	pid_t pid;
	char *token; /* NULL: nobody has logged in */
	gint64 used;
} SyncPage;

struct _OukSync {
	OukBridge *bridge;
	GPtrArray *pages; /* of SyncPage */
};

/* ---- pages ---- */

static SyncPage *
page_ref(SyncPage *page)
{
	page->refs++;
	return page;
}

static void
page_unref(SyncPage *page)
{
	if (--page->refs > 0)
		return;
	g_free(page->origin);
	g_free(page->token);
	g_free(page);
}

static void
page_close(gpointer data)
{
	SyncPage *page = data;

	page->sync = NULL;
	g_clear_pointer(&page->page, ouk_page_close);
	page_unref(page);
}

OukSync *
ouk_sync_new(OukBridge *bridge)
{
	OukSync *sync = g_new0(OukSync, 1);

	sync->bridge = bridge;
	sync->pages = g_ptr_array_new_with_free_func(page_close);
	return sync;
}

void
ouk_sync_free(OukSync *sync)
{
	if (sync == NULL)
		return;
	g_ptr_array_unref(sync->pages);
	g_free(sync);
}

/* Those that have been idle, and where there are too many, the one that was so longest. */
static void
pages_sweep(OukSync *sync, gint64 now)
{
	guint oldest = 0;

	for (guint i = sync->pages->len; i-- > 0;) {
		const SyncPage *page = g_ptr_array_index(sync->pages, i);

		if (now - page->used > IDLE_USEC)
			g_ptr_array_remove_index(sync->pages, i);
	}
	if (sync->pages->len < PAGES_MAX)
		return;
	for (guint i = 1; i < sync->pages->len; i++) {
		const SyncPage *page = g_ptr_array_index(sync->pages, i);
		const SyncPage *other = g_ptr_array_index(sync->pages, oldest);

		if (page->used < other->used)
			oldest = i;
	}
	g_ptr_array_remove_index(sync->pages, oldest);
}

static gboolean
page_is(const SyncPage *page, const char *origin, pid_t pid, const char *token)
{
	return page->pid == pid && strcmp(page->origin, origin) == 0 &&
	       g_strcmp0(page->token, token) == 0;
}

static SyncPage *
page_find(OukSync *sync, const char *origin, pid_t pid, const char *token)
{
	for (guint i = 0; i < sync->pages->len; i++) {
		SyncPage *page = g_ptr_array_index(sync->pages, i);

		if (page_is(page, origin, pid, token))
			return page;
	}
	return NULL;
}

static SyncPage *
page_make(OukSync *sync, const char *origin, const OukPeer *peer, GError **error)
{
	const OukPageSetup setup = {
		.transport = OUK_TRANSPORT_PORT, .origin = origin, .peer = peer};
	OukPage *page = ouk_page_new(sync->bridge, &setup, error);
	SyncPage *made;

	if (page == NULL)
		return NULL;
	made = g_new0(SyncPage, 1);
	made->refs = 1;
	made->sync = sync;
	made->page = page;
	made->origin = g_strdup(origin);
	made->pid = peer->pid;
	g_ptr_array_add(sync->pages, made);
	return made;
}

/* A token that is none of ours (any more) counts for nothing. */
static SyncPage *
page_for(OukSync *sync, const char *origin, const OukPeer *peer, const char *token, GError **error)
{
	gint64 now = g_get_monotonic_time();
	SyncPage *page = NULL;

	pages_sweep(sync, now);
	if (token != NULL && *token != '\0')
		page = page_find(sync, origin, peer->pid, token);
	if (page == NULL)
		page = page_find(sync, origin, peer->pid, NULL);
	if (page == NULL)
		page = page_make(sync, origin, peer, error);
	if (page != NULL)
		page->used = now;
	return page;
}

/* ---- one call ---- */

typedef struct {
	SoupServerMessage *message; /* NULL: answered, or the connection is gone */
	SyncPage *page;
	OukPage *core;
	OukBjcaCall call;
	guint timer;
} SyncRun;

/* The methods of XJCA's object, which the extension brings by the same door, begin so. */
static const OukFamily *
family_of(const OukBjcaCall *call)
{
	return g_str_has_prefix(call->function, "XJCA_") ? &ouk_family_xjca : &ouk_family_bjca;
}

static void
answer(SoupServerMessage *message, const OukBjcaCall *call, JsonNode *node, const char *token)
{
	char *text = ouk_bjca_reply(call, node, token);

	soup_server_message_set_status(message, SOUP_STATUS_OK, NULL);
	soup_server_message_set_response(message, "application/json; charset=utf-8",
					 SOUP_MEMORY_TAKE, text, strlen(text));
}

static void
message_release(SyncRun *run)
{
	g_clear_handle_id(&run->timer, g_source_remove);
	if (run->message == NULL)
		return;
	g_signal_handlers_disconnect_by_data(run->message, run);
	g_clear_object(&run->message);
}

static void
run_answer(SyncRun *run, JsonNode *node, const GError *error, const char *token)
{
	g_autoptr(JsonNode) told =
		node == NULL ? ouk_family_told(family_of(&run->call), run->call.function, error)
			     : NULL;
	g_autoptr(SoupServerMessage) message =
		run->message != NULL ? g_object_ref(run->message) : NULL;

	if (message == NULL)
		return;
	message_release(run);
	answer(message, &run->call, node != NULL ? node : told, token);
	soup_server_message_unpause(message);
}

/* The tab has waited long enough; the question on the screen stays, and the page hears of it. */
static gboolean
on_held(gpointer data)
{
	SyncRun *run = data;

	run->timer = 0;
	run_answer(run, NULL, NULL, NULL);
	return G_SOURCE_REMOVE;
}

static void
on_message_finished(SoupServerMessage *message, gpointer data)
{
	message_release(data);
}

/* After a login: a page of its own, which a token leads to. */
static void
page_settle(SyncRun *run)
{
	static const char *const logins[] = {"SOF_Login", "SOF_LoginEx", "XJCA_VerifyPin", NULL};

	if (g_strv_contains(logins, run->call.function) && run->page->token == NULL)
		run->page->token = ouk_login_token_new();
}

static void
on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
	SyncRun *run = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = ouk_page_call_finish(run->core, result, &error);

	if (node != NULL)
		page_settle(run);
	run_answer(run, node, error, run->page->token);
	message_release(run);
	ouk_bjca_call_clear(&run->call);
	page_unref(run->page);
	g_free(run);
}

static void
run_begin(SoupServerMessage *message, SyncPage *page, OukBjcaCall *call)
{
	SyncRun *run = g_new0(SyncRun, 1);

	run->message = g_object_ref(message);
	run->page = page_ref(page);
	run->core = page->page;
	run->call = *call;
	run->timer = g_timeout_add_seconds(HOLD_SECONDS, on_held, run);
	g_signal_connect(message, "finished", G_CALLBACK(on_message_finished), run);
	ouk_door_wait(ouk_door_of(message), 0);
	soup_server_message_pause(message);
	ouk_page_call_async(page->page, family_of(&run->call), run->call.function, run->call.args,
			    NULL, on_answer, run);
}

/* The body's text, which may hold a PIN; FALSE: not a call. */
static gboolean
body_read(SoupServerMessage *message, OukBjcaCall *ret)
{
	SoupMessageBody *body = soup_server_message_get_request_body(message);
	g_autoptr(GBytes) bytes = soup_message_body_flatten(body);
	gsize len = 0;
	const char *text = g_bytes_get_data(bytes, &len);
	gboolean good = text != NULL && ouk_bjca_read(text, len, ret);

	if (text != NULL)
		uk_wipe((char *)(uintptr_t)text, len);
	return good;
}

void
ouk_synctl_handle(SoupServer *server, SoupServerMessage *message, const char *path,
		  GHashTable *query, gpointer data)
{
	OukSync *sync = g_object_get_data(G_OBJECT(server), OUK_SYNC_KEY);
	OukDoor *door = ouk_door_of(message);
	const char *origin = soup_message_headers_get_one(
		soup_server_message_get_request_headers(message), "Origin");
	g_autoptr(GError) error = NULL;
	OukBjcaCall call;
	SyncPage *page;

	if (door == NULL || !body_read(message, &call)) {
		soup_server_message_set_status(message, SOUP_STATUS_BAD_REQUEST, NULL);
		return;
	}
	page = page_for(sync, origin, ouk_door_peer(door), call.token, &error);
	if (page == NULL) {
		g_autoptr(JsonNode) told = ouk_family_told(family_of(&call), call.function, error);

		answer(message, &call, told, NULL);
		ouk_bjca_call_clear(&call);
		return;
	}
	run_begin(message, page, &call);
}
