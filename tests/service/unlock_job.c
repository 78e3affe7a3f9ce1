/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same as unlock_on_key, as the window does it: a job on a worker beside a main loop and the
 * list of keys.
 *
 *	unlock_job SOCKET SN ORDER GRANT NEW-PIN [at-once]
 *
 * at-once: cancelled before it begins; SIGUSR1 cancels it at any time.  Prints "stage NUMBER" (a
 * job's) and "step NUMBER" (of the unlock) as the main loop is told them, then "ok" or "error" with
 * the error's name, and last the tries left as the job says and how often the main loop turned.
 */
#include "assistant/core/errors.h"
#include "assistant/core/jobs.h"
#include "tests/service/unlock_service.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>

#define TICK_MS 20

struct run {
	GMainLoop *loop;
	GCancellable *cancellable;
	gboolean done;
	guint ticks;
};

static void
on_stage(OukJobStage stage, gpointer data)
{
	printf("stage %d\n", (int)stage);
	fflush(stdout);
}

static void
on_step(OukUnlockStep step, gpointer data)
{
	printf("step %d\n", (int)step);
	fflush(stdout);
}

static void
on_end(GObject *source, GAsyncResult *result, gpointer data)
{
	struct run *run = data;
	g_autoptr(GError) error = NULL;
	OukTries after = {0};

	run->done = ouk_job_finish(result, &after, &error);
	if (run->done)
		printf("ok\n");
	else
		printf("error %s %s\n",
		       error->domain == OUK_ERROR ? ouk_error_row(error)->name : "SERVICE",
		       error->message);
	printf("left %d\n", after.max > 0 ? (int)after.left : -1);
	g_main_loop_quit(run->loop);
}

static gboolean
on_signal(gpointer data)
{
	g_cancellable_cancel(((struct run *)data)->cancellable);
	return G_SOURCE_CONTINUE;
}

static gboolean
on_tick(gpointer data)
{
	((struct run *)data)->ticks++;
	return G_SOURCE_CONTINUE;
}

/* The key that is plugged in, as soon as it has been read. */
static const char *
key_await(OukWatch *watch)
{
	g_autoptr(OukTokenView) view = NULL;

	while (!ouk_watch_settled(watch) || g_list_model_get_n_items(G_LIST_MODEL(watch)) == 0)
		g_main_context_iteration(NULL, TRUE);
	view = g_list_model_get_item(G_LIST_MODEL(watch), 0);
	return ouk_token_view_info(view)->id; /* the list keeps it */
}

int
main(int argc, char **argv)
{
	UK_SECRET pin = {0};
	struct run run = {.cancellable = g_cancellable_new()};
	OukWatch *watch = ouk_watch_new(NULL, NULL);

	if (argc < 6 || uk_secret_set(&pin, uk_span_str(argv[5])) != UK_OK)
		return 2;
	struct order order = {argv[1], argv[2], argv[3], argv[4]};
	g_autofree char *id = g_strdup(key_await(watch));
	const OukUnlockOnKey job = {.watch = watch,
				    .token_id = id,
				    .sn = order.sn,
				    .order = order.number,
				    .service = order_service(&order),
				    .new_pin = &pin,
				    .progress = on_stage,
				    .progress_data = &run,
				    .step = on_step,
				    .step_data = &run};

	run.loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGUSR1, on_signal, &run);
	g_timeout_add(TICK_MS, on_tick, &run);
	if (argc > 6)
		g_cancellable_cancel(run.cancellable);
	ouk_job_unlock_async(&job, run.cancellable, on_end, &run);
	uk_secret_wipe(&pin); /* it has its own copy */
	g_main_loop_run(run.loop);
	printf("ticks %u\n", run.ticks);
	ouk_watch_close(watch);
	while (g_main_context_iteration(NULL, FALSE))
		;
	g_object_unref(watch);
	g_object_unref(run.cancellable);
	g_main_loop_unref(run.loop);
	return run.done ? 0 : 1;
}
