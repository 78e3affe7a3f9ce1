/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first start: looks at the computer, repairs what can be repaired, waits for the key, and ends
 * at "The certificate of … is ready". No PIN is tried; nothing is changed before it was shown.
 */
#ifndef OUK_UI_FIRST_START_PAGE_H
#define OUK_UI_FIRST_START_PAGE_H

#include <gtk/gtk.h>

#define OUK_TYPE_FIRST_START_PAGE ouk_first_start_page_get_type()
G_DECLARE_FINAL_TYPE(OukFirstStartPage, ouk_first_start_page, OUK, FIRST_START_PAGE, GtkBox)

GtkWidget *ouk_first_start_page_new(void);

#endif
