/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/first_start_page.h"

#include "assistant/core/doctor/doctor.h"
#include "assistant/ui/application.h"
#include "assistant/ui/link_badge.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/status.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

/* What a clerk is told of: several links of the doctor's chain each. */
enum step { STEP_COMPUTER, STEP_PROGRAMS, STEP_KEY, STEP_CERTIFICATE, STEPS };

static const char *const titles[STEPS] = {
	[STEP_COMPUTER] = N_("This computer"),
	[STEP_PROGRAMS] = N_("Programs and browsers"),
	[STEP_KEY] = N_("Your key"),
	[STEP_CERTIFICATE] = N_("Your certificate"),
};

/*
 * The hall is not among them: which one it is depends on the certificate. optional: that it could
 * not be looked at is no word worth, as of the USB port of a practice key.
 */
static const struct {
	enum step step;
	OukLinkId link;
	gboolean optional;
} parts[] = {
	{STEP_COMPUTER, OUK_LINK_PERMISSION, FALSE},
	{STEP_COMPUTER, OUK_LINK_SERVICE, FALSE},
	{STEP_COMPUTER, OUK_LINK_CLOCK, TRUE},
	{STEP_PROGRAMS, OUK_LINK_MODULE, FALSE},
	{STEP_PROGRAMS, OUK_LINK_PROFILE, FALSE},
	{STEP_PROGRAMS, OUK_LINK_SETTINGS, FALSE},
	{STEP_KEY, OUK_LINK_USB, TRUE},
	{STEP_KEY, OUK_LINK_READER, TRUE},
	{STEP_KEY, OUK_LINK_KEY, FALSE},
	{STEP_CERTIFICATE, OUK_LINK_CERTIFICATE, FALSE},
	{STEP_CERTIFICATE, OUK_LINK_PIN, TRUE},
};

struct _OukFirstStartPage {
	GtkBox parent;
	GtkLabel *headline;
	GtkBox *card, *trouble;     /* what to do now; what is wrong with the computer */
	GtkWidget *badges[STEPS];   /* places of them */
	OukLinkState states[STEPS]; /* shown */
	OukDoctor *doctor;
	OukRepair *repair; /* shown, not made yet */
	GCancellable *cancellable;
	OukWatch *watch;
	gboolean running, again; /* again: something was plugged in meanwhile */
};

G_DEFINE_TYPE(OukFirstStartPage, ouk_first_start_page, GTK_TYPE_BOX)

/* ---- the steps ---- */

/* Which of two links' states is the one to show for both. */
static OukLinkState
graver(OukLinkState a, OukLinkState b)
{
	static const int weight[] = {
		[OUK_LINK_OK] = 0,      [OUK_LINK_NOT_TESTED] = 1, [OUK_LINK_NOTE] = 2,
		[OUK_LINK_WAITING] = 3, [OUK_LINK_LOOKING] = 4,    [OUK_LINK_BROKEN] = 5,
	};

	return weight[b] > weight[a] ? b : a;
}

static OukLinkState
step_state(OukFirstStartPage *self, enum step step)
{
	OukLinkState state = OUK_LINK_OK;

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		OukLinkState next = ouk_doctor_result(self->doctor, parts[i].link)->state;

		if (parts[i].step == step && !(parts[i].optional && next == OUK_LINK_NOT_TESTED))
			state = graver(state, next);
	}
	return state;
}

static void
show_steps(OukFirstStartPage *self)
{
	for (enum step step = 0; step < STEPS; step++) {
		OukLinkState state = step_state(self, step);

		if (state == self->states[step])
			continue;
		self->states[step] = state;
		ouk_clear(self->badges[step]);
		gtk_container_add(GTK_CONTAINER(self->badges[step]), ouk_link_badge_new(state));
		gtk_widget_show_all(self->badges[step]);
	}
}

static void
add_step(OukFirstStartPage *self, GtkWidget *list, enum step step)
{
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *title = gtk_label_new(_(titles[step]));

	gtk_label_set_xalign(GTK_LABEL(title), 0);
	self->badges[step] = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
	gtk_box_pack_start(GTK_BOX(box), title, TRUE, TRUE, 0);
	gtk_container_add(GTK_CONTAINER(box), self->badges[step]);
	gtk_container_add(GTK_CONTAINER(row), box);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
	gtk_widget_set_can_focus(row, FALSE);
	atk_object_set_name(gtk_widget_get_accessible(row), _(titles[step]));
	gtk_container_add(GTK_CONTAINER(list), row);
}

/* ---- what to do now ---- */

/* A headline that is also spoken where nobody looks. */
static void
say(OukFirstStartPage *self, const char *text)
{
	if (strcmp(gtk_label_get_text(self->headline), text) == 0)
		return;
	gtk_label_set_text(self->headline, text);
	atk_object_notify_state_change(gtk_widget_get_accessible(GTK_WIDGET(self->headline)),
				       ATK_STATE_SHOWING, TRUE);
}

static void
show_card(GtkBox *card)
{
	GList *children = gtk_container_get_children(GTK_CONTAINER(card));

	gtk_widget_set_visible(GTK_WIDGET(card), children != NULL);
	g_list_free(children);
}

/* The key to speak of: the first one with a certificate. */
static OukTokenView *
best_key(OukFirstStartPage *self)
{
	guint count = g_list_model_get_n_items(G_LIST_MODEL(self->watch));
	OukTokenView *first = NULL;

	for (guint i = 0; i < count; i++) {
		g_autoptr(OukTokenView) view = g_list_model_get_item(G_LIST_MODEL(self->watch), i);

		if (ouk_token_view_best(view) != NULL)
			return view; /* the list keeps it */
		first = first != NULL ? first : view;
	}
	return first;
}

static gboolean
is_usable(const OukPairInfo *info)
{
	return info->status == OUK_PAIR_VALID || info->status == OUK_PAIR_ENDS_SOON ||
	       info->status == OUK_PAIR_NOT_CHECKED;
}

static void
add_key_buttons(OukFirstStartPage *self, const OukTokenInfo *info)
{
	gboolean first = (info->flags & OUK_TOKEN_FIRST_PIN) != 0 &&
			 (info->flags & (OUK_TOKEN_UNVERIFIED | OUK_TOKEN_NO_PIN)) == 0;
	GtkWidget *halls = NULL;

	if (first) {
		g_autofree char *action = NULL;
		g_autoptr(GVariant) target = g_variant_ref_sink(g_variant_new_string(info->id));
		GtkWidget *change;

		action = g_action_print_detailed_name("app.show-pin", target);
		ouk_label_add(self->card,
			      _("The key still has the PIN it was handed out with, which others "
				"know too. Change it before the first login."),
			      NULL);
		change = ouk_button_add(self->card, _("_Change the PIN…"), action);
		ouk_add_class(change, "suggested-action");
		ouk_add_class(change, "ouk-big");
	}
	halls = ouk_button_add(self->card, _("_Open a Hall…"), "app.halls");
	ouk_add_class(halls, "ouk-big");
	if (!first)
		ouk_add_class(halls, "suggested-action");
	ouk_button_add(self->card, _("_Show the Certificate"), "app.keys");
}

/* A key is in: its certificate is ready, or why it is not. */
static void
show_key(OukFirstStartPage *self, OukTokenView *view)
{
	const OukTokenInfo *info = ouk_token_view_info(view);
	OukPairView *best = ouk_token_view_best(view);
	const OukPairInfo *pair = best != NULL ? ouk_pair_view_info(best) : NULL;
	g_autofree char *headline = NULL, *text = NULL;

	if (pair != NULL && is_usable(pair)) {
		/* TRANSLATORS: name of a company or office */
		headline = g_strdup_printf(_("The certificate of %s is ready"), pair->unit);
		text = ouk_validity_text(pair);
		say(self, headline);
		ouk_label_add(self->card, text, NULL);
		add_key_buttons(self, info);
		return;
	}
	if (info->failed)
		text = g_strdup(info->error_text);
	else if (pair != NULL)
		text = ouk_pair_sentence(pair);
	else
		text = g_strdup(_("There is no certificate on this key yet. The office that hands "
				  "out certificates puts it there."));
	say(self, _("The key is there, its certificate cannot be used"));
	ouk_label_add(self->card, text, NULL);
	ouk_button_add(self->card, _("_Show the Key"), "app.keys");
}

static void
show_no_key(OukFirstStartPage *self)
{
	say(self, _("This computer is ready. Plug in your key"));
	ouk_label_add(self->card,
		      _("Put the UKEY into a USB port of this computer. Nothing else has to be "
			"installed; the key shows up here by itself."),
		      NULL);
	ouk_button_add(self->card, _("No Key _Yet, Lost, or Broken…"), "app.services");
}

static void run(OukFirstStartPage *self);

static void
on_repaired(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(OukFirstStartPage) self = data;
	g_autoptr(GError) error = NULL;
	gboolean done = ouk_repair_apply_finish(result, &error);

	if (self->doctor == NULL)
		return; /* the page has gone */
	if (!done)
		ouk_window_report(GTK_WIDGET(self), error);
	run(self);
	/* The module that is registered now: looking again finds it. */
	if (done && ouk_watch_state(self->watch) == OUK_WATCH_NO_MODULE)
		g_action_group_activate_action(G_ACTION_GROUP(g_application_get_default()),
					       "refresh", NULL);
}

static void
on_repair(GtkWidget *button, OukFirstStartPage *self)
{
	if (self->repair == NULL)
		return;
	gtk_widget_set_sensitive(GTK_WIDGET(self->trouble), FALSE);
	ouk_repair_apply_async(g_steal_pointer(&self->repair), NULL, on_repaired,
			       g_object_ref(self));
}

#define SHORT_CHANGE 6 /* lines that are read at a glance */

/* All of the change can be read before it is made; a long one is unfolded for it. */
static void
add_change(GtkBox *box, const char *change)
{
	GtkWidget *unfold = gtk_expander_new(_("This would be changed on the computer"));
	g_auto(GStrv) lines = g_strsplit(change, "\n", -1);

	gtk_container_add(GTK_CONTAINER(unfold), ouk_label_new(change, "ouk-sheet"));
	gtk_expander_set_expanded(GTK_EXPANDER(unfold), g_strv_length(lines) <= SHORT_CHANGE);
	gtk_widget_show(unfold);
	gtk_container_add(GTK_CONTAINER(box), unfold);
}

/* What the repair would change, and its button; nothing where there is none. */
static void
add_repair(OukFirstStartPage *self, const OukFinding *finding)
{
	GtkWidget *button = NULL;

	g_clear_pointer(&self->repair, ouk_repair_free);
	if (finding->repair != NULL)
		self->repair = ouk_repair_new(self->doctor, finding, NULL);
	if (self->repair == NULL)
		return;
	add_change(self->trouble, ouk_repair_change(self->repair));
	if (ouk_repair_needs_root(self->repair))
		ouk_label_add(self->trouble, _("The administrator's password will be asked for."),
			      "dim-label");
	if (!ouk_repair_has_undo(self->repair))
		ouk_label_add(self->trouble, _("This cannot be undone."), "dim-label");
	button = ouk_button_add(self->trouble, "", NULL);
	gtk_button_set_use_underline(GTK_BUTTON(button), FALSE);
	gtk_button_set_label(GTK_BUTTON(button), ouk_repair_title(self->repair));
	ouk_add_class(button, "ouk-big");
	g_signal_connect(button, "clicked", G_CALLBACK(on_repair), self);
}

/* What certificates and PINs are like is said in the key's own words. */
static gboolean
is_of_key(OukLinkId id)
{
	return id == OUK_LINK_CERTIFICATE || id == OUK_LINK_PIN || id == OUK_LINK_HALL;
}

/* What is wrong with the computer, else what is worth a word; NULL: nothing. */
static const OukFinding *
find_trouble(OukFirstStartPage *self, gboolean *ret_broken)
{
	const OukFinding *found = NULL;

	*ret_broken = FALSE;
	for (OukLinkId id = 0; id < OUK_LINKS; id++) {
		const OukLinkResult *result = ouk_doctor_result(self->doctor, id);

		if (is_of_key(id) || result->finding == NULL)
			continue;
		if (found == NULL || result->state == OUK_LINK_BROKEN)
			found = result->finding;
		*ret_broken = *ret_broken || result->state == OUK_LINK_BROKEN;
	}
	return found;
}

static void
show_finding(OukFirstStartPage *self, const OukFinding *finding)
{
	const OukLinkResult *result = ouk_doctor_result(self->doctor, finding->link);

	ouk_label_add(self->trouble, _(finding->sentence), "ouk-unit");
	ouk_label_add(self->trouble, result->text, "dim-label");
	ouk_label_add(self->trouble, _(finding->cure), NULL);
	add_repair(self, finding);
}

static void
show_result(OukFirstStartPage *self)
{
	gboolean broken;
	const OukFinding *finding = find_trouble(self, &broken);
	OukTokenView *view = best_key(self);

	ouk_clear(self->card);
	ouk_clear(self->trouble);
	gtk_widget_set_sensitive(GTK_WIDGET(self->trouble), TRUE);
	if (broken)
		say(self, _("One thing is missing before keys work here"));
	else if (view != NULL)
		show_key(self, view);
	else
		show_no_key(self);
	if (finding != NULL)
		show_finding(self, finding);
	if (broken)
		ouk_button_add(self->trouble, _("More about _It"), "app.doctor");
	show_card(self->card);
	show_card(self->trouble);
}

/* ---- looking ---- */

static void
on_done(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(OukFirstStartPage) self = data;
	g_autoptr(GError) error = NULL;
	gboolean done = ouk_doctor_run_finish(OUK_DOCTOR(source), result, &error);

	if (self->doctor == NULL)
		return; /* the page has gone */
	self->running = FALSE;
	if (self->again)
		run(self);
	else if (done)
		show_result(self);
	else
		ouk_window_say(GTK_WIDGET(self), GTK_MESSAGE_ERROR, error->message);
}

static void
run(OukFirstStartPage *self)
{
	self->again = self->running;
	if (self->running)
		return;
	self->running = TRUE;
	say(self, _("Looking at this computer…"));
	ouk_doctor_run_async(self->doctor, self->cancellable, on_done, g_object_ref(self));
}

static void
on_link(OukDoctor *doctor, guint id, OukFirstStartPage *self)
{
	show_steps(self);
}

/* A key came or went, or was read: the doctor looks again. */
static void
on_watch_changed(OukWatch *watch, OukFirstStartPage *self)
{
	run(self);
}

static void
on_check_again(GtkWidget *button, OukFirstStartPage *self)
{
	run(self);
}

/* ---- life ---- */

static void
ouk_first_start_page_dispose(GObject *object)
{
	OukFirstStartPage *self = OUK_FIRST_START_PAGE(object);

	if (self->cancellable != NULL)
		g_cancellable_cancel(self->cancellable);
	if (self->doctor != NULL)
		g_signal_handlers_disconnect_by_data(self->doctor, self);
	if (self->watch != NULL)
		g_signal_handlers_disconnect_by_data(self->watch, self);
	g_clear_object(&self->doctor);
	g_clear_object(&self->watch);
	g_clear_object(&self->cancellable);
	g_clear_pointer(&self->repair, ouk_repair_free);
	G_OBJECT_CLASS(ouk_first_start_page_parent_class)->dispose(object);
}

static void
ouk_first_start_page_class_init(OukFirstStartPageClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ouk_first_start_page_dispose;
}

static void
build(OukFirstStartPage *self)
{
	GtkBox *box = NULL;
	GtkWidget *page = ouk_page_new(&box), *list = gtk_list_box_new(), *again = NULL;

	self->headline = GTK_LABEL(ouk_label_new("", "ouk-headline"));
	gtk_container_add(GTK_CONTAINER(box), GTK_WIDGET(self->headline));
	self->card = ouk_card_add(box);
	self->trouble = ouk_card_add(box);
	gtk_widget_hide(GTK_WIDGET(self->card));
	gtk_widget_hide(GTK_WIDGET(self->trouble));
	gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
	ouk_add_class(list, "ouk-list");
	atk_object_set_name(gtk_widget_get_accessible(list), _("What was looked at"));
	for (enum step step = 0; step < STEPS; step++) {
		self->states[step] = (OukLinkState)-1;
		add_step(self, list, step);
	}
	gtk_widget_show_all(list);
	gtk_container_add(GTK_CONTAINER(box), list);
	again = ouk_button_add(box, _("Check _Again"), NULL);
	g_signal_connect(again, "clicked", G_CALLBACK(on_check_again), self);
	gtk_box_pack_start(GTK_BOX(self), page, TRUE, TRUE, 0);
}

static void
ouk_first_start_page_init(OukFirstStartPage *self)
{
	static const OukDoctorSetup setup = {.keyless = TRUE};

	gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
	self->doctor = ouk_doctor_new(&setup);
	self->cancellable = g_cancellable_new();
	self->watch = g_object_ref(ouk_application_watch(ouk_application_get()));
	build(self);
	g_signal_connect(self->doctor, "link", G_CALLBACK(on_link), self);
	g_signal_connect(self->watch, "changed", G_CALLBACK(on_watch_changed), self);
	run(self);
}

GtkWidget *
ouk_first_start_page_new(void)
{
	return g_object_new(OUK_TYPE_FIRST_START_PAGE, "visible", TRUE, NULL);
}
