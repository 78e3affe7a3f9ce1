/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey login: opens the right hall in the browser, after a look at its address and at the key. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/browsers/choose.h"
#include "assistant/core/doctor/visit.h"
#include "assistant/core/errors.h"
#include "assistant/core/hall_key.h"
#include "assistant/core/hall_origin.h"
#include "assistant/core/snapshot.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean offline, rehearsal, show_only, bound;

static const GOptionEntry entries[] = {
	{"show", 0, 0, G_OPTION_ARG_NONE, &show_only, N_("look only, open nothing"), NULL},
	{"bound", 0, 0, G_OPTION_ARG_NONE, &bound,
	 N_("the hall has bound the key again: remember this certificate"), NULL},
	{"offline", 0, 0, G_OPTION_ARG_NONE, &offline, N_("do not use the network first"), NULL},
	{"rehearsal", 0, 0, G_OPTION_ARG_NONE, &rehearsal,
	 N_("also the halls of the rehearsal world"), NULL},
	{NULL},
};

/* ---- keys ---- */

/* Of OukTokenView; empty when there is no key, which is no reason not to open the hall. */
static GPtrArray *
keys_read(void)
{
	GPtrArray *views = g_ptr_array_new_with_free_func(g_object_unref);
	CliKeys keys = {0};

	if (!cli_keys_open(&keys, FALSE, NULL))
		return views;
	for (guint i = 0; i < keys.tokens->len; i++) {
		const OukToken *token = g_ptr_array_index(keys.tokens, i);
		const OukPlace place = {.module = token->module,
					.vendor = token->vendor,
					.module_name = "",
					.slot = token->slot};
		OukTokenView *view = ouk_token_view_read(&place, NULL);

		if (view != NULL)
			g_ptr_array_add(views, view);
	}
	cli_keys_close(&keys);
	return views;
}

/* ---- the hall ---- */

/* Without a word: the one that the keys are for. */
static const OukHall *
hall_of_keys(const OukProfiles *profiles, const GPtrArray *halls, const GPtrArray *keys,
	     OukHallBook *book)
{
	const OukHall *found = NULL;

	for (guint i = 0; i < halls->len; i++) {
		const OukHall *hall = g_ptr_array_index(halls, i);
		g_autoptr(GPtrArray) uses = ouk_hall_book_uses(book, hall);
		g_auto(OukHallKey) key = {0};

		ouk_hall_key_choose(profiles, hall, keys, uses, &key);
		if (key.candidates == 0)
			continue;
		if (found != NULL)
			return NULL;
		found = hall;
	}
	return found;
}

/* An address, typed or pasted: the hall's own, or one made to be taken for it. */
static const OukHall *
hall_of_address(const OukProfiles *profiles, const char *text, GError **error)
{
	g_autofree char *url =
		strstr(text, "://") != NULL ? g_strdup(text) : g_strconcat("https://", text, NULL);
	g_autofree char *origin = ouk_origin_of(url);
	OukHallSeen seen = {.match = OUK_HALL_UNKNOWN};

	if (origin != NULL)
		(void)ouk_hall_for_origin(profiles, origin, rehearsal, &seen);
	if (seen.match == OUK_HALL_KNOWN)
		return seen.hall;
	if (seen.match == OUK_HALL_LOOKALIKE)
		ouk_fail_with(error, OUK_E_PAGE_LOOKALIKE, "(%s: %s)", ouk_words(&seen.hall->name),
			      ouk_visit_url(seen.hall));
	else
		ouk_fail_with(error, OUK_E_NO_HALL, "(%s)", text);
	return NULL;
}

static const OukHall *
hall_find(const OukProfiles *profiles, char **words, const GPtrArray *keys, OukHallBook *book,
	  GError **error)
{
	g_autofree char *text = g_strjoinv(" ", words);
	g_autoptr(GPtrArray) halls = ouk_halls_search(profiles, text, rehearsal);
	const OukHall *hall = *text != '\0' ? ouk_hall_by_name(profiles, text) : NULL;
	g_autoptr(GString) names = g_string_new(NULL);

	if (hall == NULL && *text == '\0')
		hall = hall_of_keys(profiles, halls, keys, book);
	if (hall != NULL)
		return hall;
	if (halls->len == 1)
		return g_ptr_array_index(halls, 0);
	if (halls->len == 0)
		return hall_of_address(profiles, text, error);
	for (guint i = 0; i < halls->len; i++) {
		g_autofree char *name = ouk_hall_name(g_ptr_array_index(halls, i));

		g_string_append_printf(names, "%s%s", i > 0 ? _(", ") : "", name);
	}
	ouk_fail_with(error, OUK_E_SEVERAL_HALLS, "(%s)", names->str);
	return NULL;
}

/* ---- what is said before ---- */

static void
print_line(const char *name, const char *text)
{
	if (text != NULL && *text != '\0')
		g_print("  %s%s%s\n", name, _(": "), text);
}

static void
print_hall(const OukHall *hall, const OukVisit *visit)
{
	g_print(_("%s: %s\n"), ouk_words(&hall->city), ouk_words(&hall->name));
	print_line(_("Address"), visit->url);
	print_line(_("Log in"), ouk_words(&hall->login_path));
	print_line(_("Hall password"), ouk_words(&hall->password_help));
	print_line(_("Hotline"), hall->hotline);
	print_line(_("State"), visit->mark    ? _("known hall: https, its certificate is valid")
			       : visit->fresh ? _("listed")
					      : _("listed, not verified"));
}

static void
print_key(const OukHallKey *key, const GPtrArray *keys)
{
	const char *text = ouk_hall_bind_text(key->bind);

	if (key->token != NULL) {
		g_print(_("  Key to use: %s (…%s)\n"), ouk_token_view_title(key->token),
			ouk_token_view_info(key->token)->serial_end);
		if (text != NULL)
			g_print("  ! %s\n", text);
	} else if (key->candidates > 1) {
		g_print("  ! %s\n", _("Several of the keys that are plugged in fit: leave in only "
				      "the one you mean."));
	} else if (keys->len > 0) {
		g_print("  ! %s\n", _("None of the keys that are plugged in is of the hall's CA."));
	} else {
		g_print("  ! %s\n", _("Plug the key in before you log in."));
	}
}

static void
print_first_time(const OukHall *hall, const OukHallKey *key)
{
	if (key->bind != OUK_BIND_FIRST)
		return;
	for (guint i = 0; i < hall->first_time->len; i++)
		print_line(_("The first time"), ouk_words(g_ptr_array_index(hall->first_time, i)));
}

/* Told once for each hall; going on is remembered. */
static gboolean
risk_is_taken(OukHallBook *book, const OukHall *hall, const OukVisit *visit, GError **error)
{
	if (visit->state != OUK_VISIT_PLAIN || ouk_hall_book_risk_taken(book, hall, visit->url))
		return TRUE;
	g_print("  ! %s\n", ouk_visit_text(visit));
	return show_only || (cli_confirm(_("Open it all the same?"), error) &&
			     ouk_hall_book_take_risk(book, hall, visit->url, error));
}

static gboolean
is_safe(OukHallBook *book, const OukHall *hall, const OukVisit *visit, GError **error)
{
	if (ouk_visit_is_dangerous(visit))
		return ouk_fail_with(error, OUK_E_HALL_DANGER, "(%s%s%s)", ouk_visit_text(visit),
				     *visit->detail != '\0' ? " " : "", visit->detail);
	if (visit->state == OUK_VISIT_UNREACHABLE)
		g_print("  ! %s\n", ouk_visit_text(visit));
	return risk_is_taken(book, hall, visit, error);
}

/* A certificate that the hall cannot know yet is remembered only when the person says it does. */
static gboolean
note_key(OukHallBook *book, const OukHall *hall, const OukHallKey *key, GError **error)
{
	if (key->token == NULL || (ouk_hall_bind_is_due(key->bind) && !bound))
		return TRUE;
	return ouk_hall_book_note(book, hall, key->token, key->pair, error);
}

/* ---- opening ---- */

static gboolean
open_hall(const OukHall *hall, const OukVisit *visit, GError **error)
{
	const OukBrowserSetup setup = {
		.ground = {.root = "", .home = g_get_home_dir(), .module = ouk_browsers_module()}};
	g_autoptr(GPtrArray) states = ouk_browsers_look(&setup);
	g_autofree char *why = NULL;
	g_autoptr(GAppInfo) browser = ouk_browser_choose(states, &why);

	if (!ouk_browser_open(browser, visit->url, NULL, error))
		return FALSE;
	if (why != NULL)
		g_print("  ! %s\n", why);
	g_print(_("%s opens in your browser.\n"), ouk_words(&hall->name));
	return TRUE;
}

static gboolean
log_in(const OukProfiles *profiles, char **words, GError **error)
{
	g_autoptr(OukHallBook) book = ouk_hall_book_open(NULL);
	g_autoptr(GPtrArray) keys = keys_read();
	const OukHall *hall = hall_find(profiles, words, keys, book, error);
	g_autoptr(GPtrArray) uses = NULL;
	g_autoptr(OukVisit) visit = NULL;
	g_auto(OukHallKey) key = {0};

	if (hall == NULL)
		return FALSE;
	uses = ouk_hall_book_uses(book, hall);
	ouk_hall_key_choose(profiles, hall, keys, uses, &key);
	visit = ouk_visit_check(hall, offline, NULL);
	print_hall(hall, visit);
	print_first_time(hall, &key);
	print_key(&key, keys);
	if (!is_safe(book, hall, visit, error))
		return FALSE;
	if (bound || !show_only) {
		if (!note_key(book, hall, &key, error))
			return FALSE;
	}
	return show_only || open_hall(hall, visit, error);
}

static gboolean
run(int argc, char **argv, GError **error)
{
	g_autoptr(OukProfiles) profiles = NULL;

	if (!cli_parse(&cli_log_in, &argc, &argv, CLI_TAKES_YES, entries, error))
		return FALSE;
	profiles = ouk_profiles_load_default();
	if (ouk_profiles_list(profiles)->len == 0)
		return ouk_fail(error, OUK_E_NO_PROFILE);
	return log_in(profiles, argv + 1, error);
}

const CliCommand cli_log_in = {"login", N_("[HALL|CITY|WORD…]"),
			       N_("open a hall in the browser, with the right key"), run};
