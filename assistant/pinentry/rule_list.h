/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules for a new PIN, each with a mark that follows what is typed. */
#ifndef OUK_PINENTRY_RULE_LIST_H
#define OUK_PINENTRY_RULE_LIST_H

#include "assistant/core/pin_rule.h"

#include <gtk/gtk.h>

typedef struct {
	GtkWidget *marks[OUK_PIN_RULES], *lines[OUK_PIN_RULES]; /* NULL: does not apply */
} OukRuleList;

/* Fills the grid anew. */
void ouk_rule_list_fill(OukRuleList *list, GtkGrid *grid, const OukPinRule *rule);
/* broken: of ouk_pin_rule_broken; typed FALSE: nothing yet, no mark is a reproach. */
void ouk_rule_list_show(OukRuleList *list, const OukPinRule *rule, guint broken, gboolean typed);

#endif
