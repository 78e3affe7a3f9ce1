/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/pin_page.h"

#include "assistant/core/pin_rule.h"
#include "assistant/ui/application.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/pin_flow.h"
#include "assistant/ui/route_card.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

struct _OukPinPage {
	GtkBox parent;
	GtkBox *use_card, *buttons, *route_card, *rule_box;
	GtkImage *tries_icon;
	GtkLabel *tries_label, *state_label, *busy_label, *ask_label, *source_label;
	GtkSpinner *spinner;
	GtkRevealer *ask_revealer;
	GtkButton *ask_go;
	GtkWidget *change_button, *test_button, *ask_route, *ask_stop;

	GSimpleActionGroup *actions;
	OukTokenView *view;
	const OukProfile *profile;
	OukPinFlow *flow;
	OukFlowKind kind; /* of the flow, or what is being asked about */
	gboolean route;   /* the person wants to see the route although nothing is locked */
};

G_DEFINE_TYPE(OukPinPage, ouk_pin_page, GTK_TYPE_BOX)

static const OukTokenInfo *
info_of(OukPinPage *self)
{
	return ouk_token_view_info(self->view);
}

/* ---- what state the PIN is in ---- */

typedef enum {
	PIN_GOOD,
	PIN_USED, /* some tries are gone */
	PIN_FEW,
	PIN_UNKNOWN,
	PIN_LOCKED,
	PIN_NONE,
	PIN_KEYPAD,
	PIN_UNVERIFIED,
	PIN_FAILED,
	PIN_BLANK,
	PIN_UNFINISHED, /* an unlock was interrupted */
	PIN_STATES
} PinState;

static const struct {
	const char *icon, *tone, *text;
	gboolean usable;
} states[PIN_STATES] = {
	[PIN_GOOD] = {"ouk-valid-symbolic", "ouk-good",
		      N_("All tries are there. A wrong PIN uses up one; the right PIN gives all of "
			 "them back."),
		      TRUE},
	[PIN_USED] = {"ouk-unreadable-symbolic", "ouk-warn",
		      N_("Wrong PINs were typed. The right PIN gives all tries back."), TRUE},
	[PIN_FEW] = {"ouk-unreadable-symbolic", "ouk-bad",
		     N_("When they are used up the key locks, and then only your CA can help. Stop "
			"and make sure of the PIN before you go on."),
		     TRUE},
	[PIN_UNKNOWN] = {"ouk-not-checked-symbolic", "ouk-neutral",
			 N_("This key does not tell how many tries are left. Several wrong PINs in "
			    "a row lock it."),
			 TRUE},
	[PIN_LOCKED] = {"ouk-locked-symbolic", "ouk-bad",
			N_("Too many wrong PINs in a row. No PIN is accepted now, not even the "
			   "right one. The certificates on the key are safe."),
			FALSE},
	[PIN_NONE] = {"ouk-valid-symbolic", "ouk-good", N_("This key works without a PIN."), FALSE},
	[PIN_KEYPAD] = {"ouk-key-symbolic", "ouk-neutral",
			N_("The PIN of this key is typed on its own keypad."), TRUE},
	[PIN_UNVERIFIED] = {"ouk-not-checked-symbolic", "ouk-warn",
			    N_("Changing the PIN has not been proven on keys of this model, so it "
			       "is not offered here: a mistake could lock the key. Use your CA's "
			       "own program."),
			    FALSE},
	[PIN_FAILED] =
		{"ouk-unreadable-symbolic", "ouk-bad",
		 N_("The key cannot be read, so nothing is known of its PIN. Unplug it, plug "
		    "it in again, or use \"Check and Repair\"."),
		 FALSE},
	[PIN_BLANK] = {"ouk-key-symbolic", "ouk-neutral",
		       N_("A blank key has no PIN yet. It gets one when your CA puts a certificate "
			  "on it."),
		       FALSE},
	[PIN_UNFINISHED] =
		{"ouk-locked-symbolic", "ouk-warn",
		 N_("Unlocking this key was interrupted: it may have a PIN that nobody knows. Go "
		    "on with the same code; no PIN is asked for until then."),
		 FALSE},
};

static PinState
state_of(const OukTokenInfo *info)
{
	static const struct {
		OukTokenFlags flag;
		PinState state;
	} by_flag[] = {
		{OUK_TOKEN_BLANK, PIN_BLANK},   {OUK_TOKEN_PIN_LOCKED, PIN_LOCKED},
		{OUK_TOKEN_NO_PIN, PIN_NONE},   {OUK_TOKEN_UNVERIFIED, PIN_UNVERIFIED},
		{OUK_TOKEN_KEYPAD, PIN_KEYPAD},
	};

	if (info->failed)
		return PIN_FAILED;
	if (ouk_resume_is_unlocking(ouk_application_resume(ouk_application_get()), info->serial))
		return PIN_UNFINISHED;
	for (size_t i = 0; i < G_N_ELEMENTS(by_flag); i++)
		if (info->flags & by_flag[i].flag)
			return by_flag[i].state;
	switch (ouk_flow_tries(&info->tries)) {
	case OUK_FLOW_NONE:
		return PIN_LOCKED;
	case OUK_FLOW_FEW:
		return PIN_FEW;
	default:
		break;
	}
	if (!info->tries.exact)
		return info->tries.low ? PIN_USED : PIN_UNKNOWN;
	return info->tries.left < info->tries.max ? PIN_USED : PIN_GOOD;
}

static char *
headline(const OukTokenInfo *info, PinState state)
{
	switch (state) {
	case PIN_LOCKED:
		return g_strdup(_("This key is locked"));
	case PIN_UNFINISHED:
		return g_strdup(_("Unlocking is not finished"));
	case PIN_NONE:
	case PIN_FAILED:
	case PIN_BLANK:
		return g_strdup(_("UKEY PIN"));
	default:
		return ouk_tries_text(&info->tries);
	}
}

/* ---- the rule and the route ---- */

static void
fill_rule(OukPinPage *self)
{
	const OukTokenInfo *info = info_of(self);
	g_autoptr(OukPinRule) rule = ouk_pin_rule_new(self->profile, (guint)info->pin_min,
						      (guint)MIN(info->pin_max, G_MAXINT), NULL);

	ouk_clear(self->rule_box);
	gtk_container_add(GTK_CONTAINER(self->rule_box),
			  ouk_label_new(_("A new PIN"), "ouk-section"));
	for (int id = 0; id < OUK_PIN_RULES; id++) {
		g_autofree char *text = NULL;

		if (!ouk_pin_rule_applies(rule, id))
			continue;
		text = g_strdup_printf("• %s", ouk_pin_rule_sentence(rule, id));
		gtk_container_add(GTK_CONTAINER(self->rule_box), ouk_label_new(text, NULL));
	}
}

static void
fill_route(OukPinPage *self, gboolean locked)
{
	gboolean wanted = locked || self->route;
	g_autofree char *source =
		ouk_source_text(self->profile, self->profile == NULL ? NULL
					       : wanted              ? &self->profile->unlock.origin
								     : &self->profile->pin.origin);

	ouk_clear(self->route_card);
	if (wanted)
		ouk_route_card_fill(self->route_card, self->profile, self->view);
	gtk_widget_set_visible(GTK_WIDGET(self->route_card), wanted);
	gtk_label_set_text(self->source_label, source);
}

/* ---- what is going on ---- */

static void
enable(OukPinPage *self, const char *name, gboolean enabled)
{
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self->actions), name);

	g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled);
}

/* Where a mistake would be dear, no button invites. */
static void
set_inviting(OukPinPage *self, gboolean inviting)
{
	GtkStyleContext *context = gtk_widget_get_style_context(self->change_button);

	if (inviting)
		gtk_style_context_add_class(context, "suggested-action");
	else
		gtk_style_context_remove_class(context, "suggested-action");
}

static void
update(OukPinPage *self)
{
	const OukTokenInfo *info = info_of(self);
	PinState state = state_of(info);
	gboolean usable = states[state].usable, busy = self->flow != NULL;
	g_autofree char *text = headline(info, state);

	gtk_image_set_from_icon_name(self->tries_icon, states[state].icon, GTK_ICON_SIZE_DND);
	ouk_set_tone(GTK_WIDGET(self->tries_icon), states[state].tone);
	gtk_label_set_text(self->tries_label, text);
	gtk_label_set_text(self->state_label, _(states[state].text));
	gtk_widget_set_visible(GTK_WIDGET(self->buttons), usable);
	gtk_widget_set_visible(GTK_WIDGET(self->rule_box), usable);
	enable(self, "change", usable && !busy);
	enable(self, "test", usable && !busy);
	gtk_widget_set_visible(GTK_WIDGET(self->spinner), busy);
	g_object_set(self->spinner, "active", busy, NULL);
	gtk_label_set_text(self->busy_label,
			   !busy ? ""
			   : state == PIN_KEYPAD
				   ? _("Type the PIN on the key's own keypad.")
				   : _("Type the PIN in the window that has opened."));
	set_inviting(self, state != PIN_FEW);
	if (usable)
		fill_rule(self);
	else
		gtk_revealer_set_reveal_child(self->ask_revealer, FALSE);
	fill_route(self, state == PIN_LOCKED || state == PIN_FEW || state == PIN_UNFINISHED);
}

void
ouk_pin_page_set_token(OukPinPage *self, OukTokenView *view)
{
	if (self->view != NULL && strcmp(info_of(self)->id, ouk_token_view_info(view)->id) != 0) {
		g_clear_pointer(&self->flow, ouk_pin_flow_free);
		gtk_revealer_set_reveal_child(self->ask_revealer, FALSE);
		self->route = FALSE;
	}
	g_set_object(&self->view, view);
	self->profile = ouk_application_profile_of(ouk_application_get(), view);
	update(self);
}

/* ---- asking first ---- */

static void
ask(OukPinPage *self, const char *text, const char *go, gboolean route)
{
	gtk_label_set_text(self->ask_label, text);
	gtk_button_set_label(self->ask_go, go);
	gtk_widget_set_visible(self->ask_route, route);
	gtk_revealer_set_reveal_child(self->ask_revealer, TRUE);
	gtk_widget_grab_focus(self->ask_stop); /* the harmless one */
}

static void
on_told(OukPinNews news, const GError *error, gpointer data)
{
	OukPinPage *self = data;
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *clock = g_date_time_format(now, "%H:%M"), *text = NULL;

	g_clear_pointer(&self->flow, ouk_pin_flow_free);
	gtk_revealer_set_reveal_child(self->ask_revealer, FALSE);
	update(self);
	if (news == OUK_PIN_DONE && self->kind == OUK_FLOW_CHANGE) {
		/* TRANSLATORS: time, end of the serial number */
		text = g_strdup_printf(_("The PIN was changed at %s on the key …%s. It is the same "
					 "on every computer."),
				       clock, info_of(self)->serial_end);
		ouk_window_say(GTK_WIDGET(self), GTK_MESSAGE_INFO, text);
	} else if (news == OUK_PIN_DONE) {
		ouk_window_say(GTK_WIDGET(self), GTK_MESSAGE_INFO,
			       _("The PIN is right. All tries are there again."));
	} else if (news == OUK_PIN_LOCKED) {
		ouk_window_say(GTK_WIDGET(self), GTK_MESSAGE_ERROR,
			       _("The key is locked now. This page says how to have it unlocked."));
	} else if (news == OUK_PIN_TROUBLE) {
		ouk_window_report(GTK_WIDGET(self), error);
	}
}

static void
start(OukPinPage *self, OukFlowKind kind)
{
	OukPinFlowSetup setup = {
		.watch = ouk_application_watch(ouk_application_get()),
		.view = self->view,
		.kind = kind,
		.profile = self->profile,
		.parent = GTK_WINDOW(gtk_widget_get_toplevel(GTK_WIDGET(self))),
		.told = on_told,
		.data = self,
	};

	self->kind = kind;
	g_clear_pointer(&self->flow, ouk_pin_flow_free);
	self->flow = ouk_pin_flow_start(&setup);
	update(self);
}

/* ---- actions ---- */

static void
on_change(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukPinPage *self = data;

	gtk_revealer_set_reveal_child(self->ask_revealer, FALSE);
	start(self, OUK_FLOW_CHANGE);
}

static void
on_test(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukPinPage *self = data;
	g_autofree char *left = ouk_tries_text(&info_of(self)->tries), *text = NULL;

	self->kind = OUK_FLOW_TEST;
	text = g_strdup_printf(_("This tells whether a PIN is right. A wrong one uses up a try; "
				 "the right one gives all tries back. Now: %s."),
			       left);
	ask(self, text, _("_Type the PIN"), FALSE);
}

static void
on_go(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukPinPage *self = data;

	gtk_revealer_set_reveal_child(self->ask_revealer, FALSE);
	start(self, self->kind);
}

static void
on_stop(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukPinPage *self = data;

	g_clear_pointer(&self->flow, ouk_pin_flow_free);
	gtk_revealer_set_reveal_child(self->ask_revealer, FALSE);
	update(self);
	gtk_widget_grab_focus(self->change_button);
}

static void
on_route(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukPinPage *self = data;

	self->route = TRUE;
	update(self);
}

static const GActionEntry actions[] = {
	{.name = "change", .activate = on_change}, {.name = "test", .activate = on_test},
	{.name = "go", .activate = on_go},         {.name = "stop", .activate = on_stop},
	{.name = "route", .activate = on_route},
};

GActionGroup *
ouk_pin_page_actions(OukPinPage *self)
{
	return G_ACTION_GROUP(self->actions);
}

static void
ouk_pin_page_dispose(GObject *object)
{
	OukPinPage *self = OUK_PIN_PAGE(object);

	g_clear_pointer(&self->flow, ouk_pin_flow_free);
	g_clear_object(&self->view);
	g_clear_object(&self->actions);
	G_OBJECT_CLASS(ouk_pin_page_parent_class)->dispose(object);
}

static void
ouk_pin_page_class_init(OukPinPageClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

	G_OBJECT_CLASS(klass)->dispose = ouk_pin_page_dispose;
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/openukey/Assistant/pin_page.ui");
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, use_card);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, buttons);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, route_card);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, rule_box);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, tries_icon);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, tries_label);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, state_label);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, busy_label);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, ask_label);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, source_label);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, spinner);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, ask_revealer);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, ask_go);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, ask_route);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, ask_stop);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, change_button);
	gtk_widget_class_bind_template_child(widget_class, OukPinPage, test_button);
}

static void
ouk_pin_page_init(OukPinPage *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	self->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(self->actions), actions, G_N_ELEMENTS(actions),
					self);
	atk_object_set_description(gtk_widget_get_accessible(self->test_button),
				   _("Tells whether a PIN is right. A wrong one uses up a try."));
	atk_object_set_description(gtk_widget_get_accessible(self->change_button),
				   _("Asks for the old PIN and twice for the new one."));
}
