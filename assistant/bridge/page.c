/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/core.h"

#include "assistant/bridge/wipe.h"
#include "assistant/core/errors.h"

#include <string.h>

#define PAGES_MAX      1024
#define PAGES_SITE_MAX 512
#define CALLS_MAX      64 /* of one page that are not answered */

static const OukRate page_rate = {120, 2};  /* calls of one page */
static const OukRate site_rate = {1000, 5}; /* of all pages of a site */

/* ---- pages ---- */

OukPage *
page_ref(OukPage *page)
{
	g_atomic_int_inc(&page->refs);
	return page;
}

void
page_unref(OukPage *page)
{
	if (!g_atomic_int_dec_and_test(&page->refs))
		return;
	g_free(page->origin);
	g_free(page->top);
	ouk_peer_free(page->peer);
	g_ptr_array_unref(page->word.keys);
	g_ptr_array_unref(page->calls);
	g_queue_clear(&page->light);
	g_queue_clear(&page->heavy);
	g_hash_table_unref(page->notes);
	g_mutex_clear(&page->lock);
	g_free(page);
}

static gboolean
has_room(OukBridge *bridge, const char *origin)
{
	guint same = 0;

	for (guint i = 0; i < bridge->pages->len; i++)
		same += strcmp(((OukPage *)g_ptr_array_index(bridge->pages, i))->origin, origin) ==
			0;
	return !bridge->closing && bridge->pages->len < PAGES_MAX && same < PAGES_SITE_MAX;
}

OukPage *
ouk_page_new(OukBridge *bridge, const OukPageSetup *setup, GError **error)
{
	g_autofree char *origin = ouk_origin_canonical(setup->origin);
	g_autofree char *top = setup->top != NULL ? ouk_origin_canonical(setup->top) : NULL;
	OukPage *page;

	if (origin == NULL || (setup->top != NULL && top == NULL)) {
		ouk_fail(error, OUK_E_PAGE_ORIGIN);
		return NULL;
	}
	if (setup->peer->uid != geteuid()) {
		ouk_fail(error, OUK_E_PAGE_PEER);
		return NULL;
	}
	if (!has_room(bridge, origin)) {
		ouk_fail(error, OUK_E_PAGE_BUSY);
		return NULL;
	}
	page = g_new0(OukPage, 1);
	page->refs = 1;
	page->id = ++bridge->last_page;
	page->bridge = bridge;
	page->transport = setup->transport;
	page->top = g_strcmp0(origin, top) != 0 ? g_steal_pointer(&top) : NULL;
	page->origin = g_steal_pointer(&origin);
	page->peer = ouk_peer_copy(setup->peer);
	page->push = setup->push;
	page->data = setup->data;
	page->word.keys = g_ptr_array_new_with_free_func(g_free);
	page->word.stopped_at = -1;
	page->calls = g_ptr_array_new();
	g_queue_init(&page->light);
	g_queue_init(&page->heavy);
	g_mutex_init(&page->lock);
	page->notes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	page->last_error = -1;
	g_ptr_array_add(bridge->pages, page);
	return page;
}

/* One that is not answered. Answering one may answer others, by what its caller does then. */
static OukCall *
call_open(OukPage *page)
{
	for (guint i = 0; i < page->calls->len; i++) {
		OukCall *call = g_ptr_array_index(page->calls, i);

		if (call->task != NULL)
			return call;
	}
	return NULL;
}

void
ouk_page_close(OukPage *page)
{
	const OukSessionFilter mine = {.page = page != NULL ? page->id : 0};

	if (page == NULL || page->closed)
		return;
	page->closed = TRUE;
	g_ptr_array_remove(page->bridge->pages, page);
	for (OukCall *call = call_open(page); call != NULL; call = call_open(page)) {
		GError *error = NULL;

		ouk_fail(&error, OUK_E_CANCELLED);
		page_call_fail(call, error);
	}
	(void)ouk_sessions_end(page->bridge->sessions, &mine, "page");
	page_unref(page);
}

const char *
ouk_page_origin(const OukPage *page)
{
	return page->origin;
}

gpointer
ouk_page_data(const OukPage *page)
{
	return page->data;
}

/* ---- the end of a call ---- */

static void
call_free(OukCall *call)
{
	json_array_unref(call->args);
	g_clear_pointer(&call->keys, g_ptr_array_unref);
	g_clear_pointer(&call->answer, json_node_unref);
	g_clear_error(&call->error);
	g_object_unref(call->cancellable);
	page_unref(call->page);
	g_free(call);
}

/* The caller gets its answer; the call itself may still be with a worker. */
static void
call_answer(OukCall *call, JsonNode *answer, GError *error)
{
	g_autoptr(GTask) task = g_steal_pointer(&call->task);
	GCancellable *outer;

	if (task == NULL) {
		g_clear_pointer(&answer, json_node_unref);
		g_clear_error(&error);
		return;
	}
	outer = g_task_get_cancellable(task);
	if (call->outer != 0)
		g_signal_handler_disconnect(outer, call->outer);
	call->outer = 0;
	if (error != NULL)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task, answer, (GDestroyNotify)json_node_unref);
}

/* Out of the page's list, and away. */
static void
call_over(OukCall *call)
{
	g_ptr_array_remove(call->page->calls, call);
	call_free(call);
}

static void call_run(gpointer data);
static void call_done(gpointer data);

static void
lane_go(OukPage *page, GQueue *lane, OukCall **at)
{
	if (*at != NULL)
		return;
	*at = g_queue_pop_head(lane);
	if (*at != NULL)
		work_push(page->bridge, call_run, call_done, *at);
}

static void
lanes_go(OukPage *page)
{
	lane_go(page, &page->light, &page->at_light);
	if (page->at_light == NULL)
		lane_go(page, &page->heavy, &page->at_heavy);
}

void
page_call_fail(OukCall *call, GError *error)
{
	OukPage *page = call->page;
	gboolean waited = g_queue_remove(&page->light, call) || g_queue_remove(&page->heavy, call);

	call_answer(call, NULL, error);
	g_cancellable_cancel(call->cancellable);
	if (call->keys == NULL) {
		consent_drop(call);
		waited = TRUE;
	}
	/* What a worker has, call_done lets go of. */
	if (waited)
		call_over(call);
}

/* ---- on a worker ---- */

static gboolean
is_stopped(OukCall *call, GError **error)
{
	gboolean stopped;

	g_mutex_lock(&call->page->bridge->lock);
	stopped = call->row->gate > OUK_GATE_LIST && call->made <= call->page->word.stopped_at;
	g_mutex_unlock(&call->page->bridge->lock);
	if (!stopped && !g_cancellable_is_cancelled(call->cancellable))
		return FALSE;
	ouk_fail(error, OUK_E_CANCELLED);
	return TRUE;
}

static void
call_run(gpointer data)
{
	OukCall *call = data;
	OukPage *page = call->page;
	OukPageDesk desk = {.call = call, .page = page, .bridge = page->bridge};

	g_mutex_lock(&page->lock);
	desk.last_error = page->last_error;
	g_mutex_unlock(&page->lock);
	if (call->row->gate == OUK_GATE_FREE || !is_stopped(call, &call->error))
		call->answer = call->row->handler(&desk, call->args, &call->error);
	if (call->answer == NULL && call->error == NULL)
		ouk_fail(&call->error, OUK_E_INTERNAL);
	/* Asking how the last one ended does not change how it ended. */
	if (call->row->gate == OUK_GATE_FREE && call->error == NULL)
		return;
	g_mutex_lock(&page->lock);
	page->last_error =
		call->error != NULL && call->error->domain == OUK_ERROR ? call->error->code : -1;
	g_mutex_unlock(&page->lock);
}

static void
call_done(gpointer data)
{
	OukCall *call = data;
	OukPage *page = page_ref(call->page);

	if (call->error != NULL) {
		/* A handler must not get away with a NULL answer and no reason, or both. */
		g_clear_pointer(&call->answer, json_node_unref);
		call_answer(call, NULL, g_steal_pointer(&call->error));
	} else {
		call_answer(call, g_steal_pointer(&call->answer), NULL);
	}
	if (page->at_light == call)
		page->at_light = NULL;
	else
		page->at_heavy = NULL;
	call_over(call);
	lanes_go(page);
	page_unref(page);
}

/* ---- the beginning ---- */

void
page_call_resume(OukCall *call)
{
	OukPage *page = call->page;
	GError *error = NULL;
	OukMay may = OUK_MAY;

	if (call->row->gate != OUK_GATE_FREE)
		may = consent_check(call, &error);
	else
		call->keys = g_ptr_array_new();
	if (may == OUK_MUST_ASK)
		return;
	if (may == OUK_MAY_NOT) {
		record_refusal(page, call->row->name, error);
		page_call_fail(call, error);
	} else {
		g_queue_push_tail(call->row->gate <= OUK_GATE_LIST ? &page->light : &page->heavy,
				  call);
		lanes_go(page);
	}
}

static gboolean
rate_take(OukPage *page)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&page->bridge->lock);
	g_autofree char *mine = g_strdup_printf("page %u", page->id);
	g_autofree char *site = g_strdup_printf("site %s", page->origin);
	gint64 now = g_get_monotonic_time();

	return ouk_rates_take(page->bridge->rates, mine, &page_rate, now) &&
	       ouk_rates_take(page->bridge->rates, site, &site_rate, now);
}

/* What is refused without looking any further. */
static gboolean
call_check(OukPage *page, const OukFamilyRow *row, const char *function, GError **error)
{
	g_autoptr(GError) refusal = NULL;

	if (page->closed)
		return ouk_fail(error, OUK_E_CANCELLED);
	if (page->calls->len >= CALLS_MAX || !rate_take(page))
		ouk_fail(&refusal, OUK_E_PAGE_BUSY);
	else if (row == NULL)
		ouk_fail(&refusal, OUK_E_PAGE_UNKNOWN);
	else if (row->gate >= OUK_GATE_REFUSED)
		ouk_fail(&refusal, OUK_E_PAGE_REFUSED);
	if (refusal == NULL)
		return TRUE;
	record_refusal(page, function, refusal);
	g_propagate_error(error, g_steal_pointer(&refusal));
	return FALSE;
}

static void
on_outer_cancelled(GCancellable *cancellable, gpointer data)
{
	GError *error = NULL;

	ouk_fail(&error, OUK_E_CANCELLED);
	page_call_fail(data, error);
}

void
ouk_page_call_start(OukPage *page, const OukPageCall *what, GCancellable *cancellable,
		    GAsyncReadyCallback callback, gpointer data)
{
	const OukFamilyRow *row = ouk_family_row(what->family, what->function);
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);
	GError *error = NULL;
	OukCall *call;

	g_task_set_check_cancellable(task, FALSE);
	if (what->args != NULL && row != NULL)
		wipe_pins(what->args, row);
	if (g_cancellable_is_cancelled(cancellable)) {
		ouk_fail(&error, OUK_E_CANCELLED);
		g_task_return_error(task, error);
		return;
	}
	if (!call_check(page, row, what->function, &error)) {
		g_task_return_error(task, error);
		return;
	}
	call = g_new0(OukCall, 1);
	call->page = page_ref(page);
	call->row = row;
	call->args = what->args != NULL ? json_array_ref(what->args) : json_array_new();
	call->task = g_steal_pointer(&task);
	call->cancellable = g_cancellable_new();
	call->made = g_get_monotonic_time();
	g_ptr_array_add(page->calls, call);
	/* By the signal, not g_cancellable_connect, whose lock would be held in the answer. */
	if (cancellable != NULL)
		call->outer = g_signal_connect(cancellable, "cancelled",
					       G_CALLBACK(on_outer_cancelled), call);
	page_call_resume(call);
}

JsonNode *
ouk_page_call_finish(OukPage *page, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
