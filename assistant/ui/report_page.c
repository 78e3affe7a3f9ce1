/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/report_page.h"

#include "assistant/ui/paper.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

static void
on_copy(GtkWidget *button, const char *text)
{
	gtk_clipboard_set_text(gtk_clipboard_get(GDK_SELECTION_CLIPBOARD), text, -1);
	ouk_window_say(button, GTK_MESSAGE_INFO, _("Copied. You can paste it into a message."));
}

static void
on_save(GtkWidget *button, const char *text)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *name = g_date_time_format(now, "openukey-report-%Y-%m-%d.txt");
	g_autoptr(GBytes) content = g_bytes_new(text, strlen(text));

	ouk_save_as(button, _("Save the Report"), name, content);
}

static GtkWidget *
button_new(const char *label, GCallback callback, const char *text)
{
	GtkWidget *button = gtk_button_new_with_mnemonic(label);

	ouk_add_class(button, "ouk-big");
	g_signal_connect_data(button, "clicked", callback, g_strdup(text), ouk_closure_free(), 0);
	return button;
}

GtkWidget *
ouk_report_page_new(const char *text)
{
	GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 14);
	GtkWidget *note = gtk_label_new(_("This is all that the report says. Serial numbers are "
					  "shortened, of names only the first character is left."));
	GtkWidget *scrolled = gtk_scrolled_window_new(NULL, NULL);
	GtkWidget *view = gtk_text_view_new();
	GtkWidget *buttons = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *save = button_new(_("_Save…"), G_CALLBACK(on_save), text);

	ouk_add_class(page, "ouk-page");
	gtk_label_set_line_wrap(GTK_LABEL(note), TRUE);
	gtk_label_set_xalign(GTK_LABEL(note), 0);
	gtk_text_view_set_editable(GTK_TEXT_VIEW(view), FALSE);
	gtk_text_view_set_monospace(GTK_TEXT_VIEW(view), TRUE);
	gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(view), GTK_WRAP_WORD_CHAR);
	gtk_text_view_set_accepts_tab(GTK_TEXT_VIEW(view), FALSE);
	gtk_container_set_border_width(GTK_CONTAINER(view), 12);
	gtk_text_buffer_set_text(gtk_text_view_get_buffer(GTK_TEXT_VIEW(view)), text, -1);
	atk_object_set_name(gtk_widget_get_accessible(view), _("Report for the hotline"));
	gtk_scrolled_window_set_shadow_type(GTK_SCROLLED_WINDOW(scrolled), GTK_SHADOW_IN);
	gtk_container_add(GTK_CONTAINER(scrolled), view);
	ouk_add_class(save, "suggested-action");
	gtk_container_add(GTK_CONTAINER(buttons), save);
	gtk_container_add(GTK_CONTAINER(buttons),
			  button_new(_("_Copy"), G_CALLBACK(on_copy), text));
	gtk_box_pack_start(GTK_BOX(page), note, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(page), scrolled, TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(page), buttons, FALSE, FALSE, 0);
	gtk_widget_show_all(page);
	return page;
}
