/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey apply, revoke, lost: everything else that is asked of a CA. */
#include "assistant/cli/order.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

/* Where the certificate comes from that the order is about. */
typedef enum { OF_NOTHING, OF_KEY, OF_MEMORY } Source;

static gboolean damaged;

static const GOptionEntry entries[] = {{"damaged", 0, 0, G_OPTION_ARG_NONE, &damaged,
					N_("replacement: the key is damaged, not lost"), NULL},
				       {NULL}};

static const struct {
	const char *word, *kind;
	Source source;
} applications[] = {
	{"new", "new", OF_NOTHING},   {"replacement", "lost", OF_MEMORY},
	{"change", "change", OF_KEY}, {"open", "open", OF_KEY},
	{"return", "return", OF_KEY},
};

#define TAKES (CLI_TAKES_CERT | CLI_TAKES_PIN | CLI_TAKES_YES)

static gboolean
client_of(CliClient *client, Source source, const char *which, GError **error)
{
	if (source == OF_NOTHING)
		return cli_client_of_ca(client, error);
	if (source == OF_MEMORY)
		return cli_client_of_memory(client, which, error);
	return cli_client_of_key(client, error);
}

static gboolean
order(const char *kind, Source source, const char *which, GError **error)
{
	UK_CLEANUP(cli_client_close) CliClient client = {0};

	if (!client_of(&client, source, which, error))
		return FALSE;
	if (client.service != NULL)
		return cli_order_run(&client, kind, error);
	cli_guide_print(&client, kind, NULL);
	return TRUE;
}

static gboolean
run_apply(int argc, char **argv, GError **error)
{
	if (!cli_order_parse(&cli_apply, &argc, &argv, TAKES, entries, error) ||
	    !cli_arguments(argc, 1, 2, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(applications); i++) {
		const char *kind = applications[i].kind;

		if (strcmp(applications[i].word, argv[1]) != 0)
			continue;
		if (applications[i].source != OF_MEMORY && !cli_arguments(argc, 1, 1, error))
			return FALSE;
		return order(strcmp(kind, "lost") == 0 && damaged ? "damaged" : kind,
			     applications[i].source, argv[2], error);
	}
	return ouk_fail_with(error, OUK_E_USAGE, "(%s)", argv[1]);
}

/* Of the key that is plugged in, or of one that is only remembered. */
static gboolean
run_revoke(int argc, char **argv, GError **error)
{
	if (!cli_order_parse(&cli_revoke, &argc, &argv, TAKES, NULL, error) ||
	    !cli_arguments(argc, 0, 1, error))
		return FALSE;
	return order("revoke", argc > 1 ? OF_MEMORY : OF_KEY, argc > 1 ? argv[1] : NULL, error);
}

static gboolean
run_lost(int argc, char **argv, GError **error)
{
	if (!cli_order_parse(&cli_lost, &argc, &argv, CLI_TAKES_YES | CLI_TAKES_NO_KEY, NULL,
			     error) ||
	    !cli_arguments(argc, 0, 1, error))
		return FALSE;
	g_printerr("%s\n",
		   _("A lost key is stopped at once: it can be neither unlocked nor renewed, "
		     "and its certificate counts as suspended. The code comes to the legal "
		     "representative."));
	return order("loss", OF_MEMORY, argc > 1 ? argv[1] : NULL, error);
}

const CliCommand cli_apply = {"apply", N_("new|replacement|change|open|return [CERTIFICATE]"),
			      N_("ask the CA for a certificate, a replacement or a change"),
			      run_apply};
const CliCommand cli_revoke = {"revoke", N_("[CERTIFICATE]"),
			       N_("ask the CA to take a certificate back"), run_revoke};
const CliCommand cli_lost = {"lost", N_("[CERTIFICATE]"),
			     N_("report a lost key; it is stopped at once"), run_lost};
