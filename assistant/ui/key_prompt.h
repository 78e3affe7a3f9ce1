/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One question of the PIN prompt, for a job whose end is told in the window: asks in front of it,
 * and is closed as soon as there is an answer. Main context only.
 */
#ifndef OUK_UI_KEY_PROMPT_H
#define OUK_UI_KEY_PROMPT_H

#include "assistant/ui/prompt_request.h"

typedef struct _OukKeyPrompt OukKeyPrompt;

/*
 * Told once, then the prompt is gone: free it. answer: wiped by the prompt afterwards; NULL with
 * the error (taken), OUK_E_CANCELLED when the person closed it.
 */
typedef void (*OukKeyPromptTold)(const OukPromptAnswer *answer, GError *error, gpointer data);

typedef struct {
	OukPromptParent *parent; /* outlives it */
	OukTokenView *view;
	const OukProfile *profile; /* NULL */
	const OukTries *tries;     /* copied */
	OukPromptReason reason;
	const char *purpose; /* for what; translated */
	const char *notice;  /* what went wrong before; NULL */
	OukKeyPromptTold told;
	gpointer data;
} OukKeyPromptSetup;

/* OUK_E_NO_PROMPT */
OukKeyPrompt *ouk_key_prompt_start(const OukKeyPromptSetup *setup, GError **error);
/* Closes it; told is not called any more. NULL is legal. */
void ouk_key_prompt_free(OukKeyPrompt *prompt);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukKeyPrompt, ouk_key_prompt_free)

#endif
