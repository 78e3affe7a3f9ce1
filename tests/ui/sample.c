/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bare window: what the rig's own test drives, and the least that a window of GTK costs. */
#include <gtk/gtk.h>

static void
on_clicked(GtkButton *button, gpointer label)
{
	GtkEntry *entry = g_object_get_data(G_OBJECT(button), "entry");
	g_autofree char *text = g_strdup_printf("你好 %s", gtk_entry_get_text(entry));

	gtk_label_set_text(label, text);
}

static void
on_activate(GtkApplication *app, gpointer data)
{
	GtkWidget *window = gtk_application_window_new(app);
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
	GtkWidget *label = gtk_label_new("名字");
	GtkWidget *entry = gtk_entry_new();
	GtkWidget *button = gtk_button_new_with_mnemonic("确定(_O)");

	gtk_window_set_title(GTK_WINDOW(window), "Sample");
	atk_object_set_name(gtk_widget_get_accessible(entry), "名字");
	g_object_set_data(G_OBJECT(button), "entry", entry);
	g_signal_connect(button, "clicked", G_CALLBACK(on_clicked), label);
	gtk_container_add(GTK_CONTAINER(box), label);
	gtk_container_add(GTK_CONTAINER(box), entry);
	gtk_container_add(GTK_CONTAINER(box), button);
	gtk_container_add(GTK_CONTAINER(window), box);
	gtk_widget_show_all(window);
}

int
main(int argc, char **argv)
{
	g_autoptr(GtkApplication) app = gtk_application_new(NULL, G_APPLICATION_NON_UNIQUE);

	g_signal_connect(app, "activate", G_CALLBACK(on_activate), NULL);
	return g_application_run(G_APPLICATION(app), argc, argv);
}
