/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A place in the list at the side: icon and name. */
#ifndef OUK_UI_PLACE_ROW_H
#define OUK_UI_PLACE_ROW_H

#include <gtk/gtk.h>

/* place: its data "place"; text: translated. The icon is not drawn yet. */
GtkWidget *ouk_place_row_new(const char *place, const char *icon, const char *text);
/* Drawing icons takes longer than all the rest of a window: done after the first paint. */
void ouk_place_row_draw(GtkWidget *row);

#endif
