/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/fact_list.h"

#include "assistant/ui/parts.h"

#include <glib/gi18n.h>

#define NAMES "ouk-names" /* the list's size group of names */
#define TEXT  "ouk-text"  /* what has been added, as text */

GtkWidget *
ouk_fact_list_new(void)
{
	GtkWidget *list = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);

	g_object_set_data_full(G_OBJECT(list), NAMES, gtk_size_group_new(GTK_SIZE_GROUP_HORIZONTAL),
			       g_object_unref);
	ouk_fact_list_clear(GTK_BOX(list));
	gtk_widget_show(list);
	return list;
}

static void
text_free(gpointer data)
{
	g_string_free(data, TRUE);
}

void
ouk_fact_list_add(GtkBox *list, const char *name, const char *value)
{
	GtkWidget *row = NULL, *left = NULL, *right = NULL;

	if (value == NULL || *value == '\0')
		return;
	row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 18);
	left = gtk_label_new(name);
	right = ouk_label_new(value, NULL);
	gtk_label_set_xalign(GTK_LABEL(left), 1);
	gtk_label_set_yalign(GTK_LABEL(left), 0);
	gtk_label_set_yalign(GTK_LABEL(right), 0);
	ouk_add_class(left, "dim-label");
	gtk_size_group_add_widget(g_object_get_data(G_OBJECT(list), NAMES), left);
	gtk_box_pack_start(GTK_BOX(row), left, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(row), right, TRUE, TRUE, 0);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(list), row);
	atk_object_add_relationship(gtk_widget_get_accessible(right), ATK_RELATION_LABELLED_BY,
				    gtk_widget_get_accessible(left));
	/* TRANSLATORS: name and value of a line */
	g_string_append_printf(g_object_get_data(G_OBJECT(list), TEXT), _("%s: %s\n"), name, value);
}

void
ouk_fact_list_clear(GtkBox *list)
{
	ouk_clear(list);
	g_object_set_data_full(G_OBJECT(list), TEXT, g_string_new(NULL), text_free);
}

char *
ouk_fact_list_text(GtkBox *list)
{
	const GString *text = g_object_get_data(G_OBJECT(list), TEXT);

	return g_strdup(text->str);
}
