/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/preferences.h"

#include "assistant/ui/parts.h"
#include "assistant/ui/settings.h"

#include <glib/gi18n.h>

/* key: of the schema; action: instead of one. */
static const struct {
	const char *key, *action, *label, *note;
} rows[] = {
	{NULL, "app.autostart", N_("_Start with the session"),
	 N_("Watches for keys and dates without a window. Off: nothing runs in the background.")},
	{"notify-plug", NULL, N_("_Tell when a key is plugged in"),
	 N_("A notification with the unit's name.")},
	{"remember-certificates", NULL, N_("Re_member certificates"),
	 N_("Their public part only, so that dates can be shown without the key.")},
	{"remind", NULL, N_("_Remind me before a certificate ends"),
	 N_("90, 60, 30, 7 days and 1 day before, also without the key.")},
	{"remind-take-out", NULL, N_("Remind me to take the _key out"),
	 N_("Once, when the screen is locked or a hall's session ends.")},
	{"show-tray", NULL, N_("Show an _icon in the panel"),
	 N_("This desktop's panel has no place for icons where this is grey.")},
};

static void
add_row(GtkBox *list, guint number, gboolean tray)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 24);
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
	GtkWidget *label = gtk_label_new_with_mnemonic(_(rows[number].label));
	GtkWidget *note = gtk_label_new(_(rows[number].note));
	GtkWidget *toggle = gtk_switch_new();
	AtkObject *spoken = gtk_widget_get_accessible(toggle);
	GSettings *settings = ouk_settings();

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_mnemonic_widget(GTK_LABEL(label), toggle);
	gtk_label_set_xalign(GTK_LABEL(note), 0);
	gtk_label_set_line_wrap(GTK_LABEL(note), TRUE);
	gtk_label_set_max_width_chars(GTK_LABEL(note), 42);
	ouk_add_class(note, "dim-label");
	gtk_widget_set_valign(toggle, GTK_ALIGN_CENTER);
	atk_object_set_name(spoken, gtk_label_get_text(GTK_LABEL(label)));
	atk_object_set_description(spoken, _(rows[number].note));
	if (rows[number].action != NULL)
		gtk_actionable_set_action_name(GTK_ACTIONABLE(toggle), rows[number].action);
	else if (settings != NULL)
		g_settings_bind(settings, rows[number].key, toggle, "active",
				G_SETTINGS_BIND_DEFAULT);
	else
		gtk_widget_set_sensitive(toggle, FALSE);
	if (g_strcmp0(rows[number].key, "show-tray") == 0 && !tray)
		gtk_widget_set_sensitive(toggle, FALSE);
	gtk_container_add(GTK_CONTAINER(texts), label);
	gtk_container_add(GTK_CONTAINER(texts), note);
	gtk_box_pack_start(GTK_BOX(row), texts, TRUE, TRUE, 0);
	gtk_container_add(GTK_CONTAINER(row), toggle);
	gtk_container_add(GTK_CONTAINER(list), row);
}

void
ouk_preferences_show(GtkWindow *parent, gboolean tray)
{
	GtkWidget *dialog = gtk_dialog_new_with_buttons(
		_("Preferences"), parent,
		GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT | GTK_DIALOG_USE_HEADER_BAR, NULL,
		NULL);
	GtkWidget *list = gtk_box_new(GTK_ORIENTATION_VERTICAL, 16);
	GtkWidget *language = gtk_label_new(_("The language is the one of your session."));

	/* a dialog does not have the application's actions by itself */
	gtk_widget_insert_action_group(dialog, "app", G_ACTION_GROUP(g_application_get_default()));
	gtk_container_set_border_width(GTK_CONTAINER(list), 24);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		add_row(GTK_BOX(list), i, tray);
	gtk_label_set_xalign(GTK_LABEL(language), 0);
	ouk_add_class(language, "dim-label");
	gtk_container_add(GTK_CONTAINER(list), language);
	gtk_widget_show_all(list);
	gtk_container_add(GTK_CONTAINER(gtk_dialog_get_content_area(GTK_DIALOG(dialog))), list);
	gtk_window_set_resizable(GTK_WINDOW(dialog), FALSE);
	g_signal_connect(dialog, "response", G_CALLBACK(gtk_widget_destroy), NULL);
	gtk_window_present(GTK_WINDOW(dialog));
}
