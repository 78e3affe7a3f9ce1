/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/guide_read.h"

#include "assistant/core/guide.h"

static void
papers_free(gpointer data)
{
	OukPapers *papers = data;

	g_ptr_array_unref(papers->items);
	g_free(papers);
}

static void
guide_free(gpointer data)
{
	OukGuide *guide = data;

	g_ptr_array_unref(guide->steps);
	g_ptr_array_unref(guide->papers);
	g_free(guide);
}

void
profile_guides_init(OukProfile *profile)
{
	profile->guides = g_ptr_array_new_with_free_func(guide_free);
	profile->points = g_ptr_array_new_with_free_func(g_free);
}

void
profile_guides_clear(OukProfile *profile)
{
	g_ptr_array_unref(profile->guides);
	g_ptr_array_unref(profile->points);
}

OukUnlockMode
profile_modes(ProfileReader *reader, JsonObject *in, const char *name)
{
	static const char *const words[] = {"online", "web", "counter"};
	g_autoptr(GPtrArray) list = profile_text_list(reader, in, name);
	guint bits = 0;

	for (guint i = 0; i < list->len && reader->wrong == NULL; i++) {
		guint mode = 0;

		while (mode < G_N_ELEMENTS(words) && strcmp(words[mode], list->pdata[i]) != 0)
			mode++;
		if (mode == G_N_ELEMENTS(words))
			profile_wrong(reader, name);
		bits |= 1U << mode;
	}
	return (OukUnlockMode)bits;
}

static void
add_papers(ProfileReader *reader, JsonObject *element, gpointer data)
{
	OukPapers *papers = g_new0(OukPapers, 1);

	papers->unit = profile_words(reader, element, "unit", PROFILE_OPTIONAL);
	papers->items = profile_words_list(reader, element, "items");
	g_ptr_array_add(data, papers);
	if (papers->items->len == 0)
		profile_wrong(reader, "items");
}

static OukGuideKind
read_kind(ProfileReader *reader, JsonObject *element)
{
	const char *words[OUK_GUIDES + 1] = {NULL};

	for (OukGuideKind kind = 0; kind < OUK_GUIDES; kind++)
		words[kind] = ouk_guide_word(kind);
	return (OukGuideKind)profile_choice(reader, element, "kind", words);
}

static void
add_guide(ProfileReader *reader, JsonObject *element, gpointer data)
{
	OukProfile *profile = data;
	OukGuide *guide = g_new0(OukGuide, 1);

	guide->kind = read_kind(reader, element);
	guide->modes = profile_modes(reader, element, "modes");
	guide->url = profile_url(reader, element, "url", PROFILE_OPTIONAL);
	guide->fee = profile_words(reader, element, "fee", PROFILE_OPTIONAL);
	guide->steps = profile_words_list(reader, element, "steps");
	guide->papers = g_ptr_array_new_with_free_func(papers_free);
	profile_each(reader, element, "papers", add_papers, guide->papers);
	guide->origin = profile_origin(reader, element);
	g_ptr_array_add(profile->guides, guide);
	if (guide->modes == 0)
		profile_wrong(reader, "modes");
}

static void
add_point(ProfileReader *reader, JsonObject *element, gpointer data)
{
	OukProfile *profile = data;
	OukPoint *point = g_new0(OukPoint, 1);

	point->name = profile_words(reader, element, "name", PROFILE_REQUIRED);
	point->address = profile_words(reader, element, "address", PROFILE_OPTIONAL);
	point->hours = profile_words(reader, element, "hours", PROFILE_OPTIONAL);
	point->number = profile_number_to_call(reader, element, "number", PROFILE_OPTIONAL);
	point->origin = profile_origin(reader, element);
	g_ptr_array_add(profile->points, point);
}

void
profile_guides_read(ProfileReader *reader, JsonObject *root, OukProfile *profile)
{
	profile_each(reader, root, "guides", add_guide, profile);
	profile_each(reader, root, "points", add_point, profile);
}
