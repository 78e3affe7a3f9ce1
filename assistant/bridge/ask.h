/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking the person, one window at a time, from worker threads: each function waits for its turn
 * and for the answer. What waits is bounded: more is refused with OUK_E_PAGE_BUSY.
 */
#ifndef OUK_BRIDGE_ASK_H
#define OUK_BRIDGE_ASK_H

#include "assistant/core/prompt.h"

typedef struct _OukAskQueue OukAskQueue;

OukAskQueue *ouk_ask_queue_new(void);
/* Nobody may be waiting any more. */
void ouk_ask_queue_free(OukAskQueue *queue);

/* Waits for the screen to be free. OUK_E_CANCELLED, OUK_E_PAGE_BUSY. */
gboolean ouk_ask_begin(OukAskQueue *queue, GCancellable *cancellable, GError **error);
void ouk_ask_end(OukAskQueue *queue);

/* A prompt on this thread; between begin and end. */
typedef struct {
	GMainContext *context;
	OukPrompt *prompt;
	GCancellable *cancellable; /* borrowed */
} OukAsk;

gboolean ouk_ask_open(OukAsk *ask, GCancellable *cancellable, GError **error);
void ouk_ask_close(OukAsk *ask);
/* OUK_E_CANCELLED when the person stops. Wipe the answer. */
gboolean ouk_ask_pin(OukAsk *ask, const OukPromptRequest *request, OukPromptAnswer *ret_answer,
		     GError **error);

/* All of it for a question without a PIN: queue, window, answer. */
gboolean ouk_ask_question(OukAskQueue *queue, const OukPromptRequest *request,
			  GCancellable *cancellable, OukPromptDecision *ret, guint *ret_choice,
			  GError **error);

#endif
