/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report for the hotline, as it will be saved or copied: seen first. */
#ifndef OUK_UI_REPORT_PAGE_H
#define OUK_UI_REPORT_PAGE_H

#include <gtk/gtk.h>

GtkWidget *ouk_report_page_new(const char *text);

#endif
