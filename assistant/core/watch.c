/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/watch.h"

#include "assistant/core/marks.h"
#include "assistant/core/pcscd.h"
#include "assistant/core/watch_slot.h"

#include <string.h>

#define SETTLE_MS   5000 /* a module that takes longer is not waited for */
#define RETRY_MS    3000 /* a key that could not be read */
#define DAY_LOOK_MS (10 * 60 * 1000)

/* A key in the list. */
struct entry {
	OukSlot *slot;
	OukTokenView *view;
};

struct _OukWatch {
	GObject parent;
	OukMemory *memory;
	GHashTable *asked; /* fingerprint -> OukAsked */
	OukMarks *marks;
	OukEngine *engine; /* NULL: closed */
	OukPcscd *pcscd;
	GMainContext *context;
	GPtrArray *entries; /* of struct entry */
	GSource *settle, *retry, *day;
	OukWatchState state;
	gboolean loaded, settled;
	guint modules, looked, pending;
	int today;
};

enum { CHANGED, PLUGGED, PULLED, SIGNALS };

static guint signals[SIGNALS];

static void watch_list_init(GListModelInterface *list);

G_DEFINE_TYPE_WITH_CODE(OukWatch, ouk_watch, G_TYPE_OBJECT,
			G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, watch_list_init))

/* ---- the list ---- */

static GType
list_item_type(GListModel *list)
{
	return OUK_TYPE_TOKEN_VIEW;
}

static guint
list_count(GListModel *list)
{
	return OUK_WATCH(list)->entries->len;
}

static gpointer
list_item(GListModel *list, guint position)
{
	OukWatch *watch = OUK_WATCH(list);

	if (position >= watch->entries->len)
		return NULL;
	return g_object_ref(((struct entry *)g_ptr_array_index(watch->entries, position))->view);
}

static void
watch_list_init(GListModelInterface *list)
{
	list->get_item_type = list_item_type;
	list->get_n_items = list_count;
	list->get_item = list_item;
}

static void
entry_free(struct entry *entry)
{
	g_object_unref(entry->view);
	g_free(entry);
}

/* G_MAXUINT when the slot has no key in the list. */
static guint
entry_of_slot(const OukWatch *watch, const OukSlot *slot)
{
	for (guint i = 0; i < watch->entries->len; i++)
		if (((struct entry *)g_ptr_array_index(watch->entries, i))->slot == slot)
			return i;
	return G_MAXUINT;
}

/* ---- state ---- */

static const char *const state_names[OUK_WATCH_STATE_COUNT] = {
	[OUK_WATCH_STARTING] = "starting",     [OUK_WATCH_NO_MODULE] = "no-module",
	[OUK_WATCH_NO_SERVICE] = "no-service", [OUK_WATCH_EMPTY] = "empty",
	[OUK_WATCH_READY] = "ready",
};

const char *
ouk_watch_state_name(OukWatchState state)
{
	return state_names[state];
}

OukWatchState
ouk_watch_state(OukWatch *watch)
{
	return watch->state;
}

gboolean
ouk_watch_settled(OukWatch *watch)
{
	return watch->settled;
}

static OukWatchState
state_now(const OukWatch *watch)
{
	if (watch->engine == NULL)
		return OUK_WATCH_EMPTY;
	if (watch->entries->len > 0)
		return OUK_WATCH_READY;
	if (watch->loaded && watch->modules == 0)
		return OUK_WATCH_NO_MODULE;
	if (!watch->settled)
		return OUK_WATCH_STARTING;
	return ouk_pcscd_is_up(watch->pcscd) ? OUK_WATCH_EMPTY : OUK_WATCH_NO_SERVICE;
}

static void
watch_changed(OukWatch *watch)
{
	watch->state = state_now(watch);
	g_signal_emit(watch, signals[CHANGED], 0);
}

/* Only when the state is another one. */
static void
state_look(OukWatch *watch)
{
	if (state_now(watch) != watch->state)
		watch_changed(watch);
}

static void
source_clear(GSource **source)
{
	if (*source == NULL)
		return;
	g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

static void
source_set(OukWatch *watch, GSource **source, guint ms, GSourceFunc fn)
{
	source_clear(source);
	*source = g_timeout_source_new(ms);
	g_source_set_callback(*source, fn, watch, NULL);
	g_source_attach(*source, watch->context);
}

static void
settle(OukWatch *watch)
{
	watch->settled = TRUE;
	source_clear(&watch->settle);
	state_look(watch);
}

static void
settle_look(OukWatch *watch)
{
	if (!watch->settled && watch->loaded && watch->looked >= watch->modules &&
	    watch->pending == 0)
		settle(watch);
}

static gboolean
on_settle_late(gpointer data)
{
	settle(data);
	return G_SOURCE_REMOVE;
}

/* ---- snapshots ---- */

static OukAsked
note_asked(const char *sha256, gpointer data)
{
	OukWatch *watch = data;

	return (OukAsked)GPOINTER_TO_INT(g_hash_table_lookup(watch->asked, sha256));
}

/* The snapshot with what this computer knows besides. */
static OukTokenView *
view_noted(OukWatch *watch, OukTokenView *view)
{
	OukNotes notes = {watch->memory, watch->marks, note_asked, watch};

	return ouk_token_view_again(view, &notes, g_get_real_time() / G_USEC_PER_SEC);
}

static void
views_again(OukWatch *watch)
{
	guint count = watch->entries->len;

	for (guint i = 0; i < count; i++) {
		struct entry *entry = g_ptr_array_index(watch->entries, i);
		OukTokenView *again = view_noted(watch, entry->view);

		g_object_unref(entry->view);
		entry->view = again;
	}
	if (count > 0)
		g_list_model_items_changed(G_LIST_MODEL(watch), 0, count, count);
	watch_changed(watch);
}

static int
day_now(void)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();

	return g_date_time_get_year(now) * 1000 + g_date_time_get_day_of_year(now);
}

/* Days left are other ones after midnight. */
static gboolean
on_day_look(gpointer data)
{
	OukWatch *watch = data;

	if (watch->today != day_now()) {
		watch->today = day_now();
		views_again(watch);
	}
	return G_SOURCE_CONTINUE;
}

/* A key that another program held, or that gave a strange answer, is asked again. */
static gboolean
on_retry(gpointer data)
{
	OukWatch *watch = data;
	gboolean more = FALSE;

	for (guint i = 0; i < watch->entries->len; i++) {
		struct entry *entry = g_ptr_array_index(watch->entries, i);
		g_autoptr(GTask) task = NULL;

		if (!ouk_token_view_info(entry->view)->failed)
			continue;
		more = TRUE;
		task = g_task_new(watch, NULL, NULL, NULL);
		ouk_engine_read(watch->engine, entry->slot, NULL, task);
	}
	if (more)
		return G_SOURCE_CONTINUE;
	g_clear_pointer(&watch->retry, g_source_unref);
	return G_SOURCE_REMOVE;
}

static void
entry_remove(OukWatch *watch, guint at)
{
	struct entry *entry = g_ptr_array_steal_index(watch->entries, at);

	g_list_model_items_changed(G_LIST_MODEL(watch), at, 1, 0);
	g_signal_emit(watch, signals[PULLED], 0, entry->view);
	entry_free(entry);
	watch_changed(watch);
}

static void
entry_add(OukWatch *watch, OukSlot *slot, OukTokenView *view)
{
	struct entry *entry = g_new0(struct entry, 1);

	entry->slot = slot;
	entry->view = g_object_ref(view);
	g_ptr_array_add(watch->entries, entry);
	g_list_model_items_changed(G_LIST_MODEL(watch), watch->entries->len - 1, 0, 1);
	g_signal_emit(watch, signals[PLUGGED], 0, view);
	watch_changed(watch);
}

static void
entry_replace(OukWatch *watch, guint at, OukTokenView *view)
{
	struct entry *entry = g_ptr_array_index(watch->entries, at);

	g_object_unref(entry->view);
	entry->view = g_object_ref(view);
	g_list_model_items_changed(G_LIST_MODEL(watch), at, 1, 1);
	watch_changed(watch);
}

static gboolean
is_same_key(const OukTokenView *a, const OukTokenView *b)
{
	return strcmp(ouk_token_view_info(a)->key_id, ouk_token_view_info(b)->key_id) == 0;
}

/* view NULL: there is nothing (any more). */
static void
entry_put(OukWatch *watch, OukSlot *slot, OukTokenView *read)
{
	g_autoptr(OukTokenView) view = read != NULL ? view_noted(watch, read) : NULL;
	guint at = entry_of_slot(watch, slot);
	const struct entry *entry = at != G_MAXUINT ? g_ptr_array_index(watch->entries, at) : NULL;

	if (entry != NULL && view != NULL &&
	    (is_same_key(entry->view, view) || ouk_token_view_info(entry->view)->failed)) {
		entry_replace(watch, at, view);
	} else {
		if (entry != NULL)
			entry_remove(watch, at);
		if (view != NULL)
			entry_add(watch, slot, view);
	}
	if (view != NULL && ouk_token_view_info(view)->failed && watch->retry == NULL &&
	    watch->engine != NULL)
		source_set(watch, &watch->retry, RETRY_MS, on_retry);
}

/* ---- what the engine reports ---- */

/* How many keys a refresh still waits for. */
struct refresh {
	guint left;
	gboolean one; /* and it must be there */
};

static void
task_end(GTask *task, gboolean there)
{
	struct refresh *refresh = g_task_get_task_data(task);

	if (refresh != NULL && --refresh->left > 0)
		return;
	g_task_return_boolean(task, there || refresh == NULL || !refresh->one);
}

static void
on_loaded(guint modules, gpointer data)
{
	OukWatch *watch = data;

	watch->loaded = TRUE;
	watch->modules = modules;
	settle_look(watch);
	state_look(watch);
}

static void
on_looked(gpointer data)
{
	OukWatch *watch = data;

	watch->looked++;
	settle_look(watch);
}

static void
on_coming(OukSlot *slot, gint generation, gpointer data)
{
	OUK_WATCH(data)->pending++;
}

static void
on_gone(OukSlot *slot, gpointer data)
{
	OukWatch *watch = data;
	guint at = entry_of_slot(watch, slot);

	if (at != G_MAXUINT)
		entry_remove(watch, at);
}

static void
on_read(OukSlot *slot, gint generation, OukTokenView *view, GTask *task, gpointer data)
{
	g_autoptr(OukWatch) watch = g_object_ref(data);
	gboolean current = generation == g_atomic_int_get(&slot->generation);

	if (task == NULL)
		watch->pending--;
	if (current)
		entry_put(watch, slot, view);
	if (task != NULL)
		task_end(task, current && view != NULL);
	settle_look(watch);
}

static void
on_more(OukSlot *slot, gint generation, OukTokenView *view, gpointer data)
{
	if (generation == g_atomic_int_get(&slot->generation))
		entry_put(data, slot, view);
}

static const OukEngineReport report = {
	.loaded = on_loaded,
	.looked = on_looked,
	.coming = on_coming,
	.gone = on_gone,
	.read = on_read,
	.more = on_more,
};

static void
on_service(gpointer data)
{
	OukWatch *watch = data;

	if (ouk_pcscd_is_up(watch->pcscd))
		ouk_engine_kick(watch->engine);
	state_look(watch);
}

/* ---- beginning and end ---- */

static void
ouk_watch_dispose(GObject *object)
{
	ouk_watch_close(OUK_WATCH(object));
	G_OBJECT_CLASS(ouk_watch_parent_class)->dispose(object);
}

static void
ouk_watch_finalize(GObject *object)
{
	OukWatch *watch = OUK_WATCH(object);

	g_clear_pointer(&watch->memory, ouk_memory_unref);
	g_hash_table_unref(watch->asked);
	g_hash_table_unref(watch->marks);
	g_ptr_array_unref(watch->entries);
	g_main_context_unref(watch->context);
	G_OBJECT_CLASS(ouk_watch_parent_class)->finalize(object);
}

static guint
signal_new(const char *name, guint count)
{
	return g_signal_new(name, OUK_TYPE_WATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
			    G_TYPE_NONE, count, OUK_TYPE_TOKEN_VIEW);
}

static void
ouk_watch_class_init(OukWatchClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ouk_watch_dispose;
	G_OBJECT_CLASS(klass)->finalize = ouk_watch_finalize;
	signals[CHANGED] = signal_new("changed", 0);
	signals[PLUGGED] = signal_new("plugged", 1);
	signals[PULLED] = signal_new("pulled", 1);
}

static void
ouk_watch_init(OukWatch *watch)
{
	watch->entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
	watch->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	watch->marks = ouk_marks_new();
	watch->context = g_main_context_ref_thread_default();
	watch->today = day_now();
}

OukWatch *
ouk_watch_new(const char *modules, OukMemory *memory)
{
	OukWatch *watch = g_object_new(OUK_TYPE_WATCH, NULL);

	if (modules == NULL)
		modules = g_getenv("OPENUKEY_MODULE"); /* for trying out a module not installed */
	watch->memory = memory != NULL ? ouk_memory_ref(memory) : NULL;
	watch->pcscd = ouk_pcscd_new(on_service, watch);
	watch->engine = ouk_engine_new(modules, &report, watch);
	source_set(watch, &watch->settle, SETTLE_MS, on_settle_late);
	source_set(watch, &watch->day, DAY_LOOK_MS, on_day_look);
	return watch;
}

void
ouk_watch_close(OukWatch *watch)
{
	guint count = watch->entries->len;

	g_clear_pointer(&watch->engine, ouk_engine_free);
	g_clear_pointer(&watch->pcscd, ouk_pcscd_free);
	source_clear(&watch->settle);
	source_clear(&watch->retry);
	source_clear(&watch->day);
	g_ptr_array_set_size(watch->entries, 0);
	if (count > 0)
		g_list_model_items_changed(G_LIST_MODEL(watch), 0, count, 0);
}

/* ---- asked from outside ---- */

static struct entry *
entry_find(OukWatch *watch, const char *id)
{
	for (guint i = 0; i < watch->entries->len; i++) {
		struct entry *entry = g_ptr_array_index(watch->entries, i);
		const OukTokenInfo *info = ouk_token_view_info(entry->view);

		if (strcmp(info->id, id) == 0 || strcmp(info->key_id, id) == 0)
			return entry;
	}
	return NULL;
}

OukTokenView *
ouk_watch_find(OukWatch *watch, const char *id)
{
	const struct entry *entry = entry_find(watch, id);

	return entry != NULL ? entry->view : NULL;
}

OukSlot *
ouk_watch_slot(OukWatch *watch, const char *id, OukEngine **ret_engine)
{
	const struct entry *entry = entry_find(watch, id);

	if (entry == NULL || watch->engine == NULL)
		return NULL;
	*ret_engine = watch->engine;
	return entry->slot;
}

static void
entry_refresh(OukWatch *watch, const struct entry *entry, OukRefresh depth, GTask *task)
{
	ouk_engine_read(watch->engine, entry->slot, depth == OUK_REFRESH_TRIES ? entry->view : NULL,
			task);
}

void
ouk_watch_refresh_async(OukWatch *watch, const char *id, OukRefresh depth,
			GAsyncReadyCallback callback, gpointer data)
{
	g_autoptr(GTask) task = g_task_new(watch, NULL, callback, data);
	const struct entry *entry = id != NULL ? entry_find(watch, id) : NULL;
	struct refresh *refresh = g_new0(struct refresh, 1);
	guint count = watch->entries->len;

	g_task_set_source_tag(task, ouk_watch_refresh_async);
	g_task_set_task_data(task, refresh, g_free);
	refresh->one = id != NULL;
	refresh->left = refresh->one ? 1 : count;
	if (watch->engine == NULL || (refresh->one && entry == NULL)) {
		g_task_return_boolean(task, FALSE);
		return;
	}
	if (refresh->one) {
		entry_refresh(watch, entry, depth, task);
		return;
	}
	ouk_engine_kick(watch->engine);
	if (count == 0)
		g_task_return_boolean(task, TRUE);
	for (guint i = 0; i < count; i++)
		entry_refresh(watch, g_ptr_array_index(watch->entries, i), depth, task);
}

gboolean
ouk_watch_refresh_finish(OukWatch *watch, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), NULL) || ouk_fail(error, OUK_E_REMOVED);
}

void
ouk_watch_note_asked(OukWatch *watch, const char *sha256, OukAsked asked)
{
	g_hash_table_replace(watch->asked, g_strdup(sha256), GINT_TO_POINTER(asked));
	views_again(watch);
}

void
ouk_watch_note_memory(OukWatch *watch)
{
	views_again(watch);
}
