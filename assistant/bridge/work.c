/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/core.h"

/* One window is open at a time; the others that wait for it must not keep keys from being used. */
#define WORKERS_MAX 32

struct work {
	OukBridge *bridge;
	void (*run)(gpointer data);
	void (*done)(gpointer data);
	gpointer data;
};

/* Never on this thread, as g_main_context_invoke may do where nobody owns the context just now. */
static void
main_attach(OukBridge *bridge, GSourceFunc function, gpointer data)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, function, data, NULL);
	g_source_attach(source, bridge->context);
}

static gboolean
on_done(gpointer data)
{
	g_autofree struct work *work = data;

	if (work->done != NULL)
		work->done(work->data);
	g_atomic_int_add(&work->bridge->working, -1);
	return G_SOURCE_REMOVE;
}

/* The workers' function. */
static void
work_run(gpointer data, gpointer user)
{
	struct work *work = data;

	work->run(work->data);
	main_attach(work->bridge, on_done, work);
}

void
work_push(OukBridge *bridge, void (*run)(gpointer data), void (*done)(gpointer data), gpointer data)
{
	struct work *work = g_new(struct work, 1);

	*work = (struct work){bridge, run, done, data};
	if (bridge->workers == NULL)
		bridge->workers = g_thread_pool_new(work_run, NULL, WORKERS_MAX, FALSE, NULL);
	g_atomic_int_inc(&bridge->working);
	g_thread_pool_push(bridge->workers, work, NULL);
}

/* ---- back to the main context ---- */

struct errand {
	void (*run)(gpointer data);
	gpointer data;
	GMutex lock;
	GCond over;
	gboolean done;
};

static gboolean
on_errand(gpointer data)
{
	struct errand *errand = data;

	errand->run(errand->data);
	g_mutex_lock(&errand->lock);
	errand->done = TRUE;
	g_cond_signal(&errand->over);
	g_mutex_unlock(&errand->lock);
	return G_SOURCE_REMOVE;
}

void
work_on_main(OukBridge *bridge, void (*run)(gpointer data), gpointer data)
{
	struct errand errand = {.run = run, .data = data};

	g_mutex_init(&errand.lock);
	g_cond_init(&errand.over);
	main_attach(bridge, on_errand, &errand);
	g_mutex_lock(&errand.lock);
	while (!errand.done)
		g_cond_wait(&errand.over, &errand.lock);
	g_mutex_unlock(&errand.lock);
	g_mutex_clear(&errand.lock);
	g_cond_clear(&errand.over);
}
