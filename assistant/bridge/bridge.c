/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/core.h"

#include "assistant/core/errors.h"
#include "assistant/core/take_out.h"

#include <string.h>

OukWatch *
ouk_bridge_watch(OukBridge *bridge)
{
	return bridge->watch;
}

OukProfiles *
ouk_bridge_profiles(OukBridge *bridge)
{
	return bridge->profiles;
}

/* ---- keys that come and go ---- */

static void
pages_push(OukBridge *bridge)
{
	g_autoptr(GPtrArray) pages = g_ptr_array_new_with_free_func((GDestroyNotify)page_unref);

	for (guint i = 0; i < bridge->pages->len; i++)
		g_ptr_array_add(pages, page_ref(g_ptr_array_index(bridge->pages, i)));
	for (guint i = 0; i < pages->len; i++) {
		OukPage *page = g_ptr_array_index(pages, i);

		if (!page->closed && page->push != NULL)
			page->push(page, OUK_PUSH_KEYS, page->data);
	}
}

static void
on_plugged(OukWatch *watch, OukTokenView *view, gpointer data)
{
	OukBridge *bridge = data;

	if ((ouk_token_view_info(view)->flags & OUK_TOKEN_VIRTUAL) != 0)
		g_atomic_int_set(&bridge->rehearsal, TRUE);
	pages_push(bridge);
}

/* Windows that are open for a key that went are taken back. */
static void
windows_end(OukBridge *bridge, const char *token_id)
{
	g_autoptr(GPtrArray) ends = g_ptr_array_new_with_free_func(g_object_unref);

	g_mutex_lock(&bridge->lock);
	for (guint i = 0; i < bridge->pages->len; i++) {
		OukPage *page = g_ptr_array_index(bridge->pages, i);
		OukCall *call = page->at_heavy;

		if (call == NULL || g_strcmp0(call->asking, token_id) != 0)
			continue;
		call->pulled = TRUE;
		g_ptr_array_add(ends, g_object_ref(call->cancellable));
	}
	g_mutex_unlock(&bridge->lock);
	for (guint i = 0; i < ends->len; i++)
		g_cancellable_cancel(g_ptr_array_index(ends, i));
}

static void
on_pulled(OukWatch *watch, OukTokenView *view, gpointer data)
{
	OukBridge *bridge = data;
	const char *token_id = ouk_token_view_info(view)->id;

	windows_end(bridge, token_id);
	ouk_sessions_pulled(bridge->sessions, token_id);
	pages_push(bridge);
}

/* ---- sessions ---- */

static void
on_session_ended(const OukSession *session, const char *why, gpointer data)
{
	OukBridge *bridge = data;
	const OukJournalEntry entry = {
		.event = "session-end",
		.origin = session->origin,
		.key = session->login->serial,
		.program = session->program,
		.result = why,
	};
	g_autoptr(GError) error = NULL;

	if (!ouk_journal_add(bridge->journal, &entry, &error))
		g_warning("%s", error->message);
	/* the last one on a key that is still there */
	if (session->login->sessions == 0 && strcmp(why, "key") != 0)
		ouk_take_out_tell(session->title);
}

struct tidy {
	OukBridge *bridge;
	OukLogin *login;
};

static void
tidy_run(gpointer data)
{
	struct tidy *tidy = data;

	ouk_sessions_tidy(tidy->bridge->sessions, tidy->login);
}

static void
tidy_done(gpointer data)
{
	struct tidy *tidy = data;

	ouk_login_unref(tidy->login);
	g_free(tidy);
}

static void
on_login_unused(OukLogin *login, gpointer data)
{
	struct tidy *tidy = g_new(struct tidy, 1);

	*tidy = (struct tidy){data, login};
	work_push(data, tidy_run, tidy_done, tidy);
}

/* ---- beginning and end ---- */

static guint
seconds_of(guint wanted, guint most)
{
	return wanted == 0 ? most : MIN(wanted, most);
}

OukBridge *
ouk_bridge_new(const OukBridgeSetup *setup, GError **error)
{
	g_autoptr(OukJournal) journal = ouk_journal_open(error);
	OukBridge *bridge;

	if (journal == NULL)
		return NULL;
	bridge = g_new0(OukBridge, 1);
	bridge->context = g_main_context_ref_thread_default();
	bridge->journal = g_steal_pointer(&journal);
	bridge->pages = g_ptr_array_new();
	bridge->resuming = g_ptr_array_new();
	bridge->seeks = g_hash_table_new(g_str_hash, g_str_equal);
	bridge->warned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	bridge->asks = ouk_ask_queue_new();
	bridge->rates = ouk_rates_new();
	g_mutex_init(&bridge->lock);
	bridge->memory = ouk_memory_open(NULL, NULL);
	bridge->profiles = ouk_profiles_load_default();
	bridge->sessions = ouk_sessions_new(&(OukSessionsSetup){
		.idle = seconds_of(setup->session_idle, OUK_SESSION_IDLE),
		.limit = seconds_of(setup->session_limit, OUK_SESSION_LIMIT),
		.context = bridge->context,
		.ended = on_session_ended,
		.unused = on_login_unused,
		.data = bridge,
	});
	bridge->watch = ouk_watch_new(setup->modules, bridge->memory);
	g_signal_connect(bridge->watch, "plugged", G_CALLBACK(on_plugged), bridge);
	g_signal_connect(bridge->watch, "pulled", G_CALLBACK(on_pulled), bridge);
	return bridge;
}

/* Workers may want something of the main context before they are over. */
static void
workers_end(OukBridge *bridge)
{
	while (g_atomic_int_get(&bridge->working) > 0)
		g_main_context_iteration(bridge->context, TRUE);
	if (bridge->workers != NULL)
		g_thread_pool_free(bridge->workers, FALSE, TRUE);
}

void
ouk_bridge_free(OukBridge *bridge)
{
	if (bridge == NULL)
		return;
	bridge->closing = TRUE;
	g_signal_handlers_disconnect_by_data(bridge->watch, bridge);
	while (bridge->pages->len > 0)
		ouk_page_close(g_ptr_array_index(bridge->pages, 0));
	consent_end(bridge);
	(void)ouk_sessions_end(bridge->sessions, &(OukSessionFilter){0}, "bridge");
	workers_end(bridge);
	ouk_sessions_free(bridge->sessions);
	ouk_watch_close(bridge->watch);
	g_object_unref(bridge->watch);
	g_clear_pointer(&bridge->memory, ouk_memory_unref);
	ouk_profiles_unref(bridge->profiles);
	ouk_journal_free(bridge->journal);
	g_ptr_array_unref(bridge->pages);
	g_ptr_array_unref(bridge->resuming);
	g_hash_table_unref(bridge->seeks);
	g_hash_table_unref(bridge->warned);
	g_clear_pointer(&bridge->consents, g_ptr_array_unref);
	g_free(bridge->consents_stamp);
	ouk_ask_queue_free(bridge->asks);
	ouk_rates_free(bridge->rates);
	g_mutex_clear(&bridge->lock);
	g_main_context_unref(bridge->context);
	g_free(bridge);
}
