/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey renew: the certificate for another year or more, onto the same key. */
#include "assistant/cli/order.h"
#include "assistant/core/errors.h"
#include "assistant/core/renew_rule.h"

#include <glib/gi18n.h>

static gboolean check_only;

static const GOptionEntry entries[] = {{"check", 0, 0, G_OPTION_ARG_NONE, &check_only,
					N_("only say whether it may be renewed, and until when"),
					NULL},
				       {NULL}};

/* The service decides; this spares a person a form that would be refused. */
static gboolean
window_open(const CliClient *client, gint64 not_after, GError **error)
{
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	OukRenewWindow window = ouk_renew_window(client->profile, not_after, now);
	g_autofree char *sentence = ouk_renew_sentence(client->profile, not_after, now);

	g_print("%s\n", sentence);
	if (window.may == OUK_MAY_RENEW_TOO_EARLY)
		return ouk_fail(error, OUK_E_SERVICE_TOO_EARLY);
	if (window.may == OUK_MAY_RENEW_TOO_LATE)
		return ouk_fail(error, OUK_E_SERVICE_TOO_LATE);
	return TRUE;
}

static gboolean
renew(CliClient *client, GError **error)
{
	g_autoptr(GDateTime) end = ouk_x509_time(X509_get0_notAfter(client->x509));
	g_autofree char *unit = ouk_x509_unit(client->x509);
	OukTries tries;

	g_print(_("Certificate of %s on key %s.\n"), unit, client->serial);
	if (!window_open(client, end != NULL ? g_date_time_to_unix(end) : 0, error))
		return FALSE;
	if (check_only)
		return TRUE;
	if (client->service == NULL) {
		cli_guide_print(client, "renewal", NULL);
		return TRUE;
	}
	ouk_token_tries(client->token, CKU_USER, &tries);
	if (tries.locked)
		return ouk_fail(error, OUK_E_SERVICE_UNLOCK_FIRST);
	return cli_order_run(client, "renewal", error);
}

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_client_close) CliClient client = {0};

	return cli_order_parse(&cli_renew, &argc, &argv,
			       CLI_TAKES_CERT | CLI_TAKES_PIN | CLI_TAKES_YES, entries, error) &&
	       cli_arguments(argc, 0, 0, error) && cli_client_of_key(&client, error) &&
	       renew(&client, error);
}

const CliCommand cli_renew = {"renew", "", N_("renew the certificate, onto the same key"), run};
