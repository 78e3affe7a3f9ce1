/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and values in two columns; values can be selected and copied. */
#ifndef OUK_UI_FACT_LIST_H
#define OUK_UI_FACT_LIST_H

#include <gtk/gtk.h>

/* A GtkBox of rows, so that they are read aloud in the order in which they are seen. */
GtkWidget *ouk_fact_list_new(void);
/* name: translated; nothing is added where value is NULL or "". */
void ouk_fact_list_add(GtkBox *list, const char *name, const char *value);
/* With a button that copies the value, or `copied` where that is not NULL. */
void ouk_fact_list_add_copyable(GtkBox *list, const char *name, const char *value,
				const char *copied);
void ouk_fact_list_clear(GtkBox *list);
/* All of it as text: "name: value" lines. The caller frees. */
char *ouk_fact_list_text(GtkBox *list);

#endif
