/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/errors.h"
#include "assistant/core/unlock.h"
#include "assistant/ui/application.h"
#include "assistant/ui/errand_data.h"
#include "assistant/ui/errand_work.h"

#include <string.h>

/* ---- the key ---- */

typedef struct {
	OukErrand *self;
	OukErrandKeyWork *work;
} KeyCall;

static gboolean
on_step_here(gpointer data)
{
	OukErrand *self = data;

	if (!g_cancellable_is_cancelled(self->cancellable)) {
		self->info.sentence =
			ouk_renew_step_text((OukRenewStep)g_atomic_int_get(&self->step));
		errand_changed(self);
	}
	return G_SOURCE_REMOVE;
}

static void
on_install_step(OukRenewStep step, gpointer data)
{
	OukErrand *self = data;

	g_atomic_int_set(&self->step, step);
	g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, on_step_here, g_object_ref(self),
				   g_object_unref);
}

static void
on_unlock_step(OukUnlockStep step, gpointer data)
{
	OukErrand *self = data;

	if (g_cancellable_is_cancelled(self->cancellable))
		return;
	self->info.sentence = ouk_unlock_step_text(step);
	errand_changed(self);
}

/* The certificates on the key may be others now. */
static void
look_at_key(OukErrand *self)
{
	ouk_watch_refresh_async(ouk_application_watch(ouk_application_get()),
				ouk_token_view_info(self->info.view)->id, OUK_REFRESH_ALL, NULL,
				NULL);
}

static OukDeskEvent
key_event(const GError *error)
{
	static const struct {
		OukErrorCode code;
		OukDeskEvent event;
	} events[] = {
		{OUK_E_REMOVED, OUK_DESK_GONE},
		{OUK_E_PIN_WRONG, OUK_DESK_PIN_WRONG},
		{OUK_E_PIN_LEN, OUK_DESK_PIN_WRONG},
		{OUK_E_PIN_INVALID, OUK_DESK_PIN_WRONG},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(events); i++)
		if (g_error_matches(error, OUK_ERROR, (int)events[i].code))
			return events[i].event;
	return ouk_errand_unreached(error) ? OUK_DESK_UNREACHED : OUK_DESK_FAILED;
}

static void
on_key(GObject *source, GAsyncResult *result, gpointer data)
{
	KeyCall *call = data;
	g_autoptr(OukErrand) self = call->self;
	OukErrandKeyWork *work = call->work;
	GError *error = NULL;
	OukTries after = {0};
	gboolean done = ouk_job_finish(result, &after, &error);

	g_free(call);
	self->info.new_end = work->not_after;
	ouk_errand_key_work_free(work);
	if (g_cancellable_is_cancelled(self->cancellable)) {
		g_clear_error(&error);
		return;
	}
	self->asking = FALSE;
	if (after.max > 0 || after.locked)
		self->tries = after;
	look_at_key(self);
	ouk_resume_refresh(ouk_application_resume(ouk_application_get()));
	errand_set_error(self, error);
	/* a permission is good for one go; the code that was right gives another */
	errand_text_wipe(self->grant);
	self->grant = NULL;
	ouk_errand_do(self, done ? OUK_DESK_WRITTEN : key_event(error));
}

static KeyCall *
key_call_new(OukErrand *self)
{
	KeyCall *call = g_new0(KeyCall, 1);

	call->self = g_object_ref(self);
	call->work = g_new0(OukErrandKeyWork, 1);
	call->work->service = ouk_service_ref(self->service);
	call->work->order = g_object_ref(self->info.order);
	call->work->grant = g_strdup(self->grant);
	call->work->unlock =
		(OukUnlockOrder){call->work->service, call->work->order, call->work->grant};
	call->work->progress = on_install_step;
	call->work->progress_data = self;
	self->asking = TRUE;
	return call;
}

static void
start_unlock(OukErrand *self, const OukPromptAnswer *answer)
{
	const OukTokenInfo *info = ouk_token_view_info(self->info.view);
	KeyCall *call = key_call_new(self);
	OukUnlockOnKey job = {
		.watch = ouk_application_watch(ouk_application_get()),
		.token_id = info->id,
		.sn = self->serial,
		.order = ouk_order_info(self->info.order)->number,
		.profile = self->info.profile->id,
		.service = ouk_unlock_service(&call->work->unlock),
		.new_pin = &answer->new_pin,
		.step = on_unlock_step,
		.step_data = self,
	};

	ouk_job_unlock_async(&job, self->cancellable, on_key, call);
}

static void
start_install(OukErrand *self, const OukPromptAnswer *answer)
{
	KeyCall *call = key_call_new(self);
	OukPinJob job = {
		.watch = ouk_application_watch(ouk_application_get()),
		.token_id = ouk_token_view_info(self->info.view)->id,
		.pin = &answer->pin,
		.new_pin = &answer->new_pin,
		.shown_left = answer->shown_left,
	};
	const OukJobTask task = {.work = ouk_errand_install, .data = call->work};

	ouk_job_work_async(&job, &task, self->cancellable, on_key, call);
}

static void
on_checked(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(OukErrand) self = data;
	GError *error = NULL;
	gboolean good = ouk_job_finish(result, NULL, &error);

	if (g_cancellable_is_cancelled(self->cancellable)) {
		g_clear_error(&error);
		return;
	}
	self->asking = FALSE;
	if (good) {
		errand_ask_service(self, OUK_DESK_DO_OPEN);
		return;
	}
	errand_set_error(self, error);
	ouk_errand_do(self, OUK_DESK_FAILED);
}

void
errand_check_key(OukErrand *self)
{
	OukPinJob job = {
		.watch = ouk_application_watch(ouk_application_get()),
		.token_id = ouk_token_view_info(self->info.view)->id,
		.shown_left = OUK_SHOWN_NONE,
	};
	const OukJobTask task = {.work = ouk_errand_check};

	self->asking = TRUE;
	ouk_job_work_async(&job, &task, self->cancellable, on_checked, g_object_ref(self));
}

/* ---- the PIN ---- */

static void
on_answer(const OukPromptAnswer *answer, GError *error, gpointer data)
{
	OukErrand *self = data;

	g_clear_pointer(&self->prompt, ouk_key_prompt_free);
	if (answer == NULL) {
		gboolean closed = g_error_matches(error, OUK_ERROR, OUK_E_CANCELLED);

		errand_set_error(self, error);
		ouk_errand_do(self, closed ? OUK_DESK_CLOSED : OUK_DESK_FAILED);
		return;
	}
	self->info.sentence = NULL;
	switch (ouk_desk_step(&self->info.flow, OUK_DESK_ENTERED)) {
	case OUK_DESK_DO_UNLOCK:
		start_unlock(self, answer);
		break;
	case OUK_DESK_DO_INSTALL:
		start_install(self, answer);
		break;
	default:
		break;
	}
	errand_changed(self);
}

void
errand_ask_pin(OukErrand *self)
{
	gboolean again = g_error_matches(self->info.error, OUK_ERROR, OUK_E_PIN_WRONG);
	GError *error = NULL;
	OukKeyPromptSetup setup = {
		.parent = self->parent_window,
		.view = self->info.view,
		.profile = self->info.profile,
		.tries = &self->tries,
		.reason = self->info.flow.state == OUK_DESK_NEW_PIN ? OUK_PROMPT_UNBLOCK
								    : OUK_PROMPT_LOGIN,
		.purpose = ouk_order_kind_text(self->info.kind),
		.notice = again ? self->info.error->message : NULL,
		.told = on_answer,
		.data = self,
	};

	/* the very key that the order is for must be there */
	if (self->info.view == NULL ||
	    ouk_watch_find(ouk_application_watch(ouk_application_get()),
			   ouk_token_view_info(self->info.view)->id) == NULL) {
		ouk_errand_do(self, OUK_DESK_GONE);
		return;
	}
	self->prompt = ouk_key_prompt_start(&setup, &error);
	if (self->prompt != NULL)
		return;
	errand_set_error(self, error);
	ouk_errand_do(self, OUK_DESK_FAILED);
}

/* ---- the key comes and goes ---- */

static gboolean
is_mine(OukErrand *self, OukTokenView *view)
{
	return self->serial != NULL && strcmp(ouk_token_view_info(view)->serial, self->serial) == 0;
}

void
errand_on_plugged(OukWatch *watch, OukTokenView *view, OukErrand *self)
{
	if (!is_mine(self, view))
		return;
	g_set_object(&self->info.view, view);
	self->tries = ouk_token_view_info(view)->tries;
	ouk_errand_do(self, OUK_DESK_BACK);
}

void
errand_on_pulled(OukWatch *watch, OukTokenView *view, OukErrand *self)
{
	/* while it is being written to, the job tells */
	if (!is_mine(self, view) || self->asking)
		return;
	g_clear_pointer(&self->prompt, ouk_key_prompt_free);
	ouk_errand_do(self, OUK_DESK_GONE);
}
