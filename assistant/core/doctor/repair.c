/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/repair.h"

#include "assistant/core/doctor/holder.h"
#include "assistant/core/doctor/run.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>

#define END_STEP_US (50 * 1000)
#define END_STEPS   100

#define REPAIR(name, title, plan) {#name, title, plan},
static const struct {
	const char *name, *title;
	gboolean (*plan)(OukRepair *repair, const OukClues *clues, GError **error);
} rows[] = {
#include "assistant/core/doctor/repairs.def"
};
#undef REPAIR

/* ---- planning ---- */

/* The words that are shown come from the change itself. */
static gboolean
describe(OukRepair *repair, GError **error)
{
	if (repair->change != NULL)
		return TRUE;
	if (repair->files != NULL)
		repair->change = change_text(repair->files);
	else
		repair->change = root_show(repair->root, error);
	return repair->change != NULL;
}

OukRepair *
ouk_repair_new(OukDoctor *doctor, const OukFinding *finding, GError **error)
{
	g_autoptr(OukRepair) repair = g_new0(OukRepair, 1);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (g_strcmp0(rows[i].name, finding->repair) != 0)
			continue;
		repair->title = rows[i].title;
		if (!rows[i].plan(repair, doctor_clues(doctor), error) || !describe(repair, error))
			return NULL;
		return g_steal_pointer(&repair);
	}
	ouk_fail(error, OUK_E_NO_REPAIR);
	return NULL;
}

OukRepair *
ouk_repair_undo(GError **error)
{
	g_autoptr(OukRepair) repair = g_new0(OukRepair, 1);

	repair->title = N_("Undo the last repair");
	if (!undo_plan(repair, error) || !describe(repair, error))
		return NULL;
	return g_steal_pointer(&repair);
}

void
ouk_repair_free(OukRepair *repair)
{
	if (repair == NULL)
		return;
	g_clear_pointer(&repair->files, g_ptr_array_unref);
	g_strfreev(repair->root);
	g_free(repair->change);
	g_free(repair->undoes);
	g_free(repair);
}

const char *
ouk_repair_title(const OukRepair *repair)
{
	return _(repair->title);
}

const char *
ouk_repair_change(const OukRepair *repair)
{
	return repair->change;
}

gboolean
ouk_repair_needs_root(const OukRepair *repair)
{
	return repair->root != NULL;
}

gboolean
ouk_repair_has_undo(const OukRepair *repair)
{
	return repair->has_undo;
}

/* ---- making the change ---- */

/* Asks the process to end; never forces it: it may be about to save something. */
static gboolean
end_process(const OukRepair *repair, GError **error)
{
	if (process_start(repair->end) != repair->end_start)
		return TRUE; /* gone meanwhile */
	if (kill(repair->end, SIGTERM) != 0)
		return ouk_fail_with(error, OUK_E_REPAIR_FAILED, "(%s)",
				     _("it belongs to another user"));
	for (int i = 0; i < END_STEPS; i++) {
		if (process_start(repair->end) != repair->end_start)
			return TRUE;
		g_usleep(END_STEP_US);
	}
	return ouk_fail_with(error, OUK_E_REPAIR_FAILED, "(%s)",
			     _("it does not end; close it by hand"));
}

static gboolean
make_files(const OukRepair *repair, GError **error)
{
	for (guint i = 0; i < repair->files->len; i++)
		if (!change_check(g_ptr_array_index(repair->files, i), error))
			return FALSE;
	for (guint i = 0; i < repair->files->len; i++)
		if (!change_make(g_ptr_array_index(repair->files, i), error))
			return FALSE;
	return TRUE;
}

static gboolean
make(const OukRepair *repair, GCancellable *cancellable, GError **error)
{
	g_autofree char *record = NULL, *id = NULL;

	if (repair->end != 0)
		return end_process(repair, error);
	if (repair->has_undo && repair->undoes == NULL) {
		record = undo_keep(repair, error);
		if (record == NULL)
			return FALSE;
	}
	if (repair->files != NULL ? !make_files(repair, error)
				  : !root_run(repair->root, cancellable, &id, error)) {
		if (record != NULL)
			undo_drop(record);
		return FALSE;
	}
	if (repair->undoes != NULL)
		undo_drop(repair->undoes);
	return record == NULL || undo_finish(record, id, error);
}

gboolean
ouk_repair_apply(OukRepair *repair, GCancellable *cancellable, GError **error)
{
	gboolean done = make(repair, cancellable, error);

	ouk_repair_free(repair);
	return done;
}

static void
apply_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	GError *error = NULL;

	if (make(task_data, cancellable, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

void
ouk_repair_apply_async(OukRepair *repair, GCancellable *cancellable, GAsyncReadyCallback callback,
		       gpointer data)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);

	g_task_set_source_tag(task, ouk_repair_apply_async);
	g_task_set_task_data(task, repair, (GDestroyNotify)ouk_repair_free);
	g_task_run_in_thread(task, apply_thread);
}

gboolean
ouk_repair_apply_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
