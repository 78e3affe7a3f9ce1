/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/halls_page.h"

#include "assistant/core/hall.h"
#include "assistant/ui/application.h"
#include "assistant/ui/clamp.h"
#include "assistant/ui/empty_page.h"
#include "assistant/ui/paper.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/status.h"

#include <glib/gi18n.h>

struct _OukHallsPage {
	GtkScrolledWindow parent;
	GtkEntry *search;
	GtkBox *list;
};

G_DEFINE_TYPE(OukHallsPage, ouk_halls_page, GTK_TYPE_SCROLLED_WINDOW)

static void
open_hall(GtkWidget *button, const OukHall *hall)
{
	const char *url = hall->urls->pdata[0];
	g_autofree char *done =
		g_strdup_printf(_("%s opens in your browser."), ouk_words(&hall->name));
	g_autofree char *failed =
		g_strdup_printf(_("No browser could be started. The address is %s"), url);

	ouk_uri_open(button, url, done, failed);
}

static void
on_open(GtkWidget *button, gpointer hall)
{
	open_hall(button, hall);
}

static void
add_note(GtkBox *box, const char *format, const char *text)
{
	g_autofree char *whole = NULL;

	if (text == NULL || *text == '\0')
		return;
	whole = g_strdup_printf("%s %s", format, text);
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(whole, "dim-label"));
}

static GtkWidget *
open_button(OukHall *hall)
{
	GtkWidget *button = gtk_button_new_with_mnemonic(_("_Open"));
	g_autofree char *spoken = g_strdup_printf(_("Open %s"), ouk_words(&hall->name));

	atk_object_set_name(gtk_widget_get_accessible(button), spoken);
	ouk_add_class(button, "ouk-big");
	gtk_widget_set_halign(button, GTK_ALIGN_END);
	gtk_widget_set_tooltip_text(button, hall->urls->pdata[0]);
	g_signal_connect(button, "clicked", G_CALLBACK(on_open), hall);
	return button;
}

/* hall lives as long as the profiles, that is as long as the program */
static GtkWidget *
hall_card(OukHall *hall)
{
	GtkWidget *card = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 16);
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
	GtkWidget *side = gtk_box_new(GTK_ORIENTATION_VERTICAL, 10);
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *place = g_strdup_printf("%s · %s · %s", ouk_words(&hall->city),
						 ouk_hall_category_name(hall->category),
						 ouk_words(&hall->profile->short_name));

	ouk_add_class(card, "ouk-card");
	gtk_container_add(GTK_CONTAINER(texts), ouk_label_new(ouk_words(&hall->name), "ouk-unit"));
	gtk_container_add(GTK_CONTAINER(texts), ouk_label_new(place, NULL));
	gtk_container_add(GTK_CONTAINER(texts), ouk_label_new(hall->urls->pdata[0], "dim-label"));
	add_note(GTK_BOX(texts), _("Where to log in:"), ouk_words(&hall->login_path));
	if (hall->login == OUK_HALL_LOGIN_PASSWORD_AND_PIN)
		gtk_container_add(
			GTK_CONTAINER(texts),
			ouk_label_new(_("Asks for the hall's own password and for the UKEY PIN: "
					"they are two different things."),
				      "dim-label"));
	add_note(GTK_BOX(texts), _("Telephone:"), hall->hotline);
	if (!ouk_hall_is_fresh(hall, now))
		gtk_box_pack_start(GTK_BOX(side),
				   ouk_badge_new("ouk-not-checked-symbolic", "ouk-neutral",
						 _("listed, not verified")),
				   FALSE, FALSE, 0);
	gtk_box_pack_end(GTK_BOX(side), open_button(hall), FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(card), texts, TRUE, TRUE, 0);
	gtk_container_add(GTK_CONTAINER(card), side);
	atk_object_set_name(gtk_widget_get_accessible(card), ouk_words(&hall->name));
	atk_object_set_role(gtk_widget_get_accessible(card), ATK_ROLE_PANEL);
	gtk_widget_show_all(card);
	return card;
}

static void
fill(OukHallsPage *self)
{
	OukApplication *application = ouk_application_get();
	const OukProfiles *profiles = ouk_application_profiles(application);
	g_autoptr(GPtrArray) halls = NULL;

	ouk_clear(self->list);
	if (profiles == NULL)
		return;
	halls = ouk_halls_search(profiles, gtk_entry_get_text(self->search),
				 ouk_application_is_practice(application));
	for (guint i = 0; i < halls->len; i++)
		gtk_container_add(GTK_CONTAINER(self->list), hall_card(halls->pdata[i]));
	if (halls->len == 0)
		gtk_container_add(
			GTK_CONTAINER(self->list),
			ouk_empty_new("ouk-hall-symbolic", _("No hall fits"),
				      _("Try the city alone. If your hall is not listed, type its "
					"address into your browser; the key works there all the "
					"same."),
				      NULL, NULL));
}

static void
on_search(OukHallsPage *self)
{
	fill(self);
}

/* Enter opens the hall when the search has left only one. */
static void
on_activate(OukHallsPage *self)
{
	OukApplication *application = ouk_application_get();
	const OukProfiles *profiles = ouk_application_profiles(application);
	g_autoptr(GPtrArray) halls = NULL;

	if (profiles == NULL)
		return;
	halls = ouk_halls_search(profiles, gtk_entry_get_text(self->search),
				 ouk_application_is_practice(application));
	if (halls->len == 1)
		open_hall(GTK_WIDGET(self), halls->pdata[0]);
}

static void
ouk_halls_page_class_init(OukHallsPageClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

	g_type_ensure(OUK_TYPE_CLAMP);
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/openukey/Assistant/halls_page.ui");
	gtk_widget_class_bind_template_child(widget_class, OukHallsPage, search);
	gtk_widget_class_bind_template_child(widget_class, OukHallsPage, list);
	gtk_widget_class_bind_template_callback(widget_class, on_search);
	gtk_widget_class_bind_template_callback(widget_class, on_activate);
}

static void
ouk_halls_page_init(OukHallsPage *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	g_signal_connect_object(ouk_application_get(), "profiles", G_CALLBACK(fill), self,
				G_CONNECT_SWAPPED);
	fill(self);
}

GtkWidget *
ouk_halls_page_new(void)
{
	return g_object_new(OUK_TYPE_HALLS_PAGE, NULL);
}
