/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The PIN of a key: tries left, change, test, and when it is locked, the way out. No PIN is ever
 * typed here: that happens in the prompt, a process of its own.
 */
#ifndef OUK_UI_PIN_PAGE_H
#define OUK_UI_PIN_PAGE_H

#include "assistant/core/view.h"

#include <gtk/gtk.h>

#define OUK_TYPE_PIN_PAGE ouk_pin_page_get_type()
G_DECLARE_FINAL_TYPE(OukPinPage, ouk_pin_page, OUK, PIN_PAGE, GtkBox)

void ouk_pin_page_set_token(OukPinPage *self, OukTokenView *view);
/* The group "pin": change, test, ... Borrowed. */
GActionGroup *ouk_pin_page_actions(OukPinPage *self);

#endif
