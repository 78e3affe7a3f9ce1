/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey unlock: a new PIN for a locked key or a forgotten PIN, with a code from the CA. */
#include "assistant/cli/unlock_counter.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>

static char *number, *operator_name, *operator_key;

static const GOptionEntry entries[] = {
	{"counter", 0, 0, G_OPTION_ARG_STRING, &number,
	 N_("at a CA's counter: carry out this order, which two operators have approved"),
	 N_("NUMBER")},
	{"operator", 0, 0, G_OPTION_ARG_STRING, &operator_name,
	 N_("with --counter: sign as this operator"), N_("NAME")},
	{"operator-key", 0, 0, G_OPTION_ARG_STRING, &operator_key,
	 N_("with --counter: the operator's own key (default: the other one that is plugged in)"),
	 N_("NAME")},
	{NULL}};

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_client_close) CliClient client = {0};
	g_autofree char *left = NULL;
	OukTries tries;

	if (!cli_order_parse(&cli_unlock, &argc, &argv,
			     CLI_TAKES_CERT | CLI_TAKES_PIN | CLI_TAKES_NEW_PIN | CLI_TAKES_YES,
			     entries, error) ||
	    !cli_arguments(argc, 0, 0, error))
		return FALSE;
	if (number != NULL) {
		const CliUnlockCounter how = {number, operator_name, operator_key};

		return cli_unlock_counter_run(&how, error);
	}
	if (!cli_client_of_key(&client, error))
		return FALSE;
	if (client.service == NULL) {
		cli_guide_print(&client, "unlock", NULL);
		return TRUE;
	}
	ouk_token_tries(client.token, CKU_USER, &tries);
	left = ouk_tries_text(&tries);
	g_printerr(_("Key %s (%s). %s.\n"), client.token->label, client.token->serial, left);
	if (!tries.locked)
		g_printerr("%s\n",
			   _("The PIN is not locked. If it is forgotten, this sets a new one."));
	return cli_order_run(&client, "unlock", error);
}

const CliCommand cli_unlock = {"unlock", "",
			       N_("a new PIN for a locked key, with a code from the CA"), run};
