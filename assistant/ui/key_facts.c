/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/key_facts.h"

#include "assistant/core/jobs.h"
#include "assistant/core/memory.h"
#include "assistant/ui/application.h"
#include "assistant/ui/fact_list.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

struct _OukKeyFacts {
	GtkBox parent;
	GtkEntry *nickname, *label;
	GtkWidget *label_row, *nickname_save, *label_save;
	GtkBox *grid;
	OukTokenView *view;
	GCancellable *cancellable;
};

G_DEFINE_TYPE(OukKeyFacts, ouk_key_facts, GTK_TYPE_BOX)

static const char *
text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static void
fill_grid(OukKeyFacts *self)
{
	const OukTokenInfo *info = ouk_token_view_info(self->view);

	ouk_fact_list_clear(self->grid);
	ouk_fact_list_add(self->grid, _("Serial number of the key"), info->serial);
	ouk_fact_list_add(self->grid, _("Maker"), info->maker);
	ouk_fact_list_add(self->grid, _("Model"), info->model);
	ouk_fact_list_add(self->grid, _("Application"), info->application);
	ouk_fact_list_add(self->grid, _("Reader"), info->reader);
	ouk_fact_list_add(self->grid, _("Driver"),
			  info->flags & OUK_TOKEN_FOREIGN ? _("another program's") : "OpenUKey");
}

/* What somebody is typing just now is not written over. */
static void
fill_entry(GtkEntry *entry, const char *text, gboolean other)
{
	if (other || !gtk_widget_has_focus(GTK_WIDGET(entry)))
		gtk_entry_set_text(entry, text);
}

void
ouk_key_facts_set_token(OukKeyFacts *self, OukTokenView *view)
{
	const OukTokenInfo *info = ouk_token_view_info(view);
	gboolean other =
		self->view == NULL || strcmp(ouk_token_view_info(self->view)->id, info->id) != 0;

	if (self->view == view)
		return;
	g_set_object(&self->view, view);
	fill_entry(self->nickname, text_or_empty(info->nickname), other);
	fill_entry(self->label, text_or_empty(info->label), other);
	gtk_widget_set_visible(self->label_row, (info->flags & OUK_TOKEN_VENDOR) != 0);
	fill_grid(self);
}

void
ouk_key_facts_rename(OukKeyFacts *self)
{
	gtk_widget_grab_focus(GTK_WIDGET(self->nickname));
}

/* ---- nickname: on this computer ---- */

typedef struct {
	OukMemory *memory;
	char *key_id, *nickname;
} Naming;

static void
naming_free(gpointer data)
{
	Naming *naming = data;

	ouk_memory_unref(naming->memory);
	g_free(naming->key_id);
	g_free(naming->nickname);
	g_free(naming);
}

static void
set_nickname(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Naming *naming = data;
	GError *error = NULL;

	if (ouk_memory_set_nickname(naming->memory, naming->key_id, naming->nickname, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void
on_nickname_set(GObject *source, GAsyncResult *result, gpointer data)
{
	OukKeyFacts *self = OUK_KEY_FACTS(source);
	g_autoptr(GError) error = NULL;
	gboolean done = g_task_propagate_boolean(G_TASK(result), &error);

	if (g_cancellable_is_cancelled(self->cancellable))
		return; /* the page has gone: touch no widget */
	if (!done) {
		ouk_window_report(GTK_WIDGET(self), error);
		return;
	}
	ouk_watch_note_memory(ouk_application_watch(ouk_application_get()));
	ouk_window_say(GTK_WIDGET(self), GTK_MESSAGE_INFO, _("The name is kept on this computer."));
}

static void
on_nickname(OukKeyFacts *self)
{
	OukMemory *memory = ouk_application_memory(ouk_application_get());
	g_autoptr(GTask) task = NULL;
	Naming *naming = NULL;

	if (memory == NULL || self->view == NULL)
		return;
	naming = g_new0(Naming, 1);
	naming->memory = ouk_memory_ref(memory);
	naming->key_id = g_strdup(ouk_token_view_info(self->view)->key_id);
	naming->nickname = g_strdup(gtk_entry_get_text(self->nickname));
	task = g_task_new(self, self->cancellable, on_nickname_set, NULL);
	g_task_set_task_data(task, naming, naming_free);
	g_task_run_in_thread(task, set_nickname);
}

/* ---- label: on the key ---- */

static void
on_label_set(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(OukKeyFacts) self = data;
	g_autoptr(GError) error = NULL;
	gboolean done = ouk_job_finish(result, NULL, &error);

	if (g_cancellable_is_cancelled(self->cancellable))
		return; /* the page has gone: touch no widget */
	gtk_widget_set_sensitive(self->label_save, TRUE);
	if (!done)
		ouk_window_report(GTK_WIDGET(self), error);
	else
		ouk_window_say(GTK_WIDGET(self), GTK_MESSAGE_INFO,
			       _("The label is written on the key; every computer shows it."));
}

static void
on_label(OukKeyFacts *self)
{
	if (self->view == NULL)
		return;
	gtk_widget_set_sensitive(self->label_save, FALSE);
	ouk_job_set_label_async(ouk_application_watch(ouk_application_get()),
				ouk_token_view_info(self->view)->id,
				gtk_entry_get_text(self->label), self->cancellable, on_label_set,
				g_object_ref(self));
}

/* ---- life ---- */

/* A name, its field, and the button that saves it; returns the row. */
static GtkWidget *
entry_row(const char *text, const char *note, const char *verb, GtkEntry **ret_entry,
	  GtkWidget **ret_button)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
	GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *label = gtk_label_new_with_mnemonic(text);
	GtkWidget *below = gtk_label_new(note);
	GtkWidget *entry = gtk_entry_new();
	GtkWidget *button = gtk_button_new_with_mnemonic(verb);

	gtk_label_set_mnemonic_widget(GTK_LABEL(label), entry);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_xalign(GTK_LABEL(below), 0);
	gtk_label_set_line_wrap(GTK_LABEL(below), TRUE);
	ouk_add_class(below, "dim-label");
	gtk_entry_set_width_chars(GTK_ENTRY(entry), 20);
	atk_object_set_name(gtk_widget_get_accessible(entry), gtk_label_get_text(GTK_LABEL(label)));
	atk_object_set_description(gtk_widget_get_accessible(entry), note);
	gtk_box_pack_start(GTK_BOX(line), entry, TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(line), button, FALSE, FALSE, 0);
	gtk_container_add(GTK_CONTAINER(row), label);
	gtk_container_add(GTK_CONTAINER(row), line);
	gtk_container_add(GTK_CONTAINER(row), below);
	gtk_widget_show_all(row);
	*ret_entry = GTK_ENTRY(entry);
	*ret_button = button;
	return row;
}

static void
ouk_key_facts_dispose(GObject *object)
{
	OukKeyFacts *self = OUK_KEY_FACTS(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_object(&self->view);
	G_OBJECT_CLASS(ouk_key_facts_parent_class)->dispose(object);
}

static void
ouk_key_facts_finalize(GObject *object)
{
	g_object_unref(OUK_KEY_FACTS(object)->cancellable);
	G_OBJECT_CLASS(ouk_key_facts_parent_class)->finalize(object);
}

static void
ouk_key_facts_class_init(OukKeyFactsClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ouk_key_facts_dispose;
	G_OBJECT_CLASS(klass)->finalize = ouk_key_facts_finalize;
}

static void
ouk_key_facts_init(OukKeyFacts *self)
{
	GtkWidget *names = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);
	GtkWidget *facts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

	self->cancellable = g_cancellable_new();
	gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
	gtk_box_set_spacing(GTK_BOX(self), 14);
	gtk_container_add(
		GTK_CONTAINER(names),
		entry_row(_("My _name for this key"),
			  _("Kept on this computer only, for example \"Accounts office\"."),
			  _("_Save Name"), &self->nickname, &self->nickname_save));
	self->label_row =
		entry_row(_("_Label on the key"),
			  _("Written on the key itself; every computer and program shows it."),
			  _("_Write Label"), &self->label, &self->label_save);
	gtk_entry_set_max_length(self->label, 32);
	gtk_container_add(GTK_CONTAINER(names), self->label_row);
	self->grid = GTK_BOX(ouk_fact_list_new());
	gtk_container_add(GTK_CONTAINER(facts), GTK_WIDGET(self->grid));
	ouk_add_class(names, "ouk-card");
	ouk_add_class(facts, "ouk-card");
	gtk_widget_show(names);
	gtk_widget_show(facts);
	gtk_container_add(GTK_CONTAINER(self), names);
	gtk_container_add(GTK_CONTAINER(self), facts);
	g_signal_connect_swapped(self->nickname_save, "clicked", G_CALLBACK(on_nickname), self);
	g_signal_connect_swapped(self->nickname, "activate", G_CALLBACK(on_nickname), self);
	g_signal_connect_swapped(self->label_save, "clicked", G_CALLBACK(on_label), self);
	g_signal_connect_swapped(self->label, "activate", G_CALLBACK(on_label), self);
}
