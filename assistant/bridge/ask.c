/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/ask.h"

#include "assistant/core/errors.h"

#define WAITING_MAX 16

/* First come, first served: each one has a number, and `serving` says whose turn it is. */
struct _OukAskQueue {
	GMutex lock;
	GCond moved;
	GQueue tickets; /* of those that wait; the first has the screen */
	gulong last;
};

OukAskQueue *
ouk_ask_queue_new(void)
{
	OukAskQueue *queue = g_new0(OukAskQueue, 1);

	g_mutex_init(&queue->lock);
	g_cond_init(&queue->moved);
	g_queue_init(&queue->tickets);
	return queue;
}

void
ouk_ask_queue_free(OukAskQueue *queue)
{
	if (queue == NULL)
		return;
	g_queue_clear(&queue->tickets);
	g_cond_clear(&queue->moved);
	g_mutex_clear(&queue->lock);
	g_free(queue);
}

static void
on_cancelled(GCancellable *cancellable, gpointer data)
{
	OukAskQueue *queue = data;

	g_mutex_lock(&queue->lock);
	g_cond_broadcast(&queue->moved);
	g_mutex_unlock(&queue->lock);
}

gboolean
ouk_ask_begin(OukAskQueue *queue, GCancellable *cancellable, GError **error)
{
	gpointer ticket;
	gboolean mine;
	gulong handler;

	handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), queue, NULL);
	g_mutex_lock(&queue->lock);
	if (queue->tickets.length >= WAITING_MAX) {
		g_mutex_unlock(&queue->lock);
		g_cancellable_disconnect(cancellable, handler);
		return ouk_fail(error, OUK_E_PAGE_BUSY);
	}
	ticket = GSIZE_TO_POINTER(++queue->last);
	g_queue_push_tail(&queue->tickets, ticket);
	while (g_queue_peek_head(&queue->tickets) != ticket &&
	       !g_cancellable_is_cancelled(cancellable))
		g_cond_wait(&queue->moved, &queue->lock);
	mine = !g_cancellable_is_cancelled(cancellable);
	if (!mine) {
		g_queue_remove(&queue->tickets, ticket);
		g_cond_broadcast(&queue->moved);
	}
	g_mutex_unlock(&queue->lock);
	g_cancellable_disconnect(cancellable, handler);
	return mine || ouk_fail(error, OUK_E_CANCELLED);
}

void
ouk_ask_end(OukAskQueue *queue)
{
	g_mutex_lock(&queue->lock);
	g_queue_pop_head(&queue->tickets);
	g_cond_broadcast(&queue->moved);
	g_mutex_unlock(&queue->lock);
}

/* ---- a prompt ---- */

gboolean
ouk_ask_open(OukAsk *ask, GCancellable *cancellable, GError **error)
{
	*ask = (OukAsk){.context = g_main_context_new(), .cancellable = cancellable};
	g_main_context_push_thread_default(ask->context);
	ask->prompt = ouk_prompt_open(error);
	if (ask->prompt != NULL)
		return TRUE;
	ouk_ask_close(ask);
	return FALSE;
}

void
ouk_ask_close(OukAsk *ask)
{
	if (ask->context == NULL)
		return;
	g_clear_pointer(&ask->prompt, ouk_prompt_free);
	while (g_main_context_iteration(ask->context, FALSE))
		;
	g_main_context_pop_thread_default(ask->context);
	g_clear_pointer(&ask->context, g_main_context_unref);
}

static void
on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
	*(GAsyncResult **)data = g_object_ref(result);
}

static GAsyncResult *
answer_await(OukAsk *ask, const OukPromptRequest *request)
{
	GAsyncResult *result = NULL;

	ouk_prompt_ask_async(ask->prompt, request, ask->cancellable, on_answer, &result);
	while (result == NULL)
		g_main_context_iteration(ask->context, TRUE);
	return result;
}

gboolean
ouk_ask_pin(OukAsk *ask, const OukPromptRequest *request, OukPromptAnswer *ret_answer,
	    GError **error)
{
	g_autoptr(GAsyncResult) result = answer_await(ask, request);

	return ouk_prompt_ask_finish(ask->prompt, result, ret_answer, error);
}

gboolean
ouk_ask_question(OukAskQueue *queue, const OukPromptRequest *request, GCancellable *cancellable,
		 OukPromptDecision *ret, guint *ret_choice, GError **error)
{
	g_autoptr(GAsyncResult) result = NULL;
	gboolean answered = FALSE;
	OukAsk ask;

	if (!ouk_ask_begin(queue, cancellable, error))
		return FALSE;
	if (ouk_ask_open(&ask, cancellable, error)) {
		result = answer_await(&ask, request);
		answered = ouk_prompt_question_finish(ask.prompt, result, ret, ret_choice, error);
		g_clear_object(&result);
		ouk_ask_close(&ask);
	}
	ouk_ask_end(queue);
	return answered;
}
