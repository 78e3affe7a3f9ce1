/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is shown while there is no key to show: why, what to do, and the button that does it. */
#ifndef OUK_UI_EMPTY_PAGE_H
#define OUK_UI_EMPTY_PAGE_H

#include "assistant/core/watch.h"

#include <gtk/gtk.h>

#define OUK_TYPE_EMPTY_PAGE ouk_empty_page_get_type()
G_DECLARE_FINAL_TYPE(OukEmptyPage, ouk_empty_page, OUK, EMPTY_PAGE, GtkBox)

GtkWidget *ouk_empty_page_new(void);
void ouk_empty_page_set_state(OukEmptyPage *self, OukWatchState state);
/* For the row in the list of keys. Translated. */
const char *ouk_empty_page_row_text(OukWatchState state);

/*
 * The same picture for other empty places: what (headline), cure (sentence), a button with
 * label and detailed action, or NULL. All translated.
 */
GtkWidget *ouk_empty_new(const char *icon, const char *what, const char *cure, const char *label,
			 const char *action);

#endif
