/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An errand from the inside: errand.c and errand_pin.c. */
#ifndef OUK_UI_ERRAND_DATA_H
#define OUK_UI_ERRAND_DATA_H

#include "assistant/core/renew.h"
#include "assistant/core/watch.h"
#include "assistant/ui/errand.h"
#include "assistant/ui/key_prompt.h"

struct _OukErrand {
	GObject parent;
	OukErrandInfo info;
	OukService *service;
	GCancellable *cancellable; /* when this goes, whatever is on its way is not waited for */
	gboolean asking;           /* a worker is at it */
	guint poll;
	/* filled in */
	GHashTable *form;
	char *code, *way, *slot, *serial;
	guint years;
	GPtrArray *agreed;
	GBytes *picture;
	char *grant; /* secret */
	/* the PIN */
	OukKeyPrompt *prompt;
	OukPromptParent *parent_window;
	OukTries tries;
	OukRenewStep step;
};

void errand_text_wipe(char *text);
/* Takes the error. */
void errand_set_error(OukErrand *self, GError *error);
void errand_changed(OukErrand *self);

/* Asks the service. */
void errand_ask_service(OukErrand *self, OukDeskAction action);
/* Before an order whose certificate goes onto the key: looks whether that can be. */
void errand_check_key(OukErrand *self);
/* Asks for the PIN, and does to the key what it was asked for. */
void errand_ask_pin(OukErrand *self);
void errand_on_plugged(OukWatch *watch, OukTokenView *view, OukErrand *self);
void errand_on_pulled(OukWatch *watch, OukTokenView *view, OukErrand *self);

#endif
