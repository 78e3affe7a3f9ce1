/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/pin_flow.h"

#include "assistant/core/jobs.h"
#include "assistant/core/prompt.h"
#include "assistant/ui/prompt_request.h"

#include <glib/gi18n.h>

struct _OukPinFlow {
	OukWatch *watch;
	OukTokenView *view; /* as it was at the start: who the key is */
	const OukProfile *profile;
	OukPromptParent *parent; /* whoever owns this lives in it */
	OukPinTold told;
	gpointer data;

	OukFlow flow;
	OukPrompt *prompt;
	GCancellable *cancellable;
	OukTries tries; /* as the key said last */
	GError *error;  /* of the last thing that failed */
	guint idle;
};

/* What goes through the main loop; the flow may be gone when it comes back. */
typedef struct {
	OukPinFlow *self;
	GCancellable *cancellable;
} Call;

static void run(OukPinFlow *self, OukFlowAction action);

static const OukTokenInfo *
info_of(OukPinFlow *self)
{
	return ouk_token_view_info(self->view);
}

static Call *
call_new(OukPinFlow *self)
{
	Call *call = g_new0(Call, 1);

	call->self = self;
	call->cancellable = g_object_ref(self->cancellable);
	return call;
}

/* The flow that a call belongs to, or NULL when it has gone. Frees the call. */
static OukPinFlow *
call_end(Call *call)
{
	OukPinFlow *self = g_cancellable_is_cancelled(call->cancellable) ? NULL : call->self;

	g_object_unref(call->cancellable);
	g_free(call);
	return self;
}

static void
set_error(OukPinFlow *self, GError *error)
{
	g_clear_error(&self->error);
	self->error = error;
}

/* ---- steps ---- */

static void
step(OukPinFlow *self, OukFlowEvent event)
{
	run(self, ouk_flow_step(&self->flow, event));
}

static void
on_tries(GObject *source, GAsyncResult *result, gpointer data)
{
	OukPinFlow *self = call_end(data);
	GError *error = NULL;
	OukTokenView *view = NULL;

	if (!ouk_watch_refresh_finish(OUK_WATCH(source), result, &error)) {
		if (self == NULL) {
			g_error_free(error);
			return;
		}
		set_error(self, error);
		step(self, OUK_FLOW_FAILED);
		return;
	}
	if (self == NULL)
		return;
	view = ouk_watch_find(self->watch, info_of(self)->id);
	if (view != NULL)
		self->tries = ouk_token_view_info(view)->tries;
	step(self, ouk_flow_tries(&self->tries));
}

static void
do_read_tries(OukPinFlow *self)
{
	ouk_watch_refresh_async(self->watch, info_of(self)->id, OUK_REFRESH_TRIES, on_tries,
				call_new(self));
}

static void
on_job(GObject *source, GAsyncResult *result, gpointer data)
{
	OukPinFlow *self = call_end(data);
	GError *error = NULL;
	OukTries after = {0};

	ouk_job_finish(result, &after, &error);
	if (self == NULL) {
		g_clear_error(&error);
		return;
	}
	if (after.max > 0 || after.locked || after.low)
		self->tries = after;
	set_error(self, error);
	step(self, ouk_flow_result(error, &after));
}

static void
send(OukPinFlow *self, const OukPromptAnswer *answer)
{
	OukPinJob job = {
		.watch = self->watch,
		.token_id = info_of(self)->id,
		.pin = &answer->pin,
		.new_pin = &answer->new_pin,
		.shown_left = answer->shown_left,
	};

	/* PROMPT has led to SEND: the answer is at hand, and nowhere else */
	if (ouk_flow_step(&self->flow, OUK_FLOW_ENTERED) != OUK_FLOW_DO_SEND)
		return;
	if (self->flow.kind == OUK_FLOW_TEST)
		ouk_job_test_pin_async(&job, self->cancellable, on_job, call_new(self));
	else
		ouk_job_change_pin_async(&job, self->cancellable, on_job, call_new(self));
}

static void
on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
	Call *call = data;
	OukPinFlow *self = g_cancellable_is_cancelled(call->cancellable) ? NULL : call->self;
	OukPromptAnswer answer = {.shown_left = OUK_SHOWN_NONE};
	GError *error = NULL;

	call_end(call);
	if (self == NULL)
		return; /* the prompt has gone with the flow, and the answer with it */
	if (ouk_prompt_ask_finish(self->prompt, result, &answer, &error)) {
		send(self, &answer);
		ouk_prompt_answer_wipe(&answer);
		return;
	}
	set_error(self, error);
	step(self, g_error_matches(error, OUK_ERROR, OUK_E_CANCELLED) ? OUK_FLOW_CANCEL
								      : OUK_FLOW_FAILED);
}

static void
do_prompt(OukPinFlow *self)
{
	OukPromptRequest request;
	GError *error = NULL;

	if (info_of(self)->flags & OUK_TOKEN_KEYPAD) {
		OukPromptAnswer empty = {.shown_left = OUK_SHOWN_NONE};

		send(self, &empty);
		return;
	}
	if (self->prompt == NULL)
		self->prompt = ouk_prompt_open(&error);
	if (self->prompt == NULL) {
		set_error(self, error);
		step(self, OUK_FLOW_FAILED);
		return;
	}
	ouk_prompt_request_fill(&request, self->view, self->profile, &self->tries, self->parent);
	request.reason = self->flow.kind == OUK_FLOW_TEST ? OUK_PROMPT_TEST : OUK_PROMPT_CHANGE;
	ouk_prompt_ask_async(self->prompt, &request, self->cancellable, on_answer, call_new(self));
	ouk_prompt_request_clear(&request);
}

static void
end(OukPinFlow *self, OukPinNews news)
{
	g_autoptr(GError) error = g_steal_pointer(&self->error);

	/* calls that are on their way find nobody */
	g_cancellable_cancel(self->cancellable);
	g_clear_pointer(&self->prompt, ouk_prompt_free);
	self->told(news, error, self->data); /* self may be gone now */
}

/* Wrong: the prompt says so and asks again. On a keypad a person decides anew. */
static void
do_prompt_wrong(OukPinFlow *self)
{
	if (self->prompt == NULL) {
		end(self, OUK_PIN_TROUBLE);
		return;
	}
	ouk_prompt_tell(self->prompt, OUK_PROMPT_WRONG, &self->tries, NULL);
	do_prompt(self);
}

static void
do_prompt_refused(OukPinFlow *self)
{
	if (self->prompt == NULL) {
		end(self, OUK_PIN_TROUBLE);
		return;
	}
	ouk_prompt_tell(self->prompt, OUK_PROMPT_REFUSED, &self->tries,
			self->error != NULL ? self->error->message : NULL);
	do_prompt(self);
}

/* The prompt itself asks before one of the last tries is spent; twice would be once too often. */
static void
do_guard(OukPinFlow *self)
{
	if (self->prompt != NULL)
		ouk_prompt_tell(self->prompt, OUK_PROMPT_WRONG, &self->tries, NULL);
	else if (self->error != NULL) {
		end(self, OUK_PIN_TROUBLE);
		return;
	}
	step(self, OUK_FLOW_AGREED);
}

static void
do_done(OukPinFlow *self)
{
	end(self, OUK_PIN_DONE);
}

static void
do_locked(OukPinFlow *self)
{
	end(self, OUK_PIN_LOCKED);
}

static void
do_close(OukPinFlow *self)
{
	end(self, OUK_PIN_STOPPED);
}

static void
do_trouble(OukPinFlow *self)
{
	if (self->error == NULL)
		ouk_fail(&self->error, OUK_E_REMOVED);
	end(self, OUK_PIN_TROUBLE);
}

static void
run(OukPinFlow *self, OukFlowAction action)
{
	static void (*const todo[OUK_FLOW_DO_LAST])(OukPinFlow * self) = {
		[OUK_FLOW_DO_READ_TRIES] = do_read_tries,
		[OUK_FLOW_DO_GUARD] = do_guard,
		[OUK_FLOW_DO_PROMPT] = do_prompt,
		[OUK_FLOW_DO_PROMPT_WRONG] = do_prompt_wrong,
		[OUK_FLOW_DO_PROMPT_REFUSED] = do_prompt_refused,
		[OUK_FLOW_DO_WAIT] = do_trouble,
		[OUK_FLOW_DO_TROUBLE] = do_trouble,
		[OUK_FLOW_DO_DONE] = do_done,
		[OUK_FLOW_DO_LOCKED] = do_locked,
		[OUK_FLOW_DO_CLOSE] = do_close,
	};

	if (action < OUK_FLOW_DO_LAST && todo[action] != NULL)
		todo[action](self);
}

/* ---- life ---- */

static void
on_pulled(OukWatch *watch, OukTokenView *view, OukPinFlow *self)
{
	if (strcmp(ouk_token_view_info(view)->id, info_of(self)->id) != 0)
		return;
	g_clear_error(&self->error);
	step(self, OUK_FLOW_PULLED);
}

static void
on_parent(gpointer data)
{
	OukPinFlow *self = data;

	run(self, ouk_flow_start(&self->flow, self->flow.kind));
}

static gboolean
begin(gpointer data)
{
	OukPinFlow *self = data;

	self->idle = 0;
	ouk_prompt_parent_export(self->parent, on_parent, self);
	return G_SOURCE_REMOVE;
}

OukPinFlow *
ouk_pin_flow_start(const OukPinFlowSetup *setup)
{
	OukPinFlow *self = g_new0(OukPinFlow, 1);

	self->watch = g_object_ref(setup->watch);
	self->view = g_object_ref(setup->view);
	self->profile = setup->profile;
	self->parent = ouk_prompt_parent_new(setup->parent);
	self->told = setup->told;
	self->data = setup->data;
	self->flow.kind = setup->kind;
	self->tries = info_of(self)->tries;
	self->cancellable = g_cancellable_new();
	g_signal_connect(self->watch, "pulled", G_CALLBACK(on_pulled), self);
	/* nobody is told anything before this function has returned */
	self->idle = g_idle_add(begin, self);
	return self;
}

void
ouk_pin_flow_free(OukPinFlow *self)
{
	if (self == NULL)
		return;
	g_clear_handle_id(&self->idle, g_source_remove);
	ouk_prompt_parent_free(self->parent);
	g_signal_handlers_disconnect_by_data(self->watch, self);
	g_cancellable_cancel(self->cancellable);
	g_clear_pointer(&self->prompt, ouk_prompt_free);
	g_clear_error(&self->error);
	g_object_unref(self->cancellable);
	g_object_unref(self->view);
	g_object_unref(self->watch);
	g_free(self);
}
