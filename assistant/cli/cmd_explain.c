/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey explain: what a code of the doctor means, for whoever answers the telephone. */
#include "assistant/cli/cli.h"
#include "assistant/core/doctor/doctor.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>

static gboolean table;

static const GOptionEntry entries[] = {
	{"table", 0, 0, G_OPTION_ARG_NONE, &table, N_("every finding, to be printed"), NULL},
	{NULL}};

static void
print_finding(const OukFinding *finding)
{
	g_print("%02u  %s: %s\n", finding->number, ouk_link_title(finding->link),
		_(finding->sentence));
	g_print(_("    What to do: %s\n"), _(finding->cure));
	g_print(_("    Ask next: %s\n"), _(finding->question));
}

static void
print_table(void)
{
	gsize count;
	const OukFinding *all = ouk_findings(&count);

	g_print("%s\n\n", _("The first two digits of the code are the finding; \"ukey explain "
			    "CODE\" also checks whether a digit was misheard."));
	g_print("00  %s\n", _("Nothing was found."));
	for (gsize i = 0; i < count; i++)
		print_finding(&all[i]);
}

static gboolean
run(int argc, char **argv, GError **error)
{
	OukCodeMeaning meaning;

	if (!cli_parse(&cli_explain, &argc, &argv, CLI_TAKES_NO_KEY, entries, error) ||
	    !cli_arguments(argc, table ? 0 : 1, table ? 0 : 1, error))
		return FALSE;
	if (table) {
		print_table();
		return TRUE;
	}
	if (!ouk_code_explain(argv[1], &meaning, error))
		return FALSE;
	if (meaning.finding != NULL)
		print_finding(meaning.finding);
	else
		g_print("00  %s\n", _("Nothing was found."));
	g_print(_("    Seen on: %s, OpenUKey %s\n"), meaning.system, meaning.version);
	return TRUE;
}

const CliCommand cli_explain = {"explain", N_("[CODE]"), N_("what a code of the doctor means"),
				run};
