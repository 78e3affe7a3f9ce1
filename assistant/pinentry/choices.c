/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/choices.h"

void
ouk_choices_show(GtkBox *box, const char *lines)
{
	g_auto(GStrv) texts = g_strsplit(lines != NULL ? lines : "", "\n", OUK_CHOICES_MAX);
	GtkWidget *first = NULL;
	guint count = g_strv_length(texts);

	gtk_container_foreach(GTK_CONTAINER(box), (GtkCallback)(void *)gtk_widget_destroy, NULL);
	for (guint i = 0; count > 1 && i < count; i++) {
		GtkWidget *button = gtk_radio_button_new_with_label_from_widget(
			first != NULL ? GTK_RADIO_BUTTON(first) : NULL, texts[i]);

		first = first != NULL ? first : button;
		gtk_label_set_line_wrap(GTK_LABEL(gtk_bin_get_child(GTK_BIN(button))), TRUE);
		gtk_box_pack_start(box, button, FALSE, FALSE, 0);
		gtk_widget_show(button);
	}
	gtk_widget_set_visible(GTK_WIDGET(box), count > 1);
}

guint
ouk_choices_chosen(GtkBox *box)
{
	GList *buttons = gtk_container_get_children(GTK_CONTAINER(box));
	guint chosen = 0, at = 0;

	for (GList *each = buttons; each != NULL; each = each->next, at++)
		if (gtk_toggle_button_get_active(each->data))
			chosen = at;
	g_list_free(buttons);
	return chosen;
}
