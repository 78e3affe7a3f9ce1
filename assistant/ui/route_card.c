/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/route_card.h"

#include "assistant/ui/guide_page.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/services_page.h"

#include <glib/gi18n.h>

static const char nobody_known[] =
	N_("Ask the office that handed out the key, or call the number on "
	   "its "
	   "case or in its papers. Take along the key, your identity card "
	   "and "
	   "the unit's papers. Trying other PINs does not help any more.");

void
ouk_route_card_fill(GtkBox *box, const OukProfile *profile, OukTokenView *view)
{
	g_autofree char *heading = NULL;

	if (profile == NULL) {
		gtk_container_add(GTK_CONTAINER(box),
				  ouk_label_new(_("How to have it unlocked"), "ouk-unit"));
		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(_(nobody_known), NULL));
		ouk_guide_add_buttons(box, OUK_GUIDE_UNLOCK, NULL, view, NULL);
		return;
	}
	/* TRANSLATORS: name of the CA */
	heading = g_strdup_printf(_("How %s unlocks a key"), ouk_words(&profile->name));
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(heading, "ouk-unit"));
	if (ouk_services_online(OUK_GUIDE_UNLOCK, profile) && view != NULL) {
		gtk_container_add(
			GTK_CONTAINER(box),
			ouk_label_new(_("It can be done here: with an authorization code that the "
					"legal representative gets you set a new PIN."),
				      NULL));
		ouk_add_class(ouk_button_add(box, _("_Unlock with a Code…"), "win.service::unlock"),
			      "suggested-action");
	}
	ouk_guide_fill(box, OUK_GUIDE_UNLOCK, profile);
	ouk_guide_add_buttons(box, OUK_GUIDE_UNLOCK, profile, view, NULL);
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
