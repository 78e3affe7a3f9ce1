/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/guide.h"

#include <glib/gi18n.h>
#include <string.h>

static const struct {
	const char *word, *title, *sentence;
} kinds[OUK_GUIDES] = {
	[OUK_GUIDE_UNLOCK] = {"unlock", N_("Unlock the Key"),
			      N_("The PIN was wrong too many times, or nobody knows it any more.")},
	[OUK_GUIDE_RENEWAL] = {"renewal", N_("Renew the Certificate"),
			       N_("It ends soon or has ended. The key and its PIN stay the same.")},
	[OUK_GUIDE_CHANGE] = {"change", N_("Change the Unit's Data"),
			      N_("The unit has a new name, address or legal representative.")},
	[OUK_GUIDE_OPEN] = {"open", N_("Open Another Application"),
			    N_("The same key is to work in one more hall.")},
	[OUK_GUIDE_NEW] = {"new", N_("Apply for a New Key"),
			   N_("The unit has no key yet, or needs one more.")},
	[OUK_GUIDE_REPLACE] = {"replace", N_("Replace a Lost or Broken Key"),
			       N_("A new key with the same certificate; the old one is revoked.")},
	[OUK_GUIDE_LOSS] =
		{"loss", N_("Report a Key as Lost"),
		 N_("Tell the CA at once, so that nobody can use it. The key is not needed.")},
	[OUK_GUIDE_REVOKE] = {"revoke", N_("Revoke the Certificate"),
			      N_("The unit does not use it any more. It cannot be taken back.")},
	[OUK_GUIDE_RETURN] = {"return", N_("Give It Back for a Refund"),
			      N_("The certificate was bought by mistake and never used.")},
};

const char *
ouk_guide_word(OukGuideKind kind)
{
	return kinds[kind].word;
}

OukGuideKind
ouk_guide_kind(const char *word)
{
	OukGuideKind kind = 0;

	while (kind < OUK_GUIDES && strcmp(kinds[kind].word, word) != 0)
		kind++;
	return kind;
}

const char *
ouk_guide_title(OukGuideKind kind)
{
	return _(kinds[kind].title);
}

const char *
ouk_guide_sentence(OukGuideKind kind)
{
	return _(kinds[kind].sentence);
}

const OukGuide *
ouk_profile_guide(const OukProfile *profile, OukGuideKind kind)
{
	for (guint i = 0; profile != NULL && i < profile->guides->len; i++) {
		const OukGuide *each = profile->guides->pdata[i];

		if (each->kind == kind)
			return each;
	}
	return NULL;
}

OukUnlockMode
ouk_guide_modes(const OukProfile *profile, OukGuideKind kind)
{
	const OukGuide *guide = ouk_profile_guide(profile, kind);

	if (guide != NULL && guide->modes != 0)
		return guide->modes;
	if (kind == OUK_GUIDE_UNLOCK && profile != NULL && profile->unlock.modes != 0)
		return profile->unlock.modes;
	return OUK_UNLOCK_COUNTER;
}

const char *
ouk_guide_url(const OukProfile *profile, OukGuideKind kind)
{
	const OukGuide *guide = ouk_profile_guide(profile, kind);

	if (profile == NULL)
		return NULL;
	if (guide != NULL && guide->url != NULL)
		return guide->url;
	if (kind == OUK_GUIDE_UNLOCK && profile->unlock.url != NULL)
		return profile->unlock.url;
	if (kind == OUK_GUIDE_RENEWAL && profile->renewal.url != NULL)
		return profile->renewal.url;
	return profile->sites->len > 0 ? ((const OukSite *)profile->sites->pdata[0])->url : NULL;
}

/* ---- the card ---- */

static void
add_heading(GString *text, const char *heading)
{
	g_string_append_printf(text, "\n%s\n", heading);
}

static void
add_steps(GString *text, const GPtrArray *steps)
{
	if (steps == NULL || steps->len == 0)
		return;
	add_heading(text, _("What to do"));
	for (guint i = 0; i < steps->len; i++)
		g_string_append_printf(text, "%u. %s\n", i + 1, ouk_words(steps->pdata[i]));
}

static void
add_items(GString *text, const char *heading, const GPtrArray *items)
{
	if (items == NULL || items->len == 0)
		return;
	add_heading(text, heading);
	for (guint i = 0; i < items->len; i++)
		g_string_append_printf(text, "□ %s\n", ouk_words(items->pdata[i]));
}

static void
add_papers(GString *text, const GPtrArray *papers)
{
	for (guint i = 0; papers != NULL && i < papers->len; i++) {
		const OukPapers *each = papers->pdata[i];
		const char *unit = ouk_words(&each->unit);
		g_autofree char *heading = NULL;

		/* TRANSLATORS: a kind of unit, such as "Units without a credit code" */
		heading = *unit != '\0' ? g_strdup_printf(_("What to bring: %s"), unit)
					: g_strdup(_("What to bring"));
		add_items(text, heading, each->items);
	}
}

static void
add_places(GString *text, const OukProfile *profile)
{
	if (profile->points->len > 0)
		add_heading(text, _("Service points"));
	for (guint i = 0; i < profile->points->len; i++) {
		const OukPoint *each = profile->points->pdata[i];

		g_string_append_printf(text, "%s  %s  %s  %s\n", ouk_words(&each->name),
				       ouk_words(&each->address), ouk_words(&each->hours),
				       each->number != NULL ? each->number : "");
	}
	if (profile->hotlines->len > 0)
		add_heading(text, _("Call"));
	for (guint i = 0; i < profile->hotlines->len; i++) {
		const OukHotline *each = profile->hotlines->pdata[i];

		g_string_append_printf(text, "%s  %s\n", ouk_words(&each->who), each->number);
	}
}

static void
add_line(GString *text, const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		/* TRANSLATORS: name and value of a line */
		g_string_append_printf(text, _("%s: %s\n"), name, value);
}

static void
add_guide(GString *text, const OukGuideCard *card)
{
	const OukProfile *profile = card->profile;
	const OukGuide *guide = ouk_profile_guide(profile, card->kind);
	gboolean unlock = card->kind == OUK_GUIDE_UNLOCK;

	add_steps(text, guide != NULL && guide->steps->len > 0 ? guide->steps
			: unlock                               ? profile->unlock.steps
							       : NULL);
	if (guide != NULL && guide->papers->len > 0)
		add_papers(text, guide->papers);
	else if (unlock)
		add_items(text, _("What to bring"), profile->unlock.bring);
	add_places(text, profile);
	if (ouk_guide_url(profile, card->kind) != NULL) {
		add_heading(text, _("The CA's page"));
		g_string_append_printf(text, "%s\n", ouk_guide_url(profile, card->kind));
	}
}

char *
ouk_guide_card_text(const OukGuideCard *card)
{
	GString *text = g_string_new(NULL);

	if (card->profile != NULL)
		add_line(text, _("CA"), ouk_words(&card->profile->name));
	add_line(text, _("Unit"), card->unit);
	add_line(text, _("Serial number of the key"), card->serial);
	add_line(text, _("Order number"), card->number);
	if (card->number != NULL)
		g_string_append_printf(
			text, "\n%s\n",
			_("This order can be continued on any other computer with My Certificates "
			  "and internet: the key and this order number are enough."));
	if (card->profile != NULL)
		add_guide(text, card);
	else
		g_string_append_printf(
			text, "\n%s\n",
			_("Ask the office that handed out the key, or call the number on its case "
			  "or in its papers. Take along the key, your identity card and the unit's "
			  "papers."));
	return g_string_free(text, FALSE);
}
