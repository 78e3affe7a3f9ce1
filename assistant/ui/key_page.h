/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One key: its certificates, its PIN, and what it is. */
#ifndef OUK_UI_KEY_PAGE_H
#define OUK_UI_KEY_PAGE_H

#include "assistant/core/watch.h"

#include <gtk/gtk.h>

#define OUK_TYPE_KEY_PAGE ouk_key_page_get_type()
G_DECLARE_FINAL_TYPE(OukKeyPage, ouk_key_page, OUK, KEY_PAGE, GtkScrolledWindow)

GtkWidget *ouk_key_page_new(void);
/* A new snapshot of the same key keeps tab and focus. */
void ouk_key_page_set_token(OukKeyPage *self, OukTokenView *view);
/* "certificates", "pin" or "key". */
void ouk_key_page_show_tab(OukKeyPage *self, const char *tab);

#endif
