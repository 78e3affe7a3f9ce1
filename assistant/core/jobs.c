/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/jobs.h"

#include "assistant/core/watch_slot.h"

#include <string.h>
#include <sys/mman.h>

/* The PINs of one job: pages of their own that are not swapped, dumped or inherited. */
struct pins {
	struct uk_secret pin, new_pin;
};

struct job {
	gboolean (*run)(struct job *job, OukToken *token, GError **error);
	OukEngine *engine;
	OukSlot *slot;
	char *token_id, *key_serial;
	struct pins *pins; /* NULL: this job needs none */
	int shown_left;
	char *label;
	OukUnlockOnKey unlock; /* its texts are those below */
	char *sn, *order, *profile;
	OukJobTask task;
	OukJobProgress progress;
	gpointer progress_data;
	GMainContext *context;
	GCancellable *cancellable; /* borrowed, while the job runs */
	OukTries after;
	GError *error; /* the job's end, kept while the snapshot is refreshed */
};

/* ---- secrets ---- */

static struct pins *
pins_new(const struct uk_secret *pin, const struct uk_secret *new_pin)
{
	struct pins *pins = mmap(NULL, sizeof(*pins), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pins == MAP_FAILED)
		g_error("no memory for a PIN");
	/* The best that can be had: a limit on locked memory does not keep people from their key.
	 */
	(void)mlock(pins, sizeof(*pins));
	(void)madvise(pins, sizeof(*pins), MADV_DONTDUMP);
	(void)madvise(pins, sizeof(*pins), MADV_WIPEONFORK);
	pins->pin = *pin;
	if (new_pin != NULL)
		pins->new_pin = *new_pin;
	return pins;
}

static void
pins_wipe(struct job *job)
{
	if (job->pins == NULL)
		return;
	uk_wipe(job->pins, sizeof(*job->pins));
	munmap(job->pins, sizeof(*job->pins));
	job->pins = NULL;
}

/* ---- progress ---- */

struct step {
	OukJobProgress progress;
	gpointer data;
	OukJobStage stage;
};

static gboolean
on_step(gpointer data)
{
	const struct step *step = data;

	step->progress(step->stage, step->data);
	return G_SOURCE_REMOVE;
}

static void
tell(const struct job *job, OukJobStage stage)
{
	struct step *step;

	if (job->progress == NULL)
		return;
	step = g_new(struct step, 1);
	*step = (struct step){job->progress, job->progress_data, stage};
	g_main_context_invoke_full(job->context, G_PRIORITY_DEFAULT, on_step, step, g_free);
}

/* ---- on the worker ---- */

static gboolean
change_pin(struct job *job, OukToken *token, GError **error)
{
	return ouk_token_change_pin(token, &job->pins->pin, &job->pins->new_pin, error);
}

static gboolean
test_pin(struct job *job, OukToken *token, GError **error)
{
	gboolean right = ouk_token_login(token, CKU_USER, &job->pins->pin, error);

	ouk_token_logout(token);
	return right;
}

static gboolean
set_label(struct job *job, OukToken *token, GError **error)
{
	CK_RV rv;

	if (token->vendor == NULL)
		return ouk_fail(error, OUK_E_UNSUPPORTED);
	rv = token->vendor->set_device_label(token->slot, job->label);
	return rv == CKR_OK || ouk_fail_rv(error, OUK_TASK_ANY, rv);
}

struct unlock_step {
	void (*step)(OukUnlockStep step, gpointer data);
	gpointer data;
	OukUnlockStep value;
};

static gboolean
on_unlock_step(gpointer data)
{
	const struct unlock_step *step = data;

	step->step(step->value, step->data);
	return G_SOURCE_REMOVE;
}

static void
tell_unlock(gpointer data, OukUnlockStep value)
{
	const struct job *job = data;
	struct unlock_step *step;

	if (job->unlock.step == NULL)
		return;
	step = g_new(struct unlock_step, 1);
	*step = (struct unlock_step){job->unlock.step, job->unlock.step_data, value};
	g_main_context_invoke_full(job->context, G_PRIORITY_DEFAULT, on_unlock_step, step, g_free);
}

static gboolean
unlock(struct job *job, OukToken *token, GError **error)
{
	const OukUnlockJob run = {
		.token = token,
		.sn = job->sn,
		.order = job->order,
		.profile = job->profile,
		.service = &job->unlock.service,
		.new_pin = &job->pins->new_pin,
		.progress = tell_unlock,
		.progress_data = job,
		.cancellable = job->cancellable,
	};

	return ouk_unlock_run(&run, error);
}

static gboolean
run_task(struct job *job, OukToken *token, GError **error)
{
	OukJobPins pins = {NULL, NULL};

	if (job->pins != NULL)
		pins = (OukJobPins){&job->pins->pin, &job->pins->new_pin};
	return job->task.work(token, &pins, job->cancellable, job->task.data, error);
}

/* What can be found wrong with the PINs without the key. */
static gboolean
pins_check(const struct job *job, const OukToken *token, GError **error)
{
	if (job->pins == NULL)
		return TRUE;
	if (job->run == unlock)
		return ouk_token_check_pin(token, &job->pins->new_pin, error);
	if (!ouk_unlock_check(job->key_serial, error) ||
	    !ouk_token_check_pin(token, &job->pins->pin, error))
		return FALSE;
	return job->run != change_pin || ouk_token_check_pin(token, &job->pins->new_pin, error);
}

static gboolean
is_cancelled(GCancellable *cancellable, GError **error)
{
	if (!g_cancellable_is_cancelled(cancellable))
		return FALSE;
	ouk_fail(error, OUK_E_CANCELLED);
	return TRUE;
}

/* Another key may have been put into the same place. */
static OukToken *
token_open(const struct job *job, GError **error)
{
	const OukPlace *place = &job->slot->place;
	g_autoptr(OukToken) token = ouk_token_new(place->module, place->slot, place->vendor);

	if (token == NULL || strcmp(token->serial, job->key_serial) != 0) {
		ouk_fail(error, OUK_E_REMOVED);
		return NULL;
	}
	return ouk_token_open(token, TRUE, error) ? g_steal_pointer(&token) : NULL;
}

static gboolean
job_do(struct job *job, GCancellable *cancellable, GError **error)
{
	g_autoptr(OukToken) token = NULL;
	gboolean done;

	job->cancellable = cancellable;
	tell(job, OUK_JOB_OPENING);
	if (is_cancelled(cancellable, error))
		return FALSE;
	token = token_open(job, error);
	if (token == NULL || !pins_check(job, token, error) || is_cancelled(cancellable, error))
		return FALSE;
	if (job->pins != NULL && job->shown_left >= 0 &&
	    !ouk_token_confirm_try(token, CKU_USER, (unsigned int)job->shown_left, error))
		return FALSE;
	tell(job, OUK_JOB_SENT);
	done = job->run(job, token, error);
	pins_wipe(job);
	ouk_token_tries(token, CKU_USER, &job->after);
	return done;
}

static void
job_run(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	struct job *job = data;

	tell(job, OUK_JOB_WAITING);
	g_mutex_lock(&job->slot->busy);
	(void)job_do(job, cancellable, &job->error);
	g_mutex_unlock(&job->slot->busy);
	pins_wipe(job);
	ouk_engine_leave(job->engine);
	tell(job, OUK_JOB_DONE);
	g_task_return_boolean(task, TRUE);
}

/* ---- beginning and end ---- */

static void
job_free(struct job *job)
{
	pins_wipe(job);
	g_clear_error(&job->error);
	if (job->task.done != NULL)
		job->task.done(job->task.data);
	g_main_context_unref(job->context);
	g_free(job->token_id);
	g_free(job->key_serial);
	g_free(job->label);
	g_free(job->sn);
	g_free(job->order);
	g_free(job->profile);
	g_free(job);
}

static void
outer_return(GTask *outer)
{
	struct job *job = g_task_get_task_data(outer);

	if (job->error != NULL)
		g_task_return_error(outer, g_error_copy(job->error));
	else
		g_task_return_boolean(outer, TRUE);
}

static void
on_refreshed(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) outer = data;

	(void)ouk_watch_refresh_finish(OUK_WATCH(source), result, NULL);
	outer_return(outer);
}

/* The job is done; whoever is told of it finds the new snapshot in the list. */
static void
on_done(GObject *source, GAsyncResult *result, gpointer data)
{
	struct job *job = g_task_get_task_data(data);

	ouk_watch_refresh_async(OUK_WATCH(source), job->token_id, OUK_REFRESH_TRIES, on_refreshed,
				data);
}

static struct job *
job_new(const char *token_id)
{
	struct job *job = g_new0(struct job, 1);

	job->token_id = g_strdup(token_id);
	job->shown_left = OUK_SHOWN_NONE;
	job->context = g_main_context_ref_thread_default();
	return job;
}

/* The serial number that C_GetTokenInfo gives is the end of a long one. */
static char *
token_serial(const OukTokenInfo *info)
{
	gsize len = strlen(info->serial), most = sizeof(((CK_TOKEN_INFO *)NULL)->serialNumber);
	gboolean ours = (info->flags & OUK_TOKEN_VENDOR) != 0;

	return g_strdup(ours && len > most ? info->serial + len - most : info->serial);
}

/*
 * Two tasks: the inner one runs on the worker and is over before the snapshot is refreshed, the
 * outer one is the caller's.  Takes the job.
 */
static void
job_start(OukWatch *watch, struct job *job, GTask *outer)
{
	OukTokenView *view = ouk_watch_find(watch, job->token_id);
	g_autoptr(GTask) inner = NULL;

	g_task_set_task_data(outer, job, (GDestroyNotify)job_free);
	g_task_set_check_cancellable(outer, FALSE);
	job->slot = ouk_watch_slot(watch, job->token_id, &job->engine);
	if (view == NULL || job->slot == NULL || !ouk_engine_enter(job->engine)) {
		ouk_fail(&job->error, OUK_E_REMOVED);
		outer_return(outer);
		g_object_unref(outer);
		return;
	}
	job->key_serial = token_serial(ouk_token_view_info(view));
	inner = g_task_new(watch, g_task_get_cancellable(outer), on_done, outer);
	g_task_set_check_cancellable(inner, FALSE);
	g_task_set_task_data(inner, job, NULL);
	g_task_run_in_thread(inner, job_run);
}

static void
pin_job_start(const OukPinJob *what, struct job *job, GTask *outer)
{
	job->pins = pins_new(what->pin, what->new_pin);
	job->shown_left = what->shown_left;
	job->progress = what->progress;
	job->progress_data = what->progress_data;
	job_start(what->watch, job, outer);
}

void
ouk_job_change_pin_async(const OukPinJob *what, GCancellable *cancellable,
			 GAsyncReadyCallback callback, gpointer data)
{
	struct job *job = job_new(what->token_id);

	job->run = change_pin;
	pin_job_start(what, job, g_task_new(what->watch, cancellable, callback, data));
}

void
ouk_job_test_pin_async(const OukPinJob *what, GCancellable *cancellable,
		       GAsyncReadyCallback callback, gpointer data)
{
	struct job *job = job_new(what->token_id);

	job->run = test_pin;
	pin_job_start(what, job, g_task_new(what->watch, cancellable, callback, data));
}

void
ouk_job_work_async(const OukPinJob *what, const OukJobTask *task, GCancellable *cancellable,
		   GAsyncReadyCallback callback, gpointer data)
{
	struct job *job = job_new(what->token_id);

	job->run = run_task;
	job->task = *task;
	if (what->pin != NULL)
		pin_job_start(what, job, g_task_new(what->watch, cancellable, callback, data));
	else
		job_start(what->watch, job, g_task_new(what->watch, cancellable, callback, data));
}

void
ouk_job_set_label_async(OukWatch *watch, const char *token_id, const char *label,
			GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
	struct job *job = job_new(token_id);

	job->run = set_label;
	job->label = g_strdup(label);
	job_start(watch, job, g_task_new(watch, cancellable, callback, data));
}

void
ouk_job_unlock_async(const OukUnlockOnKey *what, GCancellable *cancellable,
		     GAsyncReadyCallback callback, gpointer data)
{
	const struct uk_secret none = {.len = 0};
	struct job *job = job_new(what->token_id);

	job->run = unlock;
	job->unlock = *what;
	job->sn = g_strdup(what->sn);
	job->order = g_strdup(what->order);
	job->profile = g_strdup(what->profile);
	job->pins = pins_new(&none, what->new_pin);
	job->progress = what->progress;
	job->progress_data = what->progress_data;
	job_start(what->watch, job, g_task_new(what->watch, cancellable, callback, data));
}

gboolean
ouk_job_finish(GAsyncResult *result, OukTries *ret_after, GError **error)
{
	const struct job *job = g_task_get_task_data(G_TASK(result));

	if (ret_after != NULL)
		*ret_after = job->after;
	return g_task_propagate_boolean(G_TASK(result), error);
}
