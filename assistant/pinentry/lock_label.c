/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/lock_label.h"

#include <glib/gi18n.h>

static GdkKeymap *
keymap_of(GtkLabel *label)
{
	return gdk_keymap_get_for_display(gtk_widget_get_display(GTK_WIDGET(label)));
}

static void
caps_show(GdkKeymap *keymap, gpointer label)
{
	gtk_widget_set_visible(label, gdk_keymap_get_caps_lock_state(keymap));
}

/* On is what people with a keypad expect. */
static void
num_show(GdkKeymap *keymap, gpointer label)
{
	gtk_label_set_text(label, gdk_keymap_get_num_lock_state(keymap)
					  ? _("Num Lock is on.")
					  : _("Num Lock is off: the keypad types no digits."));
}

void
ouk_lock_labels_watch(GtkLabel *caps, GtkLabel *num)
{
	GdkKeymap *keymap = keymap_of(caps);

	g_signal_connect_object(keymap, "state-changed", G_CALLBACK(caps_show), caps, 0);
	g_signal_connect_object(keymap, "state-changed", G_CALLBACK(num_show), num, 0);
	caps_show(keymap, caps);
	num_show(keymap, num);
}
