/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/application.h"
#include "assistant/ui/fact_list.h"
#include "assistant/ui/hall_open.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/status.h"

#include <glib/gi18n.h>

/* Belongs to the page's widget. */
typedef struct {
	const OukHall *hall;
	GtkBox *mark, *key; /* what the facts say */
	OukHallFacts *facts;
	GCancellable *cancellable;
} HallPage;

static void
page_free(gpointer data)
{
	HallPage *page = data;

	g_cancellable_cancel(page->cancellable);
	g_object_unref(page->cancellable);
	g_clear_pointer(&page->facts, ouk_hall_facts_free);
	g_free(page);
}

/* ---- what the facts say ---- */

static void
add_badge(GtkBox *box, const char *icon, const char *tone, const char *text)
{
	gtk_container_add(GTK_CONTAINER(box), ouk_badge_new(icon, tone, text));
}

static void
show_mark(HallPage *page)
{
	const OukVisit *visit = page->facts->visit;

	ouk_clear(page->mark);
	if (visit->mark)
		add_badge(page->mark, "ouk-valid-symbolic", "ouk-good", _("known hall"));
	else if (!visit->fresh)
		add_badge(page->mark, "ouk-not-checked-symbolic", "ouk-neutral",
			  _("listed, not verified"));
	if (visit->state == OUK_VISIT_PLAIN)
		add_badge(page->mark, "ouk-ends-soon-symbolic", "ouk-warn",
			  _("http, no encryption"));
	if (ouk_visit_is_dangerous(visit) || visit->state == OUK_VISIT_UNREACHABLE)
		gtk_container_add(GTK_CONTAINER(page->mark),
				  ouk_label_new(ouk_visit_text(visit), NULL));
}

static char *
key_text(const OukHallKey *key)
{
	if (key->token != NULL)
		/* TRANSLATORS: name of a key, end of its serial number */
		return g_strdup_printf(_("Use the key %s (…%s)."), ouk_token_view_title(key->token),
				       ouk_token_view_info(key->token)->serial_end);
	if (key->candidates > 1)
		return g_strdup(_("Several of the keys that are plugged in fit: leave in only the "
				  "one you mean."));
	return g_strdup(_("Plug in the key with the certificate named below."));
}

static void
show_key(HallPage *page)
{
	g_auto(OukHallKey) key = {0};
	g_autofree char *text = NULL;

	if (page->facts == NULL)
		return;
	ouk_hall_facts_key(page->hall, page->facts, &key);
	text = key_text(&key);
	ouk_clear(page->key);
	gtk_container_add(GTK_CONTAINER(page->key), ouk_label_new(text, NULL));
	if (ouk_hall_bind_text(key.bind) == NULL)
		return;
	if (ouk_hall_bind_is_due(key.bind))
		add_badge(page->key, "ouk-ends-soon-symbolic", "ouk-warn", _("Bind the key again"));
	gtk_container_add(GTK_CONTAINER(page->key),
			  ouk_label_new(ouk_hall_bind_text(key.bind), NULL));
}

static void
on_facts(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(OukHallFacts) facts = ouk_hall_facts_finish(result);
	HallPage *page = data;

	if (facts == NULL) /* the page has gone */
		return;
	g_clear_pointer(&page->facts, ouk_hall_facts_free);
	page->facts = g_steal_pointer(&facts);
	show_mark(page);
	show_key(page);
}

/* What is remembered may be another by now; what the network said is kept. */
static void
on_uses(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(OukHallFacts) facts = ouk_hall_facts_finish(result);
	HallPage *page = data;
	GPtrArray *uses;

	if (facts == NULL || page->facts == NULL)
		return;
	uses = page->facts->uses;
	page->facts->uses = facts->uses;
	facts->uses = uses;
	show_key(page);
}

static void
on_keys(GtkWidget *widget)
{
	HallPage *page = g_object_get_data(G_OBJECT(widget), "hall-page");

	show_key(page);
	ouk_hall_facts_async(page->hall, FALSE, page->cancellable, on_uses, page);
}

/* ---- what the list says ---- */

static void
add_list(GtkBox *box, const char *heading, const GPtrArray *texts)
{
	if (texts->len == 0)
		return;
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(heading, "ouk-unit"));
	for (guint i = 0; i < texts->len; i++) {
		g_autofree char *line = g_strdup_printf("• %s", ouk_words(texts->pdata[i]));

		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(line, NULL));
	}
}

static void
add_facts(GtkBox *box, const OukHall *hall)
{
	GtkWidget *list = ouk_fact_list_new();
	const char *url = ouk_visit_url(hall);

	ouk_fact_list_add_copyable(GTK_BOX(list), _("Address"), url, NULL);
	ouk_fact_list_add(GTK_BOX(list), _("Where to log in"), ouk_words(&hall->login_path));
	ouk_fact_list_add(GTK_BOX(list), _("Certificate"), ouk_words(&hall->certificate));
	ouk_fact_list_add(GTK_BOX(list), _("Hall password"), ouk_words(&hall->password_help));
	ouk_fact_list_add(GTK_BOX(list), _("Telephone"), hall->hotline);
	ouk_fact_list_add(GTK_BOX(list), _("Source"), ouk_words(&hall->origin.source));
	ouk_fact_list_add(GTK_BOX(list), _("Checked on"), hall->origin.checked);
	gtk_container_add(GTK_CONTAINER(box), list);
}

static void
on_open(GtkWidget *button, gpointer hall)
{
	ouk_hall_open(button, hall);
}

static GtkWidget *
login_button(GtkBox *box, const OukHall *hall)
{
	GtkWidget *button = ouk_button_add(box, _("Unit _Login"), NULL);
	g_autofree char *told =
		g_strdup_printf(_("Opens %s in your browser"), ouk_words(&hall->name));

	ouk_add_class(button, "ouk-big");
	ouk_add_class(button, "suggested-action");
	atk_object_set_description(gtk_widget_get_accessible(button), told);
	g_signal_connect(button, "clicked", G_CALLBACK(on_open), (gpointer)(guintptr)hall);
	return button;
}

static GtkBox *
box_add(GtkBox *parent)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);

	gtk_widget_show(box);
	gtk_container_add(GTK_CONTAINER(parent), box);
	return GTK_BOX(box);
}

GtkWidget *
ouk_hall_page_new(const OukHall *hall)
{
	HallPage *page = g_new0(HallPage, 1);
	OukWatch *watch = ouk_application_watch(ouk_application_get());
	GtkBox *box, *card;
	GtkWidget *widget = ouk_page_new(&box);
	g_autofree char *place = g_strdup_printf("%s · %s · %s", ouk_words(&hall->city),
						 ouk_hall_category_name(hall->category),
						 ouk_words(&hall->profile->short_name));

	gtk_container_add(GTK_CONTAINER(box),
			  ouk_label_new(ouk_words(&hall->name), "ouk-headline"));
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(place, "dim-label"));
	page->hall = hall;
	page->cancellable = g_cancellable_new();
	page->mark = box_add(box);
	card = ouk_card_add(box);
	page->key = box_add(card);
	login_button(card, hall);
	add_facts(ouk_card_add(box), hall);
	if (hall->first_time->len > 0)
		add_list(ouk_card_add(box), _("The first time"), hall->first_time);
	if (hall->business->len > 0)
		add_list(ouk_card_add(box), _("What can be done there"), hall->business);
	gtk_container_add(GTK_CONTAINER(box),
			  ouk_label_new(ouk_words(&hall->profile->provenance), "dim-label"));
	g_object_set_data_full(G_OBJECT(widget), "hall-page", page, page_free);
	if (watch != NULL)
		g_signal_connect_object(watch, "items-changed", G_CALLBACK(on_keys), widget,
					G_CONNECT_SWAPPED);
	g_signal_connect_object(ouk_application_get(), "memory", G_CALLBACK(on_keys), widget,
				G_CONNECT_SWAPPED);
	ouk_hall_facts_async(hall, TRUE, page->cancellable, on_facts, page);
	return widget;
}
