/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/engine.h"

#include "assistant/core/module.h"

#include <string.h>

#define READERS_MAX     4    /* keys read at the same time */
#define POLL_MS         1500 /* modules that cannot wait */
#define RETRY_MS        1000 /* a module that could wait but has nothing to wait on */
#define GENERATION_NONE (-1)
#define EVENTS_MAX      64 /* at one look: a module that reports without end is not believed */

/* A module's thread. */
struct lane {
	OukEngine *engine;
	const OukModule *module;
	GPtrArray *slots; /* of OukSlot; only grows */
	GThread *thread;
};

struct _OukEngine {
	const OukEngineReport *report;
	gpointer data;
	GMainContext *context;
	char *paths;
	GThread *loader;
	OukModules *modules;
	GPtrArray *lanes; /* of struct lane */
	GThreadPool *readers;

	GMutex lock; /* for what follows */
	GCond wake;  /* kicked, stopping, users */
	guint kicks;
	guint users;    /* jobs */
	guint readings; /* in the pool */
	gboolean stopping;

	GQueue notes;    /* of struct note, for the main context */
	GSource *source; /* that brings them there; NULL: none is under way */
};

/* ---- telling the main context ---- */

enum note_kind { NOTE_LOADED, NOTE_LOOKED, NOTE_COMING, NOTE_GONE, NOTE_READ, NOTE_MORE };

struct note {
	enum note_kind kind;
	guint modules;
	OukSlot *slot;
	gint generation;
	OukTokenView *view;
	GTask *task;
};

static void
note_free(struct note *note)
{
	g_clear_object(&note->view);
	g_clear_object(&note->task);
	g_free(note);
}

static void
note_tell(const OukEngine *engine, const struct note *note)
{
	const OukEngineReport *report = engine->report;

	switch (note->kind) {
	case NOTE_LOADED:
		report->loaded(note->modules, engine->data);
		break;
	case NOTE_LOOKED:
		report->looked(engine->data);
		break;
	case NOTE_COMING:
		report->coming(note->slot, note->generation, engine->data);
		break;
	case NOTE_GONE:
		report->gone(note->slot, engine->data);
		break;
	case NOTE_READ:
		report->read(note->slot, note->generation, note->view, note->task, engine->data);
		break;
	case NOTE_MORE:
		report->more(note->slot, note->generation, note->view, engine->data);
		break;
	}
}

static struct note *
note_next(OukEngine *engine)
{
	struct note *note;

	g_mutex_lock(&engine->lock);
	note = g_queue_pop_head(&engine->notes);
	if (note == NULL && engine->source != NULL)
		g_clear_pointer(&engine->source, g_source_unref);
	g_mutex_unlock(&engine->lock);
	return note;
}

/* One note each time: what is told may end the engine, which takes this source with it. */
static gboolean
on_notes(gpointer data)
{
	OukEngine *engine = data;
	struct note *note = note_next(engine);

	if (note == NULL)
		return G_SOURCE_REMOVE;
	note_tell(engine, note);
	note_free(note);
	return G_SOURCE_CONTINUE;
}

/* Takes the note. */
static void
note_post(OukEngine *engine, const struct note *from)
{
	g_mutex_lock(&engine->lock);
	g_queue_push_tail(&engine->notes, g_memdup2(from, sizeof(*from)));
	if (engine->source == NULL) {
		engine->source = g_idle_source_new();
		g_source_set_priority(engine->source, G_PRIORITY_DEFAULT);
		g_source_set_callback(engine->source, on_notes, engine, NULL);
		g_source_attach(engine->source, engine->context);
	}
	g_mutex_unlock(&engine->lock);
}

/* ---- reading keys ---- */

struct reading {
	OukSlot *slot;
	gint generation;
	OukTokenView *before;
	GTask *task;
};

static gboolean
is_stopping(OukEngine *engine)
{
	gboolean stopping;

	g_mutex_lock(&engine->lock);
	stopping = engine->stopping;
	g_mutex_unlock(&engine->lock);
	return stopping;
}

/* Whether this key is still the one that is wanted. */
static gboolean
is_wanted(OukEngine *engine, const struct reading *reading)
{
	return !is_stopping(engine) &&
	       reading->generation == g_atomic_int_get(&reading->slot->generation);
}

/* First what people look for; then, a few commands later, what may be wrong with it. */
static void
reading_more(OukEngine *engine, const struct reading *reading, OukTokenView *view)
{
	struct note more = {NOTE_MORE, .slot = reading->slot, .generation = reading->generation};

	g_mutex_lock(&reading->slot->busy);
	more.view = ouk_token_view_check(&reading->slot->place, view);
	g_mutex_unlock(&reading->slot->busy);
	if (more.view != NULL)
		note_post(engine, &more);
}

static void
reading_do(OukEngine *engine, const struct reading *reading)
{
	struct note note = {NOTE_READ, .slot = reading->slot, .generation = reading->generation};
	g_autoptr(OukTokenView) view = NULL;

	if (is_wanted(engine, reading)) {
		g_mutex_lock(&reading->slot->busy);
		view = ouk_token_view_read(&reading->slot->place, reading->before);
		g_mutex_unlock(&reading->slot->busy);
	}
	note.view = view != NULL ? g_object_ref(view) : NULL;
	note.task = reading->task;
	note_post(engine, &note);
	if (view != NULL && reading->before == NULL && is_wanted(engine, reading))
		reading_more(engine, reading, view);
}

static void
reading_run(gpointer item, gpointer data)
{
	struct reading *reading = item;
	OukEngine *engine = data;

	reading_do(engine, reading);
	g_clear_object(&reading->before);
	g_free(reading);
	g_mutex_lock(&engine->lock);
	engine->readings--;
	g_cond_broadcast(&engine->wake);
	g_mutex_unlock(&engine->lock);
}

void
ouk_engine_read(OukEngine *engine, OukSlot *slot, OukTokenView *before, GTask *task)
{
	struct reading *reading = g_new0(struct reading, 1);

	reading->slot = slot;
	reading->generation = g_atomic_int_get(&slot->generation);
	reading->before = before != NULL ? g_object_ref(before) : NULL;
	reading->task = task != NULL ? g_object_ref(task) : NULL;
	g_mutex_lock(&engine->lock);
	engine->readings++;
	g_mutex_unlock(&engine->lock);
	g_thread_pool_push(engine->readers, reading, NULL);
}

/* ---- looking for keys ---- */

static OukSlot *
lane_slot(struct lane *lane, CK_SLOT_ID id)
{
	OukSlot *slot;

	for (guint i = 0; i < lane->slots->len; i++) {
		slot = g_ptr_array_index(lane->slots, i);
		if (slot->place.slot == id)
			return slot;
	}
	slot = g_new0(OukSlot, 1);
	slot->place = (OukPlace){
		.module = lane->module->functions,
		.vendor = lane->module->vendor,
		.module_name = lane->module->name,
		.slot = id,
	};
	g_mutex_init(&slot->busy);
	g_ptr_array_add(lane->slots, slot);
	return slot;
}

static void
slot_free(OukSlot *slot)
{
	g_mutex_clear(&slot->busy);
	g_free(slot);
}

static void
slot_gone(struct lane *lane, OukSlot *slot)
{
	slot->present = FALSE;
	g_atomic_int_inc(&slot->generation);
	note_post(lane->engine, &(struct note){NOTE_GONE, .slot = slot});
}

static void
slot_coming(struct lane *lane, OukSlot *slot)
{
	gint generation;

	slot->present = TRUE;
	slot->dirty = FALSE;
	g_atomic_int_inc(&slot->generation);
	generation = g_atomic_int_get(&slot->generation);
	note_post(lane->engine,
		  &(struct note){NOTE_COMING, .slot = slot, .generation = generation});
	ouk_engine_read(lane->engine, slot, NULL, NULL);
}

static gboolean
contains(const CK_SLOT_ID *ids, CK_ULONG count, CK_SLOT_ID id)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (ids[i] == id)
			return TRUE;
	return FALSE;
}

/* The slots with a key in them; a module that fails has none. */
static CK_SLOT_ID *
lane_list(const struct lane *lane, CK_ULONG *ret_count)
{
	CK_FUNCTION_LIST *functions = lane->module->functions;
	g_autofree CK_SLOT_ID *ids = NULL;
	CK_ULONG count = 0;

	*ret_count = 0;
	if (functions->C_GetSlotList(CK_TRUE, NULL, &count) != CKR_OK || count == 0)
		return NULL;
	count += READERS_MAX; /* room for those that come meanwhile */
	ids = g_new0(CK_SLOT_ID, count);
	if (functions->C_GetSlotList(CK_TRUE, ids, &count) != CKR_OK)
		return NULL;
	*ret_count = count;
	return g_steal_pointer(&ids);
}

static void
lane_look(struct lane *lane)
{
	CK_ULONG count;
	g_autofree CK_SLOT_ID *ids = lane_list(lane, &count);

	for (guint i = 0; i < lane->slots->len; i++) {
		OukSlot *slot = g_ptr_array_index(lane->slots, i);

		if (slot->present && !contains(ids, count, slot->place.slot))
			slot_gone(lane, slot);
	}
	for (CK_ULONG i = 0; i < count; i++) {
		OukSlot *slot = lane_slot(lane, ids[i]);

		if (!slot->present || slot->dirty)
			slot_coming(lane, slot);
	}
}

/* Notes which slots changed, even if they look as before by now. */
static void
lane_drain(struct lane *lane)
{
	CK_SLOT_ID id = 0;

	for (guint i = 0; i < EVENTS_MAX; i++) {
		if (lane->module->functions->C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL) !=
		    CKR_OK)
			return;
		lane_slot(lane, id)->dirty = TRUE;
	}
}

static void
lane_sleep(const struct lane *lane, guint ms)
{
	OukEngine *engine = lane->engine;
	gint64 end = g_get_monotonic_time() + (gint64)ms * 1000;
	guint kicks;

	g_mutex_lock(&engine->lock);
	kicks = engine->kicks;
	while (!engine->stopping && kicks == engine->kicks)
		if (!g_cond_wait_until(&engine->wake, &engine->lock, end))
			break;
	g_mutex_unlock(&engine->lock);
}

static void
lane_wait(struct lane *lane)
{
	CK_SLOT_ID id = 0;

	/* Of strangers' modules few can wait, and some of those that say so can not be woken. */
	if (lane->module->vendor == NULL)
		lane_sleep(lane, POLL_MS);
	else if (lane->module->functions->C_WaitForSlotEvent(0, &id, NULL) == CKR_OK)
		lane_slot(lane, id)->dirty = TRUE;
	else
		lane_sleep(lane, RETRY_MS);
	lane_drain(lane);
}

static gpointer
lane_run(gpointer data)
{
	struct lane *lane = data;

	lane_drain(lane);
	for (guint i = 0; i < lane->slots->len; i++)
		((OukSlot *)g_ptr_array_index(lane->slots, i))->dirty = FALSE;
	lane_look(lane);
	note_post(lane->engine, &(struct note){NOTE_LOOKED});
	while (!is_stopping(lane->engine)) {
		lane_wait(lane);
		if (!is_stopping(lane->engine))
			lane_look(lane);
	}
	return NULL;
}

static void
lane_free(struct lane *lane)
{
	g_ptr_array_unref(lane->slots);
	g_free(lane);
}

/* ---- beginning and end ---- */

static void
lane_start(OukEngine *engine, const OukModule *module)
{
	struct lane *lane = g_new0(struct lane, 1);

	lane->engine = engine;
	lane->module = module;
	lane->slots = g_ptr_array_new_with_free_func((GDestroyNotify)slot_free);
	g_ptr_array_add(engine->lanes, lane);
	lane->thread = g_thread_new("keys", lane_run, lane);
}

static gpointer
loader_run(gpointer data)
{
	OukEngine *engine = data;
	guint count;

	engine->modules = ouk_modules_load(engine->paths, NULL);
	count = engine->modules != NULL ? ouk_modules_count(engine->modules) : 0;
	note_post(engine, &(struct note){NOTE_LOADED, .modules = count});
	for (guint i = 0; i < count && !is_stopping(engine); i++)
		lane_start(engine, ouk_modules_get(engine->modules, i));
	return NULL;
}

OukEngine *
ouk_engine_new(const char *modules, const OukEngineReport *report, gpointer data)
{
	OukEngine *engine = g_new0(OukEngine, 1);

	engine->report = report;
	engine->data = data;
	engine->context = g_main_context_ref_thread_default();
	engine->paths = g_strdup(modules);
	engine->lanes = g_ptr_array_new_with_free_func((GDestroyNotify)lane_free);
	engine->readers = g_thread_pool_new(reading_run, engine, READERS_MAX, FALSE, NULL);
	g_mutex_init(&engine->lock);
	g_cond_init(&engine->wake);
	g_queue_init(&engine->notes);
	engine->loader = g_thread_new("modules", loader_run, engine);
	return engine;
}

/* Modules of strangers must not be ended under a call of ours; our own waits for them by itself. */
static void
lanes_join(OukEngine *engine, gboolean ours)
{
	for (guint i = 0; i < engine->lanes->len; i++) {
		struct lane *lane = g_ptr_array_index(engine->lanes, i);

		if ((lane->module->vendor != NULL) == ours)
			g_thread_join(lane->thread);
	}
}

static void
engine_stop(OukEngine *engine)
{
	g_mutex_lock(&engine->lock);
	engine->stopping = TRUE;
	g_cond_broadcast(&engine->wake);
	g_mutex_unlock(&engine->lock);
	g_thread_join(engine->loader);
	lanes_join(engine, FALSE);
	g_mutex_lock(&engine->lock);
	while (engine->users > 0 || engine->readings > 0)
		g_cond_wait(&engine->wake, &engine->lock);
	g_mutex_unlock(&engine->lock);
	/* Wakes those that wait for keys; unloaded only when they are out. */
	if (engine->modules != NULL)
		ouk_modules_finalize(engine->modules);
	lanes_join(engine, TRUE);
	g_thread_pool_free(engine->readers, FALSE, TRUE);
	ouk_modules_free(engine->modules);
}

void
ouk_engine_free(OukEngine *engine)
{
	struct note *note;

	if (engine == NULL)
		return;
	engine_stop(engine);
	if (engine->source != NULL) {
		g_source_destroy(engine->source);
		g_source_unref(engine->source);
	}
	while ((note = g_queue_pop_head(&engine->notes)) != NULL) {
		/* whoever waits for this reading is told that nothing came of it */
		if (note->task != NULL)
			engine->report->read(note->slot, GENERATION_NONE, NULL, note->task,
					     engine->data);
		note_free(note);
	}
	g_ptr_array_unref(engine->lanes);
	g_main_context_unref(engine->context);
	g_mutex_clear(&engine->lock);
	g_cond_clear(&engine->wake);
	g_free(engine->paths);
	g_free(engine);
}

void
ouk_engine_kick(OukEngine *engine)
{
	g_mutex_lock(&engine->lock);
	engine->kicks++;
	g_cond_broadcast(&engine->wake);
	g_mutex_unlock(&engine->lock);
}

gboolean
ouk_engine_enter(OukEngine *engine)
{
	gboolean entered;

	g_mutex_lock(&engine->lock);
	entered = !engine->stopping;
	if (entered)
		engine->users++;
	g_mutex_unlock(&engine->lock);
	return entered;
}

void
ouk_engine_leave(OukEngine *engine)
{
	g_mutex_lock(&engine->lock);
	engine->users--;
	g_cond_broadcast(&engine->wake);
	g_mutex_unlock(&engine->lock);
}
