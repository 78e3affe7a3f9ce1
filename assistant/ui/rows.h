/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list that the Tab key enters at the chosen row and leaves again; arrows go from row to row. */
#ifndef OUK_UI_ROWS_H
#define OUK_UI_ROWS_H

#include <gtk/gtk.h>

#define OUK_TYPE_ROWS ouk_rows_get_type()
G_DECLARE_FINAL_TYPE(OukRows, ouk_rows, OUK, ROWS, GtkListBox)

#endif
