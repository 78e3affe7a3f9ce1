/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The orders of a unit: those begun here, and those that a query finds. */
#ifndef OUK_UI_ORDERS_PAGE_H
#define OUK_UI_ORDERS_PAGE_H

#include "assistant/core/profile.h"

#include <gtk/gtk.h>

/* profile: whose service is asked in a query; NULL: those begun here only. */
GtkWidget *ouk_orders_page_new(const OukProfile *profile, const char *unit_code);

#endif
