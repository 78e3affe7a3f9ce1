/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey bridge: what web pages may do with keys, what they do now, what they did. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/bridge_client.h"
#include "assistant/core/consent.h"
#include "assistant/core/errors.h"
#include "assistant/core/journal.h"

#include <glib/gi18n.h>
#include <string.h>

#define SHOWN_LINES 50

static gboolean all, verify;
static char *export_path;
static gboolean force;

static const GOptionEntry entries[] = {
	{"all", 0, 0, G_OPTION_ARG_NONE, &all, N_("forget: all sites"), NULL},
	{"verify", 0, 0, G_OPTION_ARG_NONE, &verify, N_("journal: check that no line was altered"),
	 NULL},
	{"export", 0, 0, G_OPTION_ARG_FILENAME, &export_path, N_("journal: write it all to a file"),
	 N_("FILE")},
	{"force", 0, 0, G_OPTION_ARG_NONE, &force, N_("overwrite an existing file"), NULL},
	{NULL}};

static const char *
text_of(JsonObject *object, const char *name)
{
	return json_object_get_string_member_with_default(object, name, "");
}

static gint64
number_of(JsonObject *object, const char *name)
{
	return json_object_get_int_member_with_default(object, name, 0);
}

/* An empty one where there is none. The caller drops it. */
static JsonArray *
array_of(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	return node != NULL && JSON_NODE_HOLDS_ARRAY(node)
		       ? json_array_ref(json_node_get_array(node))
		       : json_array_new();
}

static char *
day_of(gint64 time)
{
	g_autoptr(GDateTime) day = g_date_time_new_from_unix_local(time);

	return day != NULL ? g_date_time_format(day, "%Y-%m-%d %H:%M") : g_strdup("?");
}

/* ---- status, sessions ---- */

static void
print_session(JsonObject *session)
{
	g_autofree char *since = day_of(number_of(session, "since"));

	g_print("%" G_GINT64_FORMAT "  %s\n", number_of(session, "id"), text_of(session, "origin"));
	g_print(_("    Key: %s, through %s, since %s\n"), text_of(session, "key"),
		text_of(session, "program"), since);
	g_print(_("    Signatures: %d; ends in %d seconds at the latest\n"),
		(int)number_of(session, "signatures"), (int)number_of(session, "left"));
}

static void
print_sessions(JsonObject *status)
{
	g_autoptr(JsonArray) sessions = array_of(status, "sessions");

	for (guint i = 0; i < json_array_get_length(sessions); i++)
		print_session(json_array_get_object_element(sessions, i));
	if (json_array_get_length(sessions) == 0)
		g_print("%s\n", _("No page is logged in to a key."));
}

static void
print_ports(JsonObject *status)
{
	g_autoptr(JsonArray) ports = array_of(status, "ports");

	for (guint i = 0; i < json_array_get_length(ports); i++) {
		JsonObject *port = json_array_get_object_element(ports, i);
		const char *holder = text_of(port, "holder");

		if (number_of(port, "port") == 0)
			continue;
		if (json_object_get_boolean_member_with_default(port, "open", FALSE))
			g_print(_("Port %d (%s): open\n"), (int)number_of(port, "port"),
				text_of(port, "name"));
		else
			g_print(_("Port %d (%s): not ours; %s has it\n"),
				(int)number_of(port, "port"), text_of(port, "name"),
				*holder != '\0' ? holder : "?");
	}
}

static gboolean
run_status(const char *argument, GError **error)
{
	g_autoptr(JsonNode) answer = ouk_bridge_ask("status", 0, error);
	g_autoptr(JsonArray) pages = NULL;
	JsonObject *status;

	if (answer == NULL)
		return FALSE;
	if (cli_options.json) {
		cli_print_json(g_steal_pointer(&answer));
		return TRUE;
	}
	status = json_node_get_object(answer);
	pages = array_of(status, "pages");
	g_print(_("The page bridge runs, version %s.\n"), text_of(status, "version"));
	g_print(_("Pages: %d; keys: %d\n"), (int)json_array_get_length(pages),
		(int)number_of(status, "keys"));
	print_ports(status);
	print_sessions(status);
	return TRUE;
}

static gboolean
run_sessions(const char *argument, GError **error)
{
	g_autoptr(JsonNode) answer = ouk_bridge_ask("status", 0, error);
	JsonObject *status;

	if (answer == NULL)
		return FALSE;
	status = json_node_get_object(answer);
	if (cli_options.json)
		cli_print_json(
			json_node_init_array(json_node_alloc(), array_of(status, "sessions")));
	else
		print_sessions(status);
	return TRUE;
}

static gboolean
run_end(const char *argument, GError **error)
{
	g_autoptr(JsonNode) answer = NULL;
	guint64 id = 0;

	if (argument != NULL && !g_ascii_string_to_unsigned(argument, 10, 1, G_MAXUINT, &id, NULL))
		return ouk_fail_with(error, OUK_E_USAGE, "(%s)", argument);
	answer = ouk_bridge_ask("end", (guint)id, error);
	if (answer == NULL)
		return FALSE;
	g_print(_("Sessions ended: %d\n"), (int)number_of(json_node_get_object(answer), "ended"));
	return TRUE;
}

/* ---- sites ---- */

static void
json_site(JsonBuilder *json, const OukConsent *consent)
{
	json_builder_begin_object(json);
	cli_json_text(json, "origin", consent->origin);
	cli_json_text(json, "state", ouk_consent_state_name(consent->state));
	cli_json_text(json, "hall", consent->name);
	cli_json_number(json, "since", (int)consent->since);
	cli_json_number(json, "used", (int)consent->used);
	json_builder_end_object(json);
}

static void
print_site(const OukConsent *consent)
{
	g_autofree char *since = day_of(consent->since);
	g_autofree char *used = consent->used > 0 ? day_of(consent->used) : NULL;

	g_print("%s%s%s%s\n", consent->origin, consent->name != NULL ? " (" : "",
		consent->name != NULL ? consent->name : "", consent->name != NULL ? ")" : "");
	if (consent->state == OUK_CONSENT_BLOCKED)
		g_print(_("    Never allowed, since %s\n"), since);
	else if (used != NULL)
		g_print(_("    Allowed since %s, last login %s\n"), since, used);
	else
		g_print(_("    Allowed since %s, no login yet\n"), since);
}

static gboolean
run_sites(const char *argument, GError **error)
{
	g_autoptr(GPtrArray) consents = ouk_consents_load(error);
	g_autoptr(JsonBuilder) json = json_builder_new();

	if (consents == NULL)
		return FALSE;
	json_builder_begin_array(json);
	for (guint i = 0; i < consents->len; i++) {
		if (cli_options.json)
			json_site(json, g_ptr_array_index(consents, i));
		else
			print_site(g_ptr_array_index(consents, i));
	}
	json_builder_end_array(json);
	if (cli_options.json)
		cli_print_json(json_builder_get_root(json));
	else if (consents->len == 0)
		g_print("%s\n", _("No site was allowed yet."));
	return TRUE;
}

static gboolean
run_forget(const char *argument, GError **error)
{
	JsonNode *answer;
	guint count = 0;

	if ((argument == NULL) != all)
		return ouk_fail_with(error, OUK_E_USAGE, "%s", _("(Name a site, or say --all.)"));
	if (!ouk_consents_forget(all ? NULL : argument, &count, error))
		return FALSE;
	/* one that does not run has no sessions */
	answer = ouk_bridge_ask("recheck", 0, NULL);
	g_clear_pointer(&answer, json_node_unref);
	if (!all && count == 0)
		return ouk_fail_with(error, OUK_E_PAGE_SITE, "(%s)", argument);
	g_print(_("Sites forgotten: %d\n"), (int)count);
	return TRUE;
}

/* ---- the journal ---- */

static gboolean
journal_verify(GError **error)
{
	g_auto(OukJournalCheck) check = {0};

	if (!ouk_journal_verify(NULL, &check, error))
		return FALSE;
	g_print(_("Lines: %u, none altered.\n"), check.lines);
	if (check.head != NULL)
		g_print(_("The last line's number is: %s\n"), check.head);
	return TRUE;
}

static gboolean
journal_export(GError **error)
{
	g_autofree char *path = ouk_journal_path();
	g_autoptr(GBytes) bytes = cli_read(path, error);

	return bytes != NULL && cli_write(export_path, bytes, force, error);
}

static void
print_act(JsonObject *act)
{
	const char *result = text_of(act, "result");

	if (!json_object_has_member(act, "event")) {
		g_print("?\n");
		return;
	}
	g_print("%s  %-11s %-8s %s  %s", text_of(act, "time"), text_of(act, "event"), result,
		text_of(act, "origin"), text_of(act, "function"));
	if (strcmp(result, OUK_JOURNAL_BEGUN) == 0)
		g_print("  %s", _("(begun, outcome not recorded)"));
	g_print("\n");
}

static gboolean
journal_acts(GError **error)
{
	g_autoptr(GPtrArray) acts = ouk_journal_acts(SHOWN_LINES, error);

	if (acts == NULL)
		return FALSE;
	for (guint i = 0; i < acts->len; i++)
		print_act(g_ptr_array_index(acts, i));
	if (acts->len == 0)
		g_print("%s\n", _("Nothing is in the journal yet."));
	return TRUE;
}

static gboolean
run_journal(const char *argument, GError **error)
{
	g_autoptr(GPtrArray) lines = NULL;

	if (verify)
		return journal_verify(error);
	if (export_path != NULL)
		return journal_export(error);
	if (!cli_options.json)
		return journal_acts(error);
	lines = ouk_journal_lines(SHOWN_LINES, error);
	for (guint i = 0; lines != NULL && i < lines->len; i++)
		g_print("%s\n", (const char *)g_ptr_array_index(lines, i));
	return lines != NULL;
}

/* ---- which ---- */

static const struct {
	const char *word;
	int most; /* arguments */
	gboolean (*run)(const char *argument, GError **error);
} words[] = {
	{"status", 0, run_status},     {"sites", 0, run_sites}, {"forget", 1, run_forget},
	{"sessions", 0, run_sessions}, {"end", 1, run_end},     {"journal", 0, run_journal},
};

static gboolean
run_bridge(int argc, char **argv, GError **error)
{
	if (!cli_parse(&cli_bridge, &argc, &argv, CLI_TAKES_NO_KEY | CLI_TAKES_JSON, entries,
		       error) ||
	    !cli_arguments(argc, 1, 2, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i].word, argv[1]) == 0)
			return cli_arguments(argc, 1, 1 + words[i].most, error) &&
			       words[i].run(argc > 2 ? argv[2] : NULL, error);
	return ouk_fail_with(error, OUK_E_USAGE, "(%s)", argv[1]);
}

const CliCommand cli_bridge = {"bridge", N_("status|sites|forget|sessions|end|journal"),
			       N_("web pages: who may use a key, who does, who did"), run_bridge};
