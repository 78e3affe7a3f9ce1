/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking for a PIN: openukey-pinentry, a process of its own, has the only field that a UKEY PIN is
 * ever typed into. This is the side of whoever needs the PIN:
 *
 *	prompt = ouk_prompt_open(&error);
 *	ouk_prompt_ask_async(prompt, &request, cancellable, on_answer, data);
 *	... on_answer: ouk_prompt_ask_finish; the job on a worker thread; wipe the answer
 *	ouk_prompt_tell(prompt, OUK_PROMPT_WRONG, &after, NULL);  and ask again, with new tries
 *	ouk_prompt_free(prompt);
 *
 * The prompt itself refuses what cannot be a PIN, asks before one of the last tries is spent, and
 * shows the locked page with the way to unlock. One thread for each prompt: that whose
 * thread-default context it was opened in.
 */
#ifndef OUK_CORE_PROMPT_H
#define OUK_CORE_PROMPT_H

#include "assistant/core/prompt_wire.h"
#include "assistant/core/token.h"
#include "common/secret.h"

#include <gio/gio.h>

typedef struct _OukPrompt OukPrompt;

/* Wipe it (ouk_prompt_answer_wipe) as soon as the key has answered. */
typedef struct {
	struct uk_secret pin;     /* the PIN; for UNBLOCK empty */
	struct uk_secret new_pin; /* CHANGE and UNBLOCK only */
	int shown_left;           /* tries that the person saw; -1: unknown (OukPinJob) */
} OukPromptAnswer;

void ouk_prompt_answer_wipe(OukPromptAnswer *answer);

/*
 * Starts the process; its window opens with the first question. OUK_E_NO_PROMPT.
 * $OPENUKEY_PINENTRY names another program, as in the build tree.
 */
OukPrompt *ouk_prompt_open(GError **error);
/* Closes the window, except when it shows how it ended (see tell). NULL is legal. */
void ouk_prompt_free(OukPrompt *prompt);

/*
 * Asks; one question at a time. The request is copied. Finish: OUK_E_CANCELLED when the person
 * stopped, OUK_E_NO_PROMPT when the process ended. Cancelling closes the prompt.
 */
void ouk_prompt_ask_async(OukPrompt *prompt, const OukPromptRequest *request,
			  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
gboolean ouk_prompt_ask_finish(OukPrompt *prompt, GAsyncResult *result, OukPromptAnswer *ret_answer,
			       GError **error);

/*
 * A question of OUK_PROMPT_QUESTION; one at a time, like ask. Finish: FALSE with OUK_E_NO_PROMPT or
 * OUK_E_CANCELLED (by the cancellable); what the person said is in *ret, closing the window is NO.
 * ret_choice: counted from 0.
 */
void ouk_prompt_question_async(OukPrompt *prompt, const OukPromptRequest *request,
			       GCancellable *cancellable, GAsyncReadyCallback callback,
			       gpointer data);
gboolean ouk_prompt_question_finish(OukPrompt *prompt, GAsyncResult *result, OukPromptDecision *ret,
				    guint *ret_choice, GError **error);

/*
 * What came of the answer. tries: as the key says now, NULL when it could not be asked. text: a
 * sentence for FAILED and REFUSED. RIGHT closes a prompt for a login; after a change or a test it
 * says so and stays, as it does after LOCKED and FAILED, until the person closes it (even when
 * this end is gone). Whoever shows the end in a window of its own just frees the prompt.
 */
void ouk_prompt_tell(OukPrompt *prompt, OukPromptOutcome outcome, const OukTries *tries,
		     const char *text);

/* Fills in what is known of the tries. */
void ouk_prompt_set_tries(OukPromptRequest *request, const OukTries *tries);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukPrompt, ouk_prompt_free)

#endif
