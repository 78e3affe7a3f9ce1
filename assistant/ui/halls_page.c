/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/halls_page.h"

#include "assistant/core/hall.h"
#include "assistant/ui/application.h"
#include "assistant/ui/clamp.h"
#include "assistant/ui/empty_page.h"
#include "assistant/ui/hall_open.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/status.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

struct _OukHallsPage {
	GtkScrolledWindow parent;
	GtkEntry *search;
	GtkFlowBox *categories, *cities;
	GtkBox *list;
	int category; /* that was chosen; -1: none */
};

G_DEFINE_TYPE(OukHallsPage, ouk_halls_page, GTK_TYPE_SCROLLED_WINDOW)

static void fill(OukHallsPage *self);

static void
on_open(GtkWidget *button, gpointer hall)
{
	ouk_hall_open(button, hall);
}

static void
show_hall(GtkWidget *widget, OukHall *hall)
{
	GtkWidget *top = gtk_widget_get_toplevel(widget);

	if (OUK_IS_WINDOW(top))
		ouk_window_push(OUK_WINDOW(top), ouk_hall_page_new(hall), ouk_words(&hall->name));
}

static void
on_details(GtkWidget *button, gpointer hall)
{
	show_hall(button, hall);
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
	gtk_widget_set_tooltip_text(button, ouk_visit_url(hall));
	g_signal_connect(button, "clicked", G_CALLBACK(on_open), hall);
	return button;
}

static GtkWidget *
details_button(OukHall *hall)
{
	GtkWidget *button = gtk_button_new_with_mnemonic(_("_Details"));
	g_autofree char *spoken = g_strdup_printf(_("Details of %s"), ouk_words(&hall->name));

	atk_object_set_name(gtk_widget_get_accessible(button), spoken);
	gtk_widget_set_halign(button, GTK_ALIGN_END);
	g_signal_connect(button, "clicked", G_CALLBACK(on_details), hall);
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
	gtk_box_pack_end(GTK_BOX(side), details_button(hall), FALSE, FALSE, 0);
	gtk_box_pack_end(GTK_BOX(side), open_button(hall), FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(card), texts, TRUE, TRUE, 0);
	gtk_container_add(GTK_CONTAINER(card), side);
	atk_object_set_name(gtk_widget_get_accessible(card), ouk_words(&hall->name));
	atk_object_set_role(gtk_widget_get_accessible(card), ATK_ROLE_PANEL);
	gtk_widget_show_all(card);
	return card;
}

/* ---- by category and city ---- */

/* Which halls are shown: those that fit the words, or of the category. */
static GPtrArray *
halls_shown(OukHallsPage *self)
{
	OukApplication *application = ouk_application_get();
	const char *words = gtk_entry_get_text(self->search);
	GPtrArray *halls = ouk_halls_search(ouk_application_profiles(application), words,
					    ouk_application_is_practice(application));

	for (guint i = 0; *words == '\0' && self->category >= 0 && i < halls->len;) {
		const OukHall *hall = g_ptr_array_index(halls, i);

		if ((int)hall->category == self->category)
			i++;
		else
			g_ptr_array_remove_index(halls, i);
	}
	return halls;
}

static GtkWidget *
choice_add(GtkFlowBox *box, const char *text)
{
	GtkWidget *button = gtk_button_new_with_label(text);
	GtkWidget *child;

	ouk_add_class(button, "ouk-big");
	gtk_widget_show(button);
	gtk_container_add(GTK_CONTAINER(box), button);
	/* the button is the stop of the Tab key, not the cell it is in */
	child = gtk_widget_get_parent(button);
	gtk_widget_set_can_focus(child, FALSE);
	return button;
}

static void
on_category(GtkWidget *button, OukHallsPage *self)
{
	self->category = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "category"));
	gtk_entry_set_text(self->search, "");
	fill(self);
}

/* Those that have halls, each once; they come sorted by category. */
static void
fill_categories(OukHallsPage *self)
{
	OukApplication *application = ouk_application_get();
	g_autoptr(GPtrArray) halls = ouk_halls_search(ouk_application_profiles(application), NULL,
						      ouk_application_is_practice(application));
	int last = -1;

	ouk_clear(self->categories);
	for (guint i = 0; i < halls->len; i++) {
		const OukHall *hall = g_ptr_array_index(halls, i);
		GtkWidget *button;

		if ((int)hall->category == last)
			continue;
		last = (int)hall->category;
		button = choice_add(self->categories, ouk_hall_category_name(hall->category));
		g_object_set_data(G_OBJECT(button), "category", GINT_TO_POINTER(last));
		g_signal_connect(button, "clicked", G_CALLBACK(on_category), self);
	}
}

static void
on_city(GtkWidget *button, OukHallsPage *self)
{
	OukHall *hall = g_object_get_data(G_OBJECT(button), "hall");

	if (g_object_get_data(G_OBJECT(button), "several") == NULL)
		show_hall(GTK_WIDGET(self), hall);
	else
		gtk_entry_set_text(self->search, ouk_words(&hall->city));
}

/* Of a category that was chosen; a city that has several halls leads to the list of them. */
static void
fill_cities(OukHallsPage *self, const GPtrArray *halls)
{
	gboolean shown = self->category >= 0 && *gtk_entry_get_text(self->search) == '\0';
	const char *last = NULL;
	GtkWidget *button = NULL;

	ouk_clear(self->cities);
	gtk_widget_set_visible(GTK_WIDGET(self->cities), shown);
	for (guint i = 0; shown && i < halls->len; i++) {
		const OukHall *hall = g_ptr_array_index(halls, i);

		if (g_strcmp0(last, ouk_words(&hall->city)) == 0) {
			g_object_set_data(G_OBJECT(button), "several", self);
			continue;
		}
		last = ouk_words(&hall->city);
		button = choice_add(self->cities, last);
		g_object_set_data(G_OBJECT(button), "hall", halls->pdata[i]);
		g_signal_connect(button, "clicked", G_CALLBACK(on_city), self);
	}
}

static void
fill(OukHallsPage *self)
{
	g_autoptr(GPtrArray) halls = NULL;

	ouk_clear(self->list);
	if (ouk_application_profiles(ouk_application_get()) == NULL)
		return;
	halls = halls_shown(self);
	fill_cities(self, halls);
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
fill_all(OukHallsPage *self)
{
	if (ouk_application_profiles(ouk_application_get()) != NULL)
		fill_categories(self);
	fill(self);
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
	g_autoptr(GPtrArray) halls = NULL;

	if (ouk_application_profiles(ouk_application_get()) == NULL)
		return;
	halls = halls_shown(self);
	if (halls->len == 1)
		ouk_hall_open(GTK_WIDGET(self), halls->pdata[0]);
}

static void
ouk_halls_page_class_init(OukHallsPageClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

	g_type_ensure(OUK_TYPE_CLAMP);
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/openukey/Assistant/halls_page.ui");
	gtk_widget_class_bind_template_child(widget_class, OukHallsPage, search);
	gtk_widget_class_bind_template_child(widget_class, OukHallsPage, categories);
	gtk_widget_class_bind_template_child(widget_class, OukHallsPage, cities);
	gtk_widget_class_bind_template_child(widget_class, OukHallsPage, list);
	gtk_widget_class_bind_template_callback(widget_class, on_search);
	gtk_widget_class_bind_template_callback(widget_class, on_activate);
}

static void
ouk_halls_page_init(OukHallsPage *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	self->category = -1;
	g_signal_connect_object(ouk_application_get(), "profiles", G_CALLBACK(fill_all), self,
				G_CONNECT_SWAPPED);
	fill_all(self);
}

GtkWidget *
ouk_halls_page_new(void)
{
	return g_object_new(OUK_TYPE_HALLS_PAGE, NULL);
}
