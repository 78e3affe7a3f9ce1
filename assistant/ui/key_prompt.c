/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/key_prompt.h"

#include "assistant/core/jobs.h"

struct _OukKeyPrompt {
	gint refs; /* a callback that is on its way holds one */
	OukKeyPromptSetup setup;
	OukTries tries;
	char *purpose, *notice;
	OukPrompt *prompt;
	GCancellable *cancellable;
};

static void
drop(gpointer data)
{
	OukKeyPrompt *self = data;

	if (--self->refs > 0)
		return;
	g_object_unref(self->setup.view);
	g_object_unref(self->cancellable);
	g_free(self->purpose);
	g_free(self->notice);
	g_free(self);
}

void
ouk_key_prompt_free(OukKeyPrompt *self)
{
	if (self == NULL)
		return;
	g_cancellable_cancel(self->cancellable);
	self->setup.told = NULL;
	g_clear_pointer(&self->prompt, ouk_prompt_free);
	drop(self);
}

static void
on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
	OukKeyPrompt *self = data;
	OukPromptAnswer answer = {.shown_left = OUK_SHOWN_NONE};
	GError *error = NULL;

	if (self->prompt != NULL && self->setup.told != NULL) {
		gboolean good = ouk_prompt_ask_finish(self->prompt, result, &answer, &error);

		/* how it ends is told in the window */
		g_clear_pointer(&self->prompt, ouk_prompt_free);
		self->setup.told(good ? &answer : NULL, error, self->setup.data);
		ouk_prompt_answer_wipe(&answer);
	}
	drop(self);
}

static void
on_parent(gpointer data)
{
	OukKeyPrompt *self = data;
	OukPromptRequest request;

	if (self->prompt == NULL) {
		drop(self);
		return;
	}
	ouk_prompt_request_fill(&request, self->setup.view, self->setup.profile, &self->tries,
				self->setup.parent);
	request.reason = self->setup.reason;
	request.purpose = g_strdup(self->purpose);
	if (self->notice != NULL)
		request.notice = g_strdup(self->notice);
	ouk_prompt_ask_async(self->prompt, &request, self->cancellable, on_answer, self);
	ouk_prompt_request_clear(&request);
}

OukKeyPrompt *
ouk_key_prompt_start(const OukKeyPromptSetup *setup, GError **error)
{
	OukPrompt *prompt = ouk_prompt_open(error);
	OukKeyPrompt *self = NULL;

	if (prompt == NULL)
		return NULL;
	self = g_new0(OukKeyPrompt, 1);
	self->refs = 2; /* the caller's, and that of what is on its way */
	self->setup = *setup;
	g_object_ref(setup->view);
	if (setup->tries != NULL)
		self->tries = *setup->tries;
	self->purpose = g_strdup(setup->purpose);
	self->notice = g_strdup(setup->notice);
	self->cancellable = g_cancellable_new();
	self->prompt = prompt;
	ouk_prompt_parent_export(setup->parent, on_parent, self);
	return self;
}
