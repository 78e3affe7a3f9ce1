/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/route_card.h"

#include "assistant/ui/paper.h"
#include "assistant/ui/parts.h"

#include <glib/gi18n.h>

static const char nobody_known[] =
	N_("Ask the office that handed out the key, or call the number on "
	   "its "
	   "case or in its papers. Take along the key, your identity card "
	   "and "
	   "the unit's papers. Trying other PINs does not help any more.");

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
add_hotlines(GtkBox *box, const GPtrArray *hotlines)
{
	if (hotlines == NULL || hotlines->len == 0)
		return;
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(_("Call"), "ouk-section"));
	for (guint i = 0; i < hotlines->len; i++) {
		const OukHotline *each = hotlines->pdata[i];
		/* TRANSLATORS: who answers, telephone number */
		g_autofree char *text =
			g_strdup_printf(_("%s: %s"), ouk_words(&each->who), each->number);

		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(text, NULL));
	}
}

static void
on_site(GtkWidget *button, const char *url)
{
	g_autofree char *failed =
		g_strdup_printf(_("No browser could be started. The address is %s"), url);

	ouk_uri_open(button, url, NULL, failed);
}

static void
add_site(GtkBox *box, const char *url)
{
	GtkWidget *button = NULL;

	if (url == NULL)
		return;
	button = gtk_button_new_with_mnemonic(_("_Open the CA's Page"));
	gtk_widget_set_tooltip_text(button, url);
	gtk_widget_set_halign(button, GTK_ALIGN_START);
	g_signal_connect_data(button, "clicked", G_CALLBACK(on_site), g_strdup(url),
			      ouk_closure_free(), 0);
	gtk_widget_show(button);
	gtk_container_add(GTK_CONTAINER(box), button);
}

void
ouk_route_card_fill(GtkBox *box, const OukProfile *profile)
{
	const OukUnlock *unlock = profile != NULL ? &profile->unlock : NULL;
	g_autofree char *heading = NULL;

	if (unlock == NULL) {
		gtk_container_add(GTK_CONTAINER(box),
				  ouk_label_new(_("How to have it unlocked"), "ouk-unit"));
		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(_(nobody_known), NULL));
		return;
	}
	/* TRANSLATORS: name of the CA */
	heading = g_strdup_printf(_("How %s unlocks a key"), ouk_words(&profile->name));
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(heading, "ouk-unit"));
	if (unlock->free_of_charge)
		gtk_container_add(GTK_CONTAINER(box),
				  ouk_label_new(_("Unlocking is free of charge."), NULL));
	add_list(box, _("What to do"), unlock->steps, TRUE);
	add_list(box, _("What to bring"), unlock->bring, FALSE);
	add_hotlines(box, profile->hotlines);
	add_site(box, unlock->url);
}

char *
ouk_source_text(const OukProfile *profile, const OukOrigin *origin)
{
	const char *provenance = profile != NULL ? ouk_words(&profile->provenance) : "";
	const char *source = origin != NULL ? ouk_words(&origin->source) : "";

	if (profile == NULL)
		return g_strdup("");
	if (origin == NULL || origin->checked == NULL || *source == '\0')
		/* TRANSLATORS: "from public manuals, not supplied by the CA" */
		return g_strdup_printf(_("Source: %s"), provenance);
	/* TRANSLATORS: "from public manuals, ...", title of the source, date */
	return g_strdup_printf(_("Source: %s (%s, checked %s)"), provenance, source,
			       origin->checked);
}

char *
ouk_route_text(const OukProfile *profile)
{
	GString *text = g_string_new(NULL);

	if (profile == NULL)
		return g_string_free(g_string_append(text, _(nobody_known)), FALSE);
	for (guint i = 0; i < profile->unlock.steps->len; i++)
		g_string_append_printf(text, "%s%u. %s", i > 0 ? "\n" : "", i + 1,
				       ouk_words(profile->unlock.steps->pdata[i]));
	return g_string_free(text, FALSE);
}
