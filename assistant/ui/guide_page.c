/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/guide_page.h"

#include "assistant/ui/paper.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/route_card.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

static const char nobody_known[] =
	N_("Ask the office that handed out the key, or call the number on its case or in its "
	   "papers. Take along the key, your identity card and the unit's papers.");

/* ---- lists ---- */

static void
add_list(GtkBox *box, const char *heading, const GPtrArray *words, gboolean numbered)
{
	if (words == NULL || words->len == 0)
		return;
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(heading, "ouk-section"));
	for (guint i = 0; i < words->len; i++) {
		const char *text = ouk_words(words->pdata[i]);
		g_autofree char *item = numbered ? g_strdup_printf("%u. %s", i + 1, text)
						 : g_strdup_printf("• %s", text);

		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(item, NULL));
	}
}

static void
add_papers(GtkBox *box, const GPtrArray *papers)
{
	for (guint i = 0; i < papers->len; i++) {
		const OukPapers *each = papers->pdata[i];
		const char *unit = ouk_words(&each->unit);
		g_autofree char *heading = NULL;

		/* TRANSLATORS: a kind of unit, such as "Units without a credit code" */
		heading = *unit != '\0' ? g_strdup_printf(_("What to bring: %s"), unit)
					: g_strdup(_("What to bring"));
		add_list(box, heading, each->items, FALSE);
	}
}

static void
on_copy(GtkWidget *button, const char *number)
{
	g_autofree char *text = g_strdup_printf(_("Copied: %s"), number);

	gtk_clipboard_set_text(gtk_widget_get_clipboard(button, GDK_SELECTION_CLIPBOARD), number,
			       -1);
	ouk_window_say(button, GTK_MESSAGE_INFO, text);
}

static void
add_number(GtkBox *box, const char *text, const char *number)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *button = gtk_button_new_with_label(_("Copy"));
	g_autofree char *spoken = g_strdup_printf(_("Copy %s"), number);

	atk_object_set_name(gtk_widget_get_accessible(button), spoken);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	g_signal_connect_data(button, "clicked", G_CALLBACK(on_copy), g_strdup(number),
			      ouk_closure_free(), 0);
	gtk_container_add(GTK_CONTAINER(row), ouk_label_new(text, NULL));
	gtk_container_add(GTK_CONTAINER(row), button);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(box), row);
}

static void
add_points(GtkBox *box, const OukProfile *profile)
{
	if (profile->points->len == 0)
		return;
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(_("Service points"), "ouk-section"));
	for (guint i = 0; i < profile->points->len; i++) {
		const OukPoint *each = profile->points->pdata[i];
		g_autofree char *text =
			g_strdup_printf("%s · %s · %s", ouk_words(&each->name),
					ouk_words(&each->address), ouk_words(&each->hours));

		if (each->number != NULL)
			add_number(box, text, each->number);
		else
			gtk_container_add(GTK_CONTAINER(box), ouk_label_new(text, NULL));
	}
}

static void
add_hotlines(GtkBox *box, const OukProfile *profile)
{
	if (profile->hotlines->len == 0)
		return;
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(_("Call"), "ouk-section"));
	for (guint i = 0; i < profile->hotlines->len; i++) {
		const OukHotline *each = profile->hotlines->pdata[i];
		/* TRANSLATORS: who answers, telephone number */
		g_autofree char *text =
			g_strdup_printf(_("%s: %s"), ouk_words(&each->who), each->number);

		add_number(box, text, each->number);
	}
}

/* ---- the whole ---- */

static void
add_fee(GtkBox *box, OukGuideKind kind, const OukProfile *profile)
{
	const OukGuide *guide = ouk_profile_guide(profile, kind);
	const char *fee = guide != NULL ? ouk_words(&guide->fee) : "";
	g_autofree char *text = NULL;

	if (*fee == '\0' && kind == OUK_GUIDE_UNLOCK && profile->unlock.free_of_charge) {
		gtk_container_add(GTK_CONTAINER(box),
				  ouk_label_new(_("Unlocking is free of charge."), NULL));
		return;
	}
	if (*fee == '\0')
		return;
	text = g_strdup_printf(_("Cost: %s"), fee);
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(text, NULL));
}

void
ouk_guide_fill(GtkBox *box, OukGuideKind kind, const OukProfile *profile)
{
	const OukGuide *guide = ouk_profile_guide(profile, kind);
	const GPtrArray *steps = guide != NULL ? guide->steps : NULL;

	if (profile == NULL) {
		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(_(nobody_known), NULL));
		return;
	}
	if ((steps == NULL || steps->len == 0) && kind == OUK_GUIDE_UNLOCK)
		steps = profile->unlock.steps;
	add_fee(box, kind, profile);
	if (steps == NULL)
		gtk_container_add(GTK_CONTAINER(box),
				  ouk_label_new(_("The CA's public manual says nothing about this. "
						  "Please call the CA."),
						NULL));
	add_list(box, _("What to do"), steps, TRUE);
	add_hotlines(box, profile);
	if (guide != NULL && guide->papers->len > 0)
		add_papers(box, guide->papers);
	else if (kind == OUK_GUIDE_UNLOCK)
		add_list(box, _("What to bring"), profile->unlock.bring, FALSE);
	add_points(box, profile);
}

void
ouk_guide_fill_contacts(GtkBox *box, const OukProfile *profile)
{
	if (profile == NULL)
		return;
	add_hotlines(box, profile);
	add_points(box, profile);
}

static void
on_site(GtkWidget *button, const char *url)
{
	g_autofree char *failed =
		g_strdup_printf(_("No browser could be started. The address is %s"), url);

	ouk_uri_open(button, url, NULL, failed);
}

static void
on_print(GtkWidget *button, const char *text)
{
	ouk_print_text(button, g_object_get_data(G_OBJECT(button), "heading"), text);
}

void
ouk_guide_add_buttons(GtkBox *box, OukGuideKind kind, const OukProfile *profile, OukTokenView *view,
		      const char *number)
{
	const OukTokenInfo *info = view != NULL ? ouk_token_view_info(view) : NULL;
	const char *url = ouk_guide_modes(profile, kind) & OUK_UNLOCK_WEB
				  ? ouk_guide_url(profile, kind)
				  : NULL;
	OukGuideCard card = {
		.profile = profile,
		.kind = kind,
		.unit = info != NULL ? info->unit : NULL,
		.serial = info != NULL ? info->serial : NULL,
		.number = number,
	};
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12), *button = NULL;

	gtk_widget_show(row);
	gtk_container_add(GTK_CONTAINER(box), row);
	if (url != NULL) {
		button = ouk_button_add(GTK_BOX(row), _("_Open the CA's Page"), NULL);
		gtk_widget_set_tooltip_text(button, url);
		ouk_add_class(button, "suggested-action");
		g_signal_connect_data(button, "clicked", G_CALLBACK(on_site), g_strdup(url),
				      ouk_closure_free(), 0);
	}
	button = ouk_button_add(GTK_BOX(row), _("_Print a Card…"), NULL);
	g_object_set_data_full(G_OBJECT(button), "heading", g_strdup(ouk_guide_title(kind)),
			       g_free);
	g_signal_connect_data(button, "clicked", G_CALLBACK(on_print), ouk_guide_card_text(&card),
			      ouk_closure_free(), 0);
}

static const char *
way_text(OukUnlockMode modes)
{
	if (modes & OUK_UNLOCK_WEB)
		return _("This CA does it on its own page; the browser opens it. My Certificates "
			 "cannot do it for you here.");
	return _("This CA does it at a counter. Print the card and take it along.");
}

GtkWidget *
ouk_guide_page_new(OukGuideKind kind, const OukProfile *profile, OukTokenView *view)
{
	GtkBox *box = NULL, *card = NULL;
	GtkWidget *page = ouk_page_new(&box);
	const OukGuide *guide = ouk_profile_guide(profile, kind);
	g_autofree char *source = ouk_source_text(profile, guide != NULL ? &guide->origin : NULL);

	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(ouk_guide_title(kind), "ouk-headline"));
	if (profile != NULL) {
		gtk_container_add(GTK_CONTAINER(box),
				  ouk_label_new(ouk_words(&profile->name), "dim-label"));
		gtk_container_add(GTK_CONTAINER(box),
				  ouk_label_new(way_text(ouk_guide_modes(profile, kind)), NULL));
	}
	ouk_guide_add_buttons(box, kind, profile, view, NULL);
	card = ouk_card_add(box);
	ouk_guide_fill(card, kind, profile);
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(source, "dim-label"));
	return page;
}
