/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one, two or three fields of a question, and what is refused before anything is sent. */
#ifndef OUK_PINENTRY_FIELDS_H
#define OUK_PINENTRY_FIELDS_H

#include "assistant/core/pin_rule.h"
#include "assistant/core/prompt_wire.h"
#include "assistant/pinentry/rule_list.h"

#include <gtk/gtk.h>

typedef struct {
	GtkLabel *label;
	GtkEntry *entry;
} OukPinField;

typedef struct {
	OukPinField old, fresh, again;
	GtkGrid *rules;
	void (*typed)(gpointer data); /* told at each change */
	gpointer data;
	/* of the question */
	OukRuleList list;
	const OukPinRule *rule; /* borrowed */
	int reason, min, max;
} OukPinFields;

/* Once: makes the entries fields for secrets. */
void ouk_pin_fields_make(OukPinFields *fields);
/* Empties the fields and shows those that the question needs. */
void ouk_pin_fields_ask(OukPinFields *fields, const OukPromptRequest *request,
			const OukPinRule *rule);
/* Whether the PIN that the key has now is asked for. */
gboolean ouk_pin_fields_asks_old(const OukPinFields *fields);
/*
 * NULL: all is well. Else a sentence; the field that it is about is emptied and has the keyboard,
 * unless the person may insist on what is in it.
 */
const char *ouk_pin_fields_check(OukPinFields *fields, gboolean insist, gboolean *ret_may_insist);
/* Copies what ouk_prompt_pins says out and wipes the fields. */
void ouk_pin_fields_take(OukPinFields *fields, struct uk_secret *ret_pins);
void ouk_pin_fields_clear(OukPinFields *fields);
/* The keyboard to the first empty field. */
void ouk_pin_fields_focus(OukPinFields *fields);
/* What a screen reader adds when it comes to a field. */
void ouk_pin_fields_describe(OukPinFields *fields, const char *text);

#endif
