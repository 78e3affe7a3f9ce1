/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The window: who asks and for which key, the fields or one of the other pages (few tries left; how
 * it ended). It decides what is sent on; what came of that is told it.
 */
#ifndef OUK_PINENTRY_DIALOG_H
#define OUK_PINENTRY_DIALOG_H

#include "assistant/core/prompt_wire.h"

#include <gtk/gtk.h>

#define OUK_TYPE_PROMPT_DIALOG ouk_prompt_dialog_get_type()
G_DECLARE_FINAL_TYPE(OukPromptDialog, ouk_prompt_dialog, OUK, PROMPT_DIALOG, GtkWindow)

/*
 * pins: so many as ouk_prompt_pins says, wiped when it returns; NULL when the person stops or
 * closes the window, and after OUK_PROMPT_QUESTION.
 */
typedef void (*OukPromptAnswered)(const struct uk_secret *pins, gpointer data);

OukPromptDialog *ouk_prompt_dialog_new(OukPromptAnswered answered, gpointer data);

/* Opens with a question; fields are empty. The request is copied. */
void ouk_prompt_dialog_ask(OukPromptDialog *dialog, const OukPromptRequest *request);
/* How a question was answered, and the choice; in the callback. */
OukPromptDecision ouk_prompt_dialog_decision(OukPromptDialog *dialog, guint *ret_choice);
/* What came of the last answer. */
void ouk_prompt_dialog_tell(OukPromptDialog *dialog, const OukPromptResult *result);
/* Whether it shows how it ended: nothing is left to do but to read it and close it. */
gboolean ouk_prompt_dialog_ended(OukPromptDialog *dialog);

#endif
