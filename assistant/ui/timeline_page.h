/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When which certificate ends: of all keys that were ever plugged in, with or without the key. */
#ifndef OUK_UI_TIMELINE_PAGE_H
#define OUK_UI_TIMELINE_PAGE_H

#include <gtk/gtk.h>

#define OUK_TYPE_TIMELINE_PAGE ouk_timeline_page_get_type()
G_DECLARE_FINAL_TYPE(OukTimelinePage, ouk_timeline_page, OUK, TIMELINE_PAGE, GtkScrolledWindow)

GtkWidget *ouk_timeline_page_new(void);

#endif
