/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/fact_list.h"

#include "assistant/ui/parts.h"
#include "assistant/ui/window.h"

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

static GtkWidget *
row_add(GtkBox *list, const char *name, const char *value)
{
	GtkWidget *row = NULL, *left = NULL, *right = NULL;

	if (value == NULL || *value == '\0')
		return NULL;
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
	return row;
}

void
ouk_fact_list_add(GtkBox *list, const char *name, const char *value)
{
	(void)row_add(list, name, value);
}

static void
centre(GtkWidget *label, gpointer data)
{
	gtk_label_set_yalign(GTK_LABEL(label), 0.5F);
}

static void
on_copy(GtkWidget *button, gpointer data)
{
	gtk_clipboard_set_text(gtk_clipboard_get(GDK_SELECTION_CLIPBOARD),
			       g_object_get_data(G_OBJECT(button), "value"), -1);
	ouk_window_say(button, GTK_MESSAGE_INFO, _("Copied."));
}

void
ouk_fact_list_add_copyable(GtkBox *list, const char *name, const char *value, const char *copied)
{
	GtkWidget *row = row_add(list, name, value), *button = NULL;
	/* TRANSLATORS: what is copied */
	g_autofree char *spoken = g_strdup_printf(_("Copy: %s"), name);

	if (row == NULL)
		return;
	gtk_container_foreach(GTK_CONTAINER(row), centre, NULL);
	button = gtk_button_new_with_label(_("Copy"));
	atk_object_set_name(gtk_widget_get_accessible(button), spoken);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	g_object_set_data_full(G_OBJECT(button), "value", g_strdup(copied != NULL ? copied : value),
			       g_free);
	g_signal_connect(button, "clicked", G_CALLBACK(on_copy), NULL);
	gtk_widget_show(button);
	gtk_box_pack_end(GTK_BOX(row), button, FALSE, FALSE, 0);
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
