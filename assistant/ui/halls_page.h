/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The halls: searched by city or name, opened in the browser that the person uses anyway. */
#ifndef OUK_UI_HALLS_PAGE_H
#define OUK_UI_HALLS_PAGE_H

#include <gtk/gtk.h>

#define OUK_TYPE_HALLS_PAGE ouk_halls_page_get_type()
G_DECLARE_FINAL_TYPE(OukHallsPage, ouk_halls_page, OUK, HALLS_PAGE, GtkScrolledWindow)

GtkWidget *ouk_halls_page_new(void);

#endif
