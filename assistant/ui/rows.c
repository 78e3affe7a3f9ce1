/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/rows.h"

struct _OukRows {
	GtkListBox parent;
};

G_DEFINE_TYPE(OukRows, ouk_rows, GTK_TYPE_LIST_BOX)

static gboolean
focus(GtkWidget *widget, GtkDirectionType direction)
{
	gboolean tab = direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD;
	GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(widget));

	if (!tab)
		return GTK_WIDGET_CLASS(ouk_rows_parent_class)->focus(widget, direction);
	if (gtk_container_get_focus_child(GTK_CONTAINER(widget)) != NULL || row == NULL)
		return FALSE;
	gtk_widget_grab_focus(GTK_WIDGET(row));
	return TRUE;
}

static void
ouk_rows_class_init(OukRowsClass *klass)
{
	GTK_WIDGET_CLASS(klass)->focus = focus;
}

static void
ouk_rows_init(OukRows *self)
{
}
