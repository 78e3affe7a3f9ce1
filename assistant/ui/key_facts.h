/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a key is, and what it is called: the nickname here, the label on the key itself. */
#ifndef OUK_UI_KEY_FACTS_H
#define OUK_UI_KEY_FACTS_H

#include "assistant/core/view.h"

#include <gtk/gtk.h>

#define OUK_TYPE_KEY_FACTS ouk_key_facts_get_type()
G_DECLARE_FINAL_TYPE(OukKeyFacts, ouk_key_facts, OUK, KEY_FACTS, GtkBox)

void ouk_key_facts_set_token(OukKeyFacts *self, OukTokenView *view);
/* Puts the cursor where the name is typed. */
void ouk_key_facts_rename(OukKeyFacts *self);

#endif
