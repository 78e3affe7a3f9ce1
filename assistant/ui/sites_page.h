/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Web sites and keys: who is logged in now, who may ask, what was done. */
#ifndef OUK_UI_SITES_PAGE_H
#define OUK_UI_SITES_PAGE_H

#include <gtk/gtk.h>

GtkWidget *ouk_sites_page_new(void);

#endif
