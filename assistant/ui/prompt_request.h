/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the PIN prompt is told of a key, and of the window that it opens in front of. */
#ifndef OUK_UI_PROMPT_REQUEST_H
#define OUK_UI_PROMPT_REQUEST_H

#include "assistant/core/profile.h"
#include "assistant/core/prompt.h"
#include "assistant/core/view.h"

#include <gtk/gtk.h>

/* A window as another process can name it. */
typedef struct _OukPromptParent OukPromptParent;
typedef void (*OukPromptParentReady)(gpointer data);

/* window: outlives it. */
OukPromptParent *ouk_prompt_parent_new(GtkWindow *window);
/* Calls ready as soon as there is a name, or none can be had; perhaps before it returns. */
void ouk_prompt_parent_export(OukPromptParent *parent, OukPromptParentReady ready, gpointer data);
/* Takes the name back. ready is not called any more. NULL is legal. */
void ouk_prompt_parent_free(OukPromptParent *parent);

/* Strings are the request's: free with ouk_prompt_request_clear. profile, tries: may be NULL. */
void ouk_prompt_request_fill(OukPromptRequest *request, OukTokenView *view,
			     const OukProfile *profile, const OukTries *tries,
			     const OukPromptParent *parent);

#endif
