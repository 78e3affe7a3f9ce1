/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey halls: where units log in with their keys. Needs no key and no network. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/errors.h"
#include "assistant/core/hall.h"

#include <glib/gi18n.h>

static gboolean rehearsal;

static const GOptionEntry entries[] = {
	{"rehearsal", 0, 0, G_OPTION_ARG_NONE, &rehearsal,
	 N_("also the halls of the rehearsal world"), NULL},
	{NULL},
};

static const char *const login_names[] = {
	[OUK_HALL_LOGIN_PIN] = "pin",
	[OUK_HALL_LOGIN_PASSWORD_AND_PIN] = "password-and-pin",
};

static void
print_line(const char *name, const char *text)
{
	if (text != NULL && *text != '\0')
		g_print("    %s%s%s\n", name, _(": "), text);
}

static char *
checked_text(const OukHall *hall)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	if (hall->origin.checked == NULL)
		return g_strdup(_("listed, not verified: nobody has looked at the hall itself"));
	if (!ouk_hall_is_fresh(hall, now))
		return g_strdup_printf(_("listed, not verified: last looked at on %s"),
				       hall->origin.checked);
	return g_strdup_printf(_("looked at on %s"), hall->origin.checked);
}

static void
print_hall(const OukHall *hall)
{
	g_autofree char *checked = checked_text(hall);

	g_print(_("  %s: %s\n"), ouk_words(&hall->city), ouk_words(&hall->name));
	for (guint i = 0; i < hall->urls->len; i++)
		print_line(_("Address"), g_ptr_array_index(hall->urls, i));
	print_line(_("Log in"), ouk_words(&hall->login_path));
	print_line(_("Certificate"), ouk_words(&hall->certificate));
	print_line(_("Hall password"), ouk_words(&hall->password_help));
	for (guint i = 0; i < hall->first_time->len; i++)
		print_line(_("The first time"), ouk_words(g_ptr_array_index(hall->first_time, i)));
	print_line(_("Hotline"), hall->hotline);
	print_line(_("State"), checked);
	print_line(_("Source"), ouk_words(&hall->profile->provenance));
}

static void
json_words(JsonBuilder *json, const char *member, const OukWords *words)
{
	if (words->zh_CN == NULL)
		return;
	json_builder_set_member_name(json, member);
	json_builder_begin_object(json);
	cli_json_text(json, "zh_CN", words->zh_CN);
	cli_json_text(json, "en", words->en);
	json_builder_end_object(json);
}

static void
json_hall(JsonBuilder *json, const OukHall *hall)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	json_builder_begin_object(json);
	cli_json_text(json, "profile", hall->profile->id);
	cli_json_text(json, "id", hall->id);
	cli_json_text(json, "category", ouk_hall_category_id(hall->category));
	json_words(json, "city", &hall->city);
	json_words(json, "name", &hall->name);
	json_builder_set_member_name(json, "addresses");
	json_builder_begin_array(json);
	for (guint i = 0; i < hall->urls->len; i++)
		json_builder_add_string_value(json, g_ptr_array_index(hall->urls, i));
	json_builder_end_array(json);
	cli_json_text(json, "login", login_names[hall->login]);
	json_words(json, "login_path", &hall->login_path);
	json_words(json, "certificate", &hall->certificate);
	cli_json_text(json, "hotline", hall->hotline);
	cli_json_text(json, "checked", hall->origin.checked);
	cli_json_flag(json, "verified", ouk_hall_is_fresh(hall, now));
	json_words(json, "source", &hall->origin.source);
	json_words(json, "provenance", &hall->profile->provenance);
	json_builder_end_object(json);
}

static void
print_halls(const GPtrArray *halls)
{
	OukHallCategory category = OUK_HALL_CATEGORIES;

	for (guint i = 0; i < halls->len; i++) {
		const OukHall *hall = g_ptr_array_index(halls, i);

		if (hall->category != category)
			g_print("%s\n", ouk_hall_category_name(hall->category));
		category = hall->category;
		print_hall(hall);
	}
}

static void
print_halls_json(const GPtrArray *halls)
{
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_array(json);
	for (guint i = 0; i < halls->len; i++)
		json_hall(json, g_ptr_array_index(halls, i));
	json_builder_end_array(json);
	cli_print_json(json_builder_get_root(json));
}

/* What was refused is said, and the rest is shown all the same. */
static void
warn_of_problems(const OukProfiles *profiles)
{
	const GPtrArray *problems = ouk_profiles_problems(profiles);

	for (guint i = 0; i < problems->len; i++)
		(void)cli_report(g_ptr_array_index(problems, i));
}

static gboolean
run(int argc, char **argv, GError **error)
{
	g_autoptr(OukProfiles) profiles = NULL;
	g_autoptr(GPtrArray) halls = NULL;
	g_autofree char *words = NULL;

	if (!cli_parse(&cli_halls, &argc, &argv, CLI_TAKES_NO_KEY | CLI_TAKES_JSON, entries, error))
		return FALSE;
	words = g_strjoinv(" ", argv + 1);
	profiles = ouk_profiles_load_default();
	warn_of_problems(profiles);
	if (ouk_profiles_list(profiles)->len == 0)
		return ouk_fail(error, OUK_E_NO_PROFILE);
	halls = ouk_halls_search(profiles, words, rehearsal);
	if (halls->len == 0)
		return ouk_fail_with(error, OUK_E_NO_HALL, "(%s)", words);
	if (cli_options.json)
		print_halls_json(halls);
	else
		print_halls(halls);
	return TRUE;
}

const CliCommand cli_halls = {"halls", N_("[CITY|WORD…]"),
			      N_("the halls where units log in, offline"), run};
