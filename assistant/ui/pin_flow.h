/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing or testing the PIN of a key: the prompt (a process of its own) asks, the job sends, and
 * the flow of core/flow.h says what comes after what. The PIN passes through here in locked memory
 * and is wiped as soon as the key has answered.
 */
#ifndef OUK_UI_PIN_FLOW_H
#define OUK_UI_PIN_FLOW_H

#include "assistant/core/flow.h"
#include "assistant/core/profile.h"
#include "assistant/core/watch.h"

#include <gtk/gtk.h>

typedef struct _OukPinFlow OukPinFlow;

typedef enum {
	OUK_PIN_DONE,
	OUK_PIN_STOPPED, /* by the person */
	OUK_PIN_LOCKED,
	OUK_PIN_TROUBLE, /* error says what */
} OukPinNews;

/* Told once, on the main context; the flow is over then and may be freed in it. */
typedef void (*OukPinTold)(OukPinNews news, const GError *error, gpointer data);

typedef struct {
	OukWatch *watch;
	OukTokenView *view;
	OukFlowKind kind;          /* CHANGE or TEST */
	const OukProfile *profile; /* may be NULL */
	GtkWindow *parent;         /* that the prompt belongs to */
	OukPinTold told;
	gpointer data;
} OukPinFlowSetup;

OukPinFlow *ouk_pin_flow_start(const OukPinFlowSetup *setup);
/* Stops it where it is, closes the prompt; told is not called any more. Frees. NULL is legal. */
void ouk_pin_flow_free(OukPinFlow *flow);

#endif
