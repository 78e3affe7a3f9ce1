/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/key_page.h"

#include "assistant/core/profile.h"
#include "assistant/ui/application.h"
#include "assistant/ui/buttons.h"
#include "assistant/ui/cert_card.h"
#include "assistant/ui/clamp.h"
#include "assistant/ui/empty_page.h"
#include "assistant/ui/key_facts.h"
#include "assistant/ui/mark.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/pin_page.h"
#include "assistant/ui/services_page.h"

#include <glib/gi18n.h>

struct _OukKeyPage {
	GtkScrolledWindow parent;
	GtkBox *mark_place, *cards;
	GtkLabel *title, *subtitle;
	GtkWidget *locked_bar, *first_pin_bar, *resume_bar, *rename_button;
	GtkLabel *resume_label;
	GtkActionable *resume_button;
	GtkStack *tabs;
	OukPinPage *pin_page;
	OukKeyFacts *facts;
	OukServices *services;

	OukMark *mark;
	OukTokenView *view;
	char *shown; /* what the cards were made from */
};

G_DEFINE_TYPE(OukKeyPage, ouk_key_page, GTK_TYPE_SCROLLED_WINDOW)

/* ---- certificates ---- */

/* The same text: the cards would look the same. */
static char *
fingerprint_of_cards(OukTokenView *view)
{
	const OukTokenInfo *info = ouk_token_view_info(view);
	const OukProfile *profile = ouk_application_profile_of(ouk_application_get(), view);
	GString *text = g_string_new(info->id);

	g_string_append_printf(text, "|%s", profile != NULL ? profile->id : "");
	g_string_append_printf(text, "|%d|%s", (int)info->failed,
			       info->failed ? info->error_text : "");
	for (guint i = 0; i < info->pairs->len; i++) {
		OukPairView *pair = info->pairs->pdata[i];
		const OukPairInfo *each = ouk_pair_view_info(pair);
		const OukPairCert *cert = ouk_pair_view_cert(pair);

		g_string_append_printf(text, "|%s|%d|%d|%s|%d", each->name, (int)each->status,
				       each->days_left, cert != NULL ? cert->sha256 : "",
				       each->encrypt != NULL);
	}
	return g_string_free(text, FALSE);
}

static GtkWidget *
nothing_to_show(const OukTokenInfo *info)
{
	if (info->failed) {
		g_autoptr(GError) error = NULL;
		const OukButton *button = NULL;

		ouk_fail(&error, info->error);
		button = ouk_button_find(ouk_error_row(error)->button);
		return ouk_empty_new("ouk-unreadable-symbolic", info->error_text,
				     _(ouk_error_row(error)->cure),
				     button != NULL ? _(button->label) : _("_Check and Repair"),
				     button != NULL ? button->action : "app.doctor");
	}
	if (info->flags & OUK_TOKEN_BLANK)
		return ouk_empty_new(
			"ouk-key-symbolic", _("This key is blank"),
			_("Nothing has been put on it yet. Take it back to the office that handed "
			  "it out, or ask your CA's hotline."),
			NULL, NULL);
	return ouk_empty_new("ouk-certificate-symbolic", _("There is no certificate on this key"),
			     _("The key works, but your CA has not put a certificate on it, or it "
			       "was removed. Ask your CA's hotline. If you have a second key, try "
			       "that one."),
			     NULL, NULL);
}

static void
fill_cards(OukKeyPage *self)
{
	const OukTokenInfo *info = ouk_token_view_info(self->view);
	g_autofree char *now = fingerprint_of_cards(self->view);

	if (g_strcmp0(now, self->shown) == 0)
		return;
	g_free(self->shown);
	self->shown = g_steal_pointer(&now);
	ouk_clear(self->cards);
	if (info->failed || info->pairs->len == 0)
		gtk_container_add(GTK_CONTAINER(self->cards), nothing_to_show(info));
	for (guint i = 0; i < info->pairs->len; i++)
		gtk_container_add(GTK_CONTAINER(self->cards),
				  ouk_cert_card_new(self->view, info->pairs->pdata[i], TRUE));
}

/* ---- head ---- */

static char *
subtitle_text(const OukTokenInfo *info)
{
	GString *text = g_string_new(NULL);

	/* TRANSLATORS: the last characters of a key's serial number */
	g_string_append_printf(text, _("Serial number ends in %s"), info->serial_end);
	if (info->model != NULL && *info->model != '\0')
		g_string_append_printf(text, " · %s", info->model);
	if (info->flags & OUK_TOKEN_VIRTUAL)
		g_string_append_printf(text, " · %s", _("practice key"));
	return g_string_free(text, FALSE);
}

/* What was begun with this key and waits for somebody. */
static void
fill_resume(OukKeyPage *self)
{
	static const struct {
		const char *kind, *text;
	} kinds[] = {
		{"unlock", N_("Unlocking this key is not finished.")},
		{"renewal", N_("The renewal of this key's certificate is not finished.")},
		{"change", N_("The change of the unit's data is not finished.")},
		{"open", N_("Opening another application is not finished.")},
	};
	const OukTokenInfo *info = ouk_token_view_info(self->view);
	OukResume *resume = ouk_application_resume(ouk_application_get());
	gsize at = 0;

	while (at < G_N_ELEMENTS(kinds) &&
	       ouk_resume_order(resume, info->serial, kinds[at].kind) == NULL)
		at++;
	if (ouk_resume_is_unlocking(resume, info->serial))
		at = 0;
	gtk_widget_set_visible(self->resume_bar, at < G_N_ELEMENTS(kinds));
	if (at == 0)
		gtk_widget_hide(self->locked_bar);
	if (at == G_N_ELEMENTS(kinds))
		return;
	gtk_label_set_text(self->resume_label, _(kinds[at].text));
	/* in this order, as the action takes nothing else */
	gtk_actionable_set_action_target(self->resume_button, "s", kinds[at].kind);
	gtk_actionable_set_action_name(self->resume_button, "win.service");
}

static void
fill_head(OukKeyPage *self)
{
	const OukTokenInfo *info = ouk_token_view_info(self->view);
	g_autofree char *subtitle = subtitle_text(info);
	gboolean locked = (info->flags & OUK_TOKEN_PIN_LOCKED) != 0;
	gboolean first = (info->flags & OUK_TOKEN_FIRST_PIN) != 0 && !locked;
	gboolean can_change = (info->flags & (OUK_TOKEN_UNVERIFIED | OUK_TOKEN_NO_PIN)) == 0;

	ouk_mark_set(self->mark, info->colour, info->shape);
	gtk_label_set_text(self->title, ouk_token_view_title(self->view));
	gtk_label_set_text(self->subtitle, subtitle);
	gtk_widget_set_visible(self->locked_bar, locked);
	gtk_widget_set_visible(self->first_pin_bar, first && can_change);
	fill_resume(self);
}

void
ouk_key_page_set_token(OukKeyPage *self, OukTokenView *view)
{
	gboolean other = self->view == NULL || strcmp(ouk_token_view_info(self->view)->id,
						      ouk_token_view_info(view)->id) != 0;

	g_set_object(&self->view, view);
	if (other)
		gtk_stack_set_visible_child_name(self->tabs, "certificates");
	fill_head(self);
	fill_cards(self);
	ouk_pin_page_set_token(self->pin_page, view);
	ouk_services_set(self->services, ouk_application_profile_of(ouk_application_get(), view),
			 view);
	ouk_key_facts_set_token(self->facts, view);
}

void
ouk_key_page_show_tab(OukKeyPage *self, const char *tab)
{
	gtk_stack_set_visible_child_name(self->tabs, tab);
	gtk_adjustment_set_value(gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(self)), 0);
}

/* ---- actions ---- */

static void
on_tab(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ouk_key_page_show_tab(data, g_variant_get_string(parameter, NULL));
}

static void
on_rename(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukKeyPage *self = data;

	ouk_key_page_show_tab(self, "key");
	ouk_key_facts_rename(self->facts);
}

static void
on_change_pin(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukKeyPage *self = data;

	ouk_key_page_show_tab(self, "pin");
	g_action_group_activate_action(ouk_pin_page_actions(self->pin_page), "change", NULL);
}

static const GActionEntry actions[] = {
	{.name = "change-pin", .activate = on_change_pin},
	{.name = "tab", .activate = on_tab, .parameter_type = "s"},
	{.name = "rename", .activate = on_rename},
};

static void
on_profiles(OukKeyPage *self)
{
	if (self->view == NULL)
		return;
	fill_cards(self);
	ouk_pin_page_set_token(self->pin_page, self->view);
	ouk_services_set(self->services,
			 ouk_application_profile_of(ouk_application_get(), self->view), self->view);
}

static void
on_resume(OukKeyPage *self)
{
	if (self->view == NULL)
		return;
	fill_resume(self);
	ouk_pin_page_set_token(self->pin_page, self->view);
}

static void
ouk_key_page_finalize(GObject *object)
{
	OukKeyPage *self = OUK_KEY_PAGE(object);

	g_clear_object(&self->view);
	g_free(self->shown);
	G_OBJECT_CLASS(ouk_key_page_parent_class)->finalize(object);
}

static void
ouk_key_page_class_init(OukKeyPageClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

	g_type_ensure(OUK_TYPE_CLAMP);
	g_type_ensure(OUK_TYPE_PIN_PAGE);
	g_type_ensure(OUK_TYPE_KEY_FACTS);
	g_type_ensure(OUK_TYPE_SERVICES);
	G_OBJECT_CLASS(klass)->finalize = ouk_key_page_finalize;
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/openukey/Assistant/key_page.ui");
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, mark_place);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, cards);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, title);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, subtitle);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, locked_bar);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, first_pin_bar);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, resume_bar);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, resume_label);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, resume_button);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, rename_button);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, tabs);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, pin_page);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, facts);
	gtk_widget_class_bind_template_child(widget_class, OukKeyPage, services);
}

static void
ouk_key_page_init(OukKeyPage *self)
{
	g_autoptr(GSimpleActionGroup) group = g_simple_action_group_new();

	gtk_widget_init_template(GTK_WIDGET(self));
	self->mark = OUK_MARK(ouk_mark_new(0, 0, 2.6));
	gtk_container_add(GTK_CONTAINER(self->mark_place), GTK_WIDGET(self->mark));
	g_action_map_add_action_entries(G_ACTION_MAP(group), actions, G_N_ELEMENTS(actions), self);
	gtk_widget_insert_action_group(GTK_WIDGET(self), "key", G_ACTION_GROUP(group));
	gtk_widget_insert_action_group(GTK_WIDGET(self), "pin",
				       ouk_pin_page_actions(self->pin_page));
	g_signal_connect_object(ouk_application_resume(ouk_application_get()), "changed",
				G_CALLBACK(on_resume), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(ouk_application_get(), "profiles", G_CALLBACK(on_profiles), self,
				G_CONNECT_SWAPPED);
}

GtkWidget *
ouk_key_page_new(void)
{
	return g_object_new(OUK_TYPE_KEY_PAGE, "visible", TRUE, NULL);
}
