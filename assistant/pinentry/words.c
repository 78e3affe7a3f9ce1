/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/words.h"

#include "assistant/core/token.h"

#include <glib/gi18n.h>
#include <string.h>

#define SERIAL_SHOWN 4

/* One for each reason. */
static const struct {
	const char *title, *verb;
	const char *of_site, *of_program, *plain; /* headings */
	const char *done;                         /* NULL: the window closes */
} rows[OUK_PROMPT_REASONS] = {
	[OUK_PROMPT_LOGIN] = {N_("UKEY PIN"), N_("_Log In"), N_("Log in to %s with your UKEY"),
			      N_("%s wants to use your UKEY"), N_("Log in with your UKEY"), NULL},
	[OUK_PROMPT_SIGN] = {N_("UKEY PIN"), N_("_Sign"), N_("Sign with your UKEY for %s"),
			     N_("%s wants to sign with your UKEY"), N_("Sign with your UKEY"),
			     NULL},
	[OUK_PROMPT_CHANGE] = {N_("Change the UKEY PIN"), N_("Chan_ge PIN"), NULL, NULL,
			       N_("Change the UKEY PIN"),
			       N_("Changed at %s on the key %s. Nothing needs to be done on other "
				  "computers.")},
	[OUK_PROMPT_TEST] = {N_("Test the UKEY PIN"), N_("_Test PIN"), NULL, NULL,
			     N_("Test the UKEY PIN"),
			     N_("Tested at %s: the UKEY PIN of the key %s is right.")},
	[OUK_PROMPT_UNBLOCK] = {N_("Set a new UKEY PIN"), N_("_Set PIN"), NULL, NULL,
				N_("Set a new UKEY PIN"),
				N_("Set at %s on the key %s: the new UKEY PIN is good from now "
				   "on.")},
	[OUK_PROMPT_QUESTION] = {N_("A web page and your UKEY"), NULL, NULL, NULL, NULL, NULL},
};

/* The rows are not literals for printf: puts the words where "%s" stands, in order. */
static char *
text_fill(const char *pattern, const char *first, const char *second)
{
	GString *text = g_string_new(NULL);
	const char *words[] = {first, second};
	const char *at = pattern;

	for (gsize i = 0; i < G_N_ELEMENTS(words) && words[i] != NULL; i++) {
		const char *mark = strstr(at, "%s");

		if (mark == NULL)
			break;
		g_string_append_len(text, at, mark - at);
		g_string_append(text, words[i]);
		at = mark + strlen("%s");
	}
	g_string_append(text, at);
	return g_string_free(text, FALSE);
}

static char *
program_name(const OukPromptRequest *request)
{
	if (request->asker != NULL)
		return g_strdup(request->asker);
	return request->program != NULL ? g_path_get_basename(request->program) : NULL;
}

/* A hall's own name only where the list vouches for it. */
static const char *
site_name(const OukPromptRequest *request)
{
	gboolean listed = request->site_state == OUK_PROMPT_SITE_KNOWN ||
			  request->site_state == OUK_PROMPT_SITE_LISTED;

	return listed && request->site_name != NULL ? request->site_name : request->site;
}

char *
ouk_words_heading(const OukPromptRequest *request)
{
	g_autofree char *program = program_name(request);
	const char *of_site = rows[request->reason].of_site;
	const char *of_program = rows[request->reason].of_program;

	if (request->reason == OUK_PROMPT_QUESTION)
		return g_strdup(request->heading != NULL ? request->heading : "");
	if (request->admin)
		return g_strdup(_("The administrator PIN of the key"));
	if (request->site != NULL && of_site != NULL)
		return text_fill(_(of_site), site_name(request), NULL);
	if (program != NULL && of_program != NULL)
		return text_fill(_(of_program), program, NULL);
	return g_strdup(_(rows[request->reason].plain));
}

const char *
ouk_words_verb(int reason)
{
	return _(rows[reason].verb);
}

const char *
ouk_words_title(int reason)
{
	return _(rows[reason].title);
}

char *
ouk_words_tries(int left, int max)
{
	if (left < 0)
		return g_strdup(_("The key does not tell how many tries are left."));
	if (max < 0)
		return g_strdup_printf(ngettext("%d try left", "%d tries left", (gulong)left),
				       left);
	return g_strdup_printf(ngettext("%u of %u tries left", "%u of %u tries left", (gulong)left),
			       (guint)left, (guint)max);
}

char *
ouk_words_asker(const OukPromptRequest *request)
{
	g_autofree char *name = program_name(request);

	if (request->asker == NULL || request->program == NULL)
		return g_strdup(request->program != NULL ? request->program : request->asker);
	return g_strdup_printf(_("%s (%s)"), name, request->program);
}

char *
ouk_words_site(const OukPromptRequest *request)
{
	const char *name = request->site_name != NULL ? request->site_name : "";

	switch (request->site_state) {
	case OUK_PROMPT_SITE_KNOWN:
		return g_strdup_printf(_("✓ %s, a hall of the list"), name);
	case OUK_PROMPT_SITE_LISTED:
		return g_strdup_printf(_("%s, listed, not verified"), name);
	case OUK_PROMPT_SITE_UNLISTED:
		return g_strdup(_("⚠ not in the list of halls"));
	case OUK_PROMPT_SITE_ALIKE:
		return g_strdup_printf(_("⚠ looks like %s, but is another site"), name);
	default:
		return NULL;
	}
}

const char *
ouk_words_connection(const OukPromptRequest *request)
{
	if (request->site == NULL || !g_str_has_prefix(request->site, "http:"))
		return NULL;
	return _("⚠ not encrypted (http): others on the way can read and change the page");
}

static char *
serial_end(const char *serial)
{
	glong chars = g_utf8_strlen(serial, -1);

	return g_strconcat("…", g_utf8_offset_to_pointer(serial, MAX(0, chars - SERIAL_SHOWN)),
			   NULL);
}

char *
ouk_words_key(const OukPromptRequest *request)
{
	const char *name = request->nickname != NULL ? request->nickname : request->token;
	g_autofree char *end = request->serial != NULL ? serial_end(request->serial) : NULL;

	if (name == NULL || end == NULL)
		return g_strdup(name != NULL ? name : end);
	return g_strdup_printf("%s · %s", name, end);
}

char *
ouk_words_wrong(int left, int max)
{
	g_autofree char *tries = ouk_words_tries(left, max);

	return g_strdup_printf(_("The UKEY PIN was not right. %s. Nothing else was done."), tries);
}

char *
ouk_words_hint(const OukPromptRequest *request)
{
	GString *text = g_string_new(
		_("It is the PIN of the key, not the password with which you log in at a hall."));

	if (request->first_pin)
		g_string_append_printf(text, "\n%s",
				       _("This key still has its first PIN. Change it soon."));
	if (request->first_hint != NULL)
		g_string_append_printf(text, "\n%s", request->first_hint);
	return g_string_free(text, FALSE);
}

char *
ouk_words_route(const OukPromptRequest *request)
{
	GString *text = g_string_new(
		request->route != NULL
			? request->route
			: _("Only the CA that issued the key can unlock it. Take along the key "
			    "and the unit's papers, or ask on the CA's telephone first."));

	if (request->hotline != NULL) {
		g_string_append_c(text, '\n');
		g_string_append_printf(text, _("Telephone: %s"), request->hotline);
	}
	return g_string_free(text, FALSE);
}

char *
ouk_words_guard(int left)
{
	return g_strdup_printf(
		ngettext("Stop and think: only %d try is left. If it is wrong, the key locks, "
			 "and then only your CA can unlock it.",
			 "Stop and think: only %d tries are left. When they are used up the key "
			 "locks, and then only your CA can unlock it.",
			 (gulong)left),
		left);
}

char *
ouk_words_done(const OukPromptRequest *request)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *time = g_date_time_format(now, "%H:%M");
	g_autofree char *key = request->serial != NULL ? serial_end(request->serial) : NULL;

	if (rows[request->reason].done == NULL)
		return NULL;
	return text_fill(_(rows[request->reason].done), time, key != NULL ? key : "");
}
