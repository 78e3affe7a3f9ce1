/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/hall.h"

#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 16

/* zh: what people search for, whatever language they read. */
static const struct {
	const char *id, *name, *zh, *pinyin;
} categories[] = {
	[OUK_HALL_HOUSING_FUND] = {"housing-fund", N_("housing fund"), "住房公积金", "gong ji jin"},
	[OUK_HALL_COMMERCE] = {"commerce", N_("business registration"), "工商", "gong shang"},
	[OUK_HALL_INSURANCE] = {"insurance", N_("social insurance"), "社保", "she bao"},
	[OUK_HALL_QUALITY] = {"quality", N_("quality supervision"), "质检", "zhi jian"},
	[OUK_HALL_TAX] = {"tax", N_("tax"), "税务", "shui wu"},
	[OUK_HALL_OTHER] = {"other", N_("other"), "其他", "qi ta"},
};

const char *
ouk_hall_category_name(OukHallCategory category)
{
	return _(categories[category].name);
}

const char *
ouk_hall_category_id(OukHallCategory category)
{
	return categories[category].id;
}

gboolean
ouk_hall_is_fresh(const OukHall *hall, GDateTime *now)
{
	g_autoptr(GDateTime) checked = NULL;
	const char *date = hall->origin.checked;
	GTimeSpan age;

	if (date == NULL)
		return FALSE;
	/* the data were checked for their form when they were read: YYYY-MM-DD */
	checked = ouk_profile_day(date);
	if (checked == NULL)
		return FALSE;
	age = g_date_time_difference(now, checked);
	/* from the future: a wrong clock, or wrong data */
	return age >= -G_TIME_SPAN_DAY && age <= OUK_HALL_FRESH_DAYS * G_TIME_SPAN_DAY;
}

/* ---- search ---- */

/* "xing tai" -> "xingtai" or, initials only, "xt". */
static char *
pinyin_joined(const char *pinyin, gboolean initials)
{
	GString *joined = g_string_new(NULL);

	for (const char *at = pinyin; *at != '\0'; at++)
		if (*at != ' ' && (!initials || at == pinyin || at[-1] == ' '))
			g_string_append_c(joined, g_ascii_tolower(*at));
	return g_string_free(joined, FALSE);
}

/* Begins at a syllable: "tai" finds Xingtai, "ngta" does not. */
static gboolean
pinyin_fits(const char *pinyin, const char *word)
{
	for (const char *at = pinyin; *at != '\0'; at++) {
		g_autofree char *whole = NULL;
		g_autofree char *initials = NULL;

		if (at != pinyin && at[-1] != ' ')
			continue;
		whole = pinyin_joined(at, FALSE);
		initials = pinyin_joined(at, TRUE);
		if (g_str_has_prefix(whole, word) || g_str_has_prefix(initials, word))
			return TRUE;
	}
	return FALSE;
}

static gboolean
text_fits(const char *text, const char *word)
{
	g_autofree char *folded = text != NULL ? g_utf8_casefold(text, -1) : NULL;

	return folded != NULL && strstr(folded, word) != NULL;
}

static gboolean
word_fits(const OukHall *hall, const char *word)
{
	const char *const texts[] = {
		hall->name.zh_CN,
		hall->name.en,
		hall->city.zh_CN,
		hall->city.en,
		categories[hall->category].zh,
		_(categories[hall->category].name),
		categories[hall->category].id,
		hall->profile->id,
		hall->profile->name.zh_CN,
		hall->profile->name.en,
		hall->profile->short_name.zh_CN,
		hall->profile->short_name.en,
	};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		if (text_fits(texts[i], word))
			return TRUE;
	for (guint i = 0; i < hall->urls->len; i++)
		if (text_fits(g_ptr_array_index(hall->urls, i), word))
			return TRUE;
	return pinyin_fits(hall->pinyin, word) || pinyin_fits(hall->name_pinyin, word) ||
	       pinyin_fits(categories[hall->category].pinyin, word);
}

/* Each word for itself or, for pinyin typed with blanks, all of them as one. */
static gboolean
hall_fits(const OukHall *hall, char **words, const char *joined)
{
	gboolean all = TRUE;

	for (char **word = words; *word != NULL; word++)
		if (**word != '\0' && !word_fits(hall, *word))
			all = FALSE;
	return all || pinyin_fits(hall->pinyin, joined) || pinyin_fits(hall->name_pinyin, joined);
}

static int
by_place(gconstpointer a, gconstpointer b)
{
	const OukHall *one = *(const OukHall *const *)a;
	const OukHall *other = *(const OukHall *const *)b;
	int order = (int)one->category - (int)other->category;

	if (order == 0)
		order = strcmp(one->pinyin, other->pinyin);
	return order != 0 ? order : strcmp(one->id, other->id);
}

GPtrArray *
ouk_halls_search(const OukProfiles *profiles, const char *words, gboolean rehearsal)
{
	GPtrArray *found = g_ptr_array_new();
	const GPtrArray *list = ouk_profiles_list(profiles);
	g_autofree char *folded = g_utf8_casefold(words != NULL ? words : "", -1);
	g_auto(GStrv) parts = g_strsplit_set(folded, " \t\n", WORDS_MAX);
	g_autofree char *joined = g_strjoinv("", parts);

	for (guint i = 0; i < list->len; i++) {
		const OukProfile *profile = g_ptr_array_index(list, i);

		for (guint n = 0; n < profile->halls->len; n++) {
			OukHall *hall = g_ptr_array_index(profile->halls, n);

			if ((rehearsal || !profile->rehearsal) && hall_fits(hall, parts, joined))
				g_ptr_array_add(found, hall);
		}
	}
	g_ptr_array_sort(found, by_place);
	return found;
}
