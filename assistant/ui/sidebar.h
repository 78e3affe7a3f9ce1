/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows at the start side of the window: of keys (data "place": "keys", "key-id") and of other
 * places (data "place").
 */
#ifndef OUK_UI_SIDEBAR_H
#define OUK_UI_SIDEBAR_H

#include <gtk/gtk.h>

/* For gtk_list_box_set_header_func: "My Keys" and "More". */
void ouk_sidebar_section(GtkListBoxRow *row, GtkListBoxRow *before, gpointer data);
void ouk_sidebar_draw_icons(GtkListBox *list);
void ouk_sidebar_remove_keys(GtkListBox *list);
/* id NULL: the first of that place. NULL when there is none. */
GtkListBoxRow *ouk_sidebar_find(GtkListBox *list, const char *place, const char *id);

#endif
