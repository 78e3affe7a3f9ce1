/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/secret_entry.h"

#include "assistant/pinentry/secret_buffer.h"
#include "common/secret.h"

#include <string.h>

/* With one of these held it is a command and no text. */
#define COMMAND_MASK \
	(GDK_CONTROL_MASK | GDK_MOD1_MASK | GDK_SUPER_MASK | GDK_HYPER_MASK | GDK_META_MASK)

static OukSecretBuffer *
buffer_of(GtkEntry *entry)
{
	GtkEntryBuffer *buffer = gtk_entry_get_buffer(entry);

	return OUK_IS_SECRET_BUFFER(buffer) ? OUK_SECRET_BUFFER(buffer) : NULL;
}

/* The field that has the keyboard in the event's window; NULL when it is no such field. */
static GtkEntry *
field_of(const GdkEventKey *event)
{
	gpointer widget = NULL;
	GtkWidget *focus;

	if (event->window != NULL)
		gdk_window_get_user_data(event->window, &widget);
	if (!GTK_IS_WIDGET(widget))
		return NULL;
	widget = gtk_widget_get_toplevel(widget);
	if (!GTK_IS_WINDOW(widget))
		return NULL;
	focus = gtk_window_get_focus(widget);
	if (!GTK_IS_ENTRY(focus) || buffer_of(GTK_ENTRY(focus)) == NULL)
		return NULL;
	return gtk_widget_is_sensitive(focus) ? GTK_ENTRY(focus) : NULL;
}

static void
character_type(GtkEntry *entry, gunichar character)
{
	GtkEditable *editable = GTK_EDITABLE(entry);
	int position;

	gtk_editable_delete_selection(editable);
	position = gtk_editable_get_position(editable);
	if (!ouk_secret_buffer_type(buffer_of(entry), (guint)position, character)) {
		gtk_widget_error_bell(GTK_WIDGET(entry));
		return;
	}
	gtk_editable_set_position(editable, position + 1);
	/* A screen reader says "star". */
	g_signal_emit_by_name(gtk_widget_get_accessible(GTK_WIDGET(entry)), "text-changed::insert",
			      position, 1);
}

/* TRUE: it made a character, and nobody else may have it. */
static gboolean
key_take(GdkEventKey *event)
{
	gunichar character = gdk_keyval_to_unicode(event->keyval);
	GtkEntry *entry = field_of(event);

	if (entry == NULL || (event->state & COMMAND_MASK) != 0 || character < ' ' ||
	    character == 0x7f)
		return FALSE;
	if (event->type == GDK_KEY_PRESS)
		character_type(entry, character);
	if (event->string != NULL)
		uk_wipe(event->string, strlen(event->string));
	event->keyval = 0;
	event->hardware_keycode = 0;
	event->length = 0;
	return TRUE;
}

static void
on_event(GdkEvent *event, gpointer data)
{
	if ((event->type == GDK_KEY_PRESS || event->type == GDK_KEY_RELEASE) &&
	    key_take(&event->key))
		return;
	gtk_main_do_event(event);
}

void
ouk_secret_entry_guard(void)
{
	gdk_event_handler_set(on_event, NULL, NULL);
}

/* ---- what a PIN field does not do ---- */

/* No menu (its "paste" would not work), no pasting with the middle button. */
static gboolean
on_button(GtkWidget *widget, GdkEventButton *event, gpointer data)
{
	if (event->button == GDK_BUTTON_PRIMARY)
		return GDK_EVENT_PROPAGATE;
	gtk_widget_grab_focus(widget);
	return GDK_EVENT_STOP;
}

static gboolean
on_popup_menu(GtkWidget *widget, gpointer data)
{
	return TRUE;
}

static void
on_clipboard(GtkEntry *entry, gpointer signal)
{
	g_signal_stop_emission_by_name(entry, signal);
	gtk_widget_error_bell(GTK_WIDGET(entry));
}

void
ouk_secret_entry_make(GtkEntry *entry)
{
	static char clipboard[][16] = {"cut-clipboard", "copy-clipboard", "paste-clipboard"};
	GtkEntryBuffer *buffer = ouk_secret_buffer_new();

	gtk_entry_set_buffer(entry, buffer);
	g_object_unref(buffer);
	gtk_entry_set_visibility(entry, FALSE);
	gtk_entry_set_input_purpose(entry, GTK_INPUT_PURPOSE_PASSWORD);
	gtk_entry_set_input_hints(entry, GTK_INPUT_HINT_NO_SPELLCHECK | GTK_INPUT_HINT_NO_EMOJI);
	g_object_set(entry, "im-module", "gtk-im-context-simple", "caps-lock-warning", FALSE, NULL);
	gtk_drag_dest_unset(GTK_WIDGET(entry));
	g_signal_connect(entry, "button-press-event", G_CALLBACK(on_button), NULL);
	g_signal_connect(entry, "popup-menu", G_CALLBACK(on_popup_menu), NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(clipboard); i++)
		g_signal_connect(entry, clipboard[i], G_CALLBACK(on_clipboard), clipboard[i]);
}

struct uk_span
ouk_secret_entry_peek(GtkEntry *entry)
{
	return ouk_secret_buffer_peek(buffer_of(entry));
}

void
ouk_secret_entry_clear(GtkEntry *entry)
{
	gtk_editable_delete_text(GTK_EDITABLE(entry), 0, -1);
}
