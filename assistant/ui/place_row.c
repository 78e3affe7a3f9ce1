/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/place_row.h"

GtkWidget *
ouk_place_row_new(const char *place, const char *icon, const char *text)
{
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);
	GtkWidget *label = gtk_label_new(text);
	GtkWidget *image = gtk_image_new();

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_width_chars(GTK_LABEL(label), 21);
	gtk_widget_set_size_request(image, 16, 16);
	g_object_set_data(G_OBJECT(row), "image", image);
	g_object_set_data_full(G_OBJECT(row), "icon", g_strdup(icon), g_free);
	gtk_container_add(GTK_CONTAINER(box), image);
	gtk_container_add(GTK_CONTAINER(box), label);
	gtk_container_add(GTK_CONTAINER(row), box);
	g_object_set_data_full(G_OBJECT(row), "place", g_strdup(place), g_free);
	atk_object_set_name(gtk_widget_get_accessible(row), text);
	gtk_widget_show_all(row);
	return row;
}

void
ouk_place_row_draw(GtkWidget *row)
{
	GtkImage *image = g_object_get_data(G_OBJECT(row), "image");

	if (image != NULL)
		gtk_image_set_from_icon_name(image, g_object_get_data(G_OBJECT(row), "icon"),
					     GTK_ICON_SIZE_MENU);
}
