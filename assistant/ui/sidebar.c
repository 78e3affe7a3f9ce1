/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/sidebar.h"

#include "assistant/ui/parts.h"
#include "assistant/ui/place_row.h"

#include <glib/gi18n.h>
#include <string.h>

void
ouk_sidebar_draw_icons(GtkListBox *list)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(list));

	for (GList *each = rows; each != NULL; each = each->next)
		ouk_place_row_draw(each->data);
}

void
ouk_sidebar_section(GtkListBoxRow *row, GtkListBoxRow *before, gpointer data)
{
	gboolean key = strcmp(g_object_get_data(G_OBJECT(row), "place"), "keys") == 0;
	GtkWidget *label = NULL;

	if (before != NULL &&
	    (key || strcmp(g_object_get_data(G_OBJECT(before), "place"), "keys") != 0)) {
		gtk_list_box_row_set_header(row, NULL);
		return;
	}
	label = gtk_label_new(key ? _("My Keys") : _("More"));
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	ouk_add_class(label, "ouk-section");
	gtk_widget_show(label);
	gtk_list_box_row_set_header(row, label);
}

static gboolean
is_key_row(GtkWidget *row)
{
	return strcmp(g_object_get_data(G_OBJECT(row), "place"), "keys") == 0;
}

void
ouk_sidebar_remove_keys(GtkListBox *list)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(list));

	for (GList *each = rows; each != NULL; each = each->next)
		if (is_key_row(each->data))
			gtk_widget_destroy(each->data);
}

GtkListBoxRow *
ouk_sidebar_find(GtkListBox *list, const char *place, const char *id)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(list));

	for (GList *each = rows; each != NULL; each = each->next)
		if (g_strcmp0(g_object_get_data(each->data, "place"), place) == 0 &&
		    (id == NULL || g_strcmp0(g_object_get_data(each->data, "key-id"), id) == 0))
			return each->data;
	return NULL;
}
