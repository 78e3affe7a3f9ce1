/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything a certificate says, who vouches for it, whether it was taken back; copy, export,
 * print. */
#ifndef OUK_UI_DETAILS_PAGE_H
#define OUK_UI_DETAILS_PAGE_H

#include "assistant/core/view.h"

#include <gtk/gtk.h>

#define OUK_TYPE_DETAILS_PAGE ouk_details_page_get_type()
G_DECLARE_FINAL_TYPE(OukDetailsPage, ouk_details_page, OUK, DETAILS_PAGE, GtkScrolledWindow)

/* view: the key it is on, or NULL for a remembered one. */
GtkWidget *ouk_details_page_new(OukTokenView *view, OukPairView *pair);

#endif
