/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/doctor_page.h"

#include "assistant/core/doctor/doctor.h"
#include "assistant/ui/application.h"
#include "assistant/ui/clamp.h"
#include "assistant/ui/link_badge.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/report_page.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

struct _OukDoctorPage {
	GtkScrolledWindow parent;
	GtkWidget *run_button, *stop_button, *finding_card, *repair_box, *hotline_card,
		*undo_button;
	GtkImage *finding_icon;
	GtkLabel *sentence, *cure, *change_label, *root_label, *code;
	GtkButton *repair_button;
	GtkListBox *links;

	GtkWidget *places[OUK_LINKS]; /* of the badges */
	GtkLabel *texts[OUK_LINKS];
	OukDoctor *doctor;
	OukRepair *repair; /* shown, not made yet */
	GCancellable *cancellable;
	GSimpleActionGroup *actions;
};

G_DEFINE_TYPE(OukDoctorPage, ouk_doctor_page, GTK_TYPE_SCROLLED_WINDOW)

/* ---- the links ---- */

static void
show_link(OukDoctorPage *self, OukLinkId id)
{
	const OukLinkResult *result = ouk_doctor_result(self->doctor, id);
	g_autofree char *both = NULL;
	const char *text = result->text;

	/* which program, which file, whose certificate */
	if (result->finding != NULL) {
		both = g_strconcat(_(result->finding->sentence), *result->text != '\0' ? "\n" : "",
				   result->text, NULL);
		text = both;
	}
	ouk_clear(self->places[id]);
	gtk_container_add(GTK_CONTAINER(self->places[id]), ouk_link_badge_new(result->state));
	gtk_label_set_text(self->texts[id], text != NULL ? text : "");
	gtk_widget_set_visible(GTK_WIDGET(self->texts[id]), text != NULL && *text != '\0');
}

static void
add_link(OukDoctorPage *self, OukLinkId id)
{
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
	GtkWidget *title = gtk_label_new(ouk_link_title(id));
	GtkWidget *text = gtk_label_new("");

	gtk_label_set_xalign(GTK_LABEL(title), 0);
	gtk_label_set_xalign(GTK_LABEL(text), 0);
	gtk_label_set_line_wrap(GTK_LABEL(text), TRUE);
	gtk_widget_set_no_show_all(text, TRUE);
	ouk_add_class(text, "dim-label");
	gtk_container_add(GTK_CONTAINER(texts), title);
	gtk_container_add(GTK_CONTAINER(texts), text);
	self->texts[id] = GTK_LABEL(text);
	self->places[id] = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
	gtk_widget_set_valign(self->places[id], GTK_ALIGN_CENTER);
	gtk_widget_set_valign(texts, GTK_ALIGN_CENTER);
	gtk_box_pack_start(GTK_BOX(box), texts, TRUE, TRUE, 0);
	gtk_container_add(GTK_CONTAINER(box), self->places[id]);
	gtk_container_add(GTK_CONTAINER(row), box);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
	gtk_widget_set_can_focus(row, FALSE);
	atk_object_set_name(gtk_widget_get_accessible(row), ouk_link_title(id));
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(self->links), row);
}

static void
on_link(OukDoctor *doctor, guint id, OukDoctorPage *self)
{
	show_link(self, id);
}

/* ---- the finding ---- */

static void
show_repair(OukDoctorPage *self)
{
	GtkStyleContext *run = gtk_widget_get_style_context(self->run_button);

	gtk_widget_set_visible(self->repair_box, self->repair != NULL);
	/* one thing at a time is what one should do next */
	if (self->repair != NULL)
		gtk_style_context_remove_class(run, "suggested-action");
	else
		gtk_style_context_add_class(run, "suggested-action");
	if (self->repair == NULL)
		return;
	gtk_label_set_text(self->change_label, ouk_repair_change(self->repair));
	gtk_label_set_text(self->root_label,
			   ouk_repair_needs_root(self->repair)
				   ? _("The administrator's password will be asked for.")
				   : "");
	gtk_button_set_label(self->repair_button, ouk_repair_title(self->repair));
	if (!ouk_repair_has_undo(self->repair)) {
		g_autofree char *text = g_strdup_printf(
			"%s %s", gtk_label_get_text(self->root_label), _("This cannot be undone."));

		gtk_label_set_text(self->root_label, text);
	}
}

static void
show_finding(OukDoctorPage *self)
{
	const OukFinding *finding = ouk_doctor_finding(self->doctor);
	gboolean broken = finding != NULL &&
			  ouk_doctor_result(self->doctor, finding->link)->state == OUK_LINK_BROKEN;
	const OukLinkLook *look = ouk_link_look(broken            ? OUK_LINK_BROKEN
						: finding != NULL ? OUK_LINK_NOTE
								  : OUK_LINK_OK);
	g_autofree char *code = ouk_doctor_code(self->doctor);

	gtk_image_set_from_icon_name(self->finding_icon, look->icon, GTK_ICON_SIZE_DND);
	ouk_set_tone(GTK_WIDGET(self->finding_icon), look->tone);
	gtk_label_set_text(self->sentence,
			   finding != NULL ? _(finding->sentence) : _("All is well."));
	gtk_label_set_text(self->cure,
			   finding != NULL
				   ? _(finding->cure)
				   : _("From the USB port to the hall everything works. If a page "
				       "still does not see the key, close the browser and open it "
				       "again."));
	g_clear_pointer(&self->repair, ouk_repair_free);
	if (finding != NULL && finding->repair != NULL)
		self->repair = ouk_repair_new(self->doctor, finding, NULL);
	show_repair(self);
	gtk_label_set_text(self->code, code);
	gtk_widget_show(self->finding_card);
	gtk_widget_show(self->hotline_card);
}

static void
show_running(OukDoctorPage *self, gboolean running)
{
	GAction *run = g_action_map_lookup_action(G_ACTION_MAP(self->actions), "run");

	g_simple_action_set_enabled(G_SIMPLE_ACTION(run), !running);
	gtk_button_set_label(GTK_BUTTON(self->run_button),
			     running ? _("_Checking…") : _("_Check Again"));
	gtk_widget_set_visible(self->stop_button, running);
}

static void
on_done(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(OukDoctorPage) self = data;
	g_autoptr(GError) error = NULL;
	gboolean done = ouk_doctor_run_finish(OUK_DOCTOR(source), result, &error);

	if (self->doctor == NULL)
		return; /* the page has gone */
	show_running(self, FALSE);
	if (done)
		show_finding(self);
	else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		ouk_window_say(GTK_WIDGET(self), GTK_MESSAGE_ERROR, error->message);
}

/* ---- actions ---- */

static void
on_run(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukDoctorPage *self = data;

	g_clear_object(&self->cancellable);
	self->cancellable = g_cancellable_new();
	gtk_widget_hide(self->finding_card);
	gtk_widget_hide(self->hotline_card);
	show_running(self, TRUE);
	ouk_doctor_run_async(self->doctor, self->cancellable, on_done, g_object_ref(self));
}

static void
on_stop(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukDoctorPage *self = data;

	g_cancellable_cancel(self->cancellable);
}

static void
on_repaired(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(OukDoctorPage) self = data;
	g_autoptr(GError) error = NULL;
	gboolean done = ouk_repair_apply_finish(result, &error);

	if (self->doctor == NULL)
		return;
	gtk_widget_set_sensitive(self->repair_box, TRUE);
	if (!done) {
		ouk_window_report(GTK_WIDGET(self), error);
		return;
	}
	ouk_window_say(GTK_WIDGET(self), GTK_MESSAGE_INFO,
		       _("Done. It is looked at once more to see whether that helped."));
	on_run(NULL, NULL, self);
	/* The module that is registered now: looking again finds it. */
	if (ouk_watch_state(ouk_application_watch(ouk_application_get())) == OUK_WATCH_NO_MODULE)
		g_action_group_activate_action(G_ACTION_GROUP(g_application_get_default()),
					       "refresh", NULL);
}

static void
on_repair(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukDoctorPage *self = data;

	if (self->repair == NULL)
		return;
	gtk_widget_set_sensitive(self->repair_box, FALSE);
	ouk_repair_apply_async(g_steal_pointer(&self->repair), NULL, on_repaired,
			       g_object_ref(self));
}

/* Shows the way back like a repair: first the change, then the button. */
static void
on_undo(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukDoctorPage *self = data;
	g_autoptr(GError) error = NULL;
	OukRepair *undo = ouk_repair_undo(&error);

	if (undo == NULL) {
		ouk_window_say(GTK_WIDGET(self), GTK_MESSAGE_INFO, error->message);
		return;
	}
	g_clear_pointer(&self->repair, ouk_repair_free);
	self->repair = undo;
	gtk_image_set_from_icon_name(self->finding_icon, "edit-undo-symbolic", GTK_ICON_SIZE_DND);
	gtk_label_set_text(self->sentence, _("Undo the last repair"));
	gtk_label_set_text(self->cure,
			   _("The files become what they were before, to the last byte."));
	gtk_widget_show(self->finding_card);
	show_repair(self);
}

static void
on_report(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukDoctorPage *self = data;
	g_autofree char *text = ouk_doctor_report(self->doctor);
	GtkWidget *top = gtk_widget_get_toplevel(GTK_WIDGET(self));

	ouk_window_push(OUK_WINDOW(top), ouk_report_page_new(text), _("Report for the Hotline"));
}

static const GActionEntry actions[] = {
	{.name = "run", .activate = on_run},       {.name = "stop", .activate = on_stop},
	{.name = "repair", .activate = on_repair}, {.name = "undo", .activate = on_undo},
	{.name = "report", .activate = on_report},
};

/* ---- life ---- */

static void
ouk_doctor_page_dispose(GObject *object)
{
	OukDoctorPage *self = OUK_DOCTOR_PAGE(object);

	if (self->cancellable != NULL)
		g_cancellable_cancel(self->cancellable);
	if (self->doctor != NULL)
		g_signal_handlers_disconnect_by_data(self->doctor, self);
	g_clear_object(&self->doctor);
	g_clear_object(&self->cancellable);
	g_clear_object(&self->actions);
	g_clear_pointer(&self->repair, ouk_repair_free);
	G_OBJECT_CLASS(ouk_doctor_page_parent_class)->dispose(object);
}

static void
ouk_doctor_page_class_init(OukDoctorPageClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

	g_type_ensure(OUK_TYPE_CLAMP);
	G_OBJECT_CLASS(klass)->dispose = ouk_doctor_page_dispose;
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/openukey/Assistant/doctor_page.ui");
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, run_button);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, stop_button);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, finding_card);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, repair_box);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, hotline_card);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, undo_button);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, finding_icon);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, sentence);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, cure);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, change_label);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, root_label);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, code);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, repair_button);
	gtk_widget_class_bind_template_child(widget_class, OukDoctorPage, links);
}

static void
ouk_doctor_page_init(OukDoctorPage *self)
{
	static const OukDoctorSetup setup;

	gtk_widget_init_template(GTK_WIDGET(self));
	self->doctor = ouk_doctor_new(&setup);
	self->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(self->actions), actions, G_N_ELEMENTS(actions),
					self);
	gtk_widget_insert_action_group(GTK_WIDGET(self), "doctor", G_ACTION_GROUP(self->actions));
	for (OukLinkId id = 0; id < OUK_LINKS; id++) {
		add_link(self, id);
		show_link(self, id);
	}
	g_signal_connect(self->doctor, "link", G_CALLBACK(on_link), self);
}

GtkWidget *
ouk_doctor_page_new(void)
{
	return g_object_new(OUK_TYPE_DOCTOR_PAGE, NULL);
}
