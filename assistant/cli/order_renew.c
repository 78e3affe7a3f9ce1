/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The step of an order that writes a certificate onto the key. */
#include "assistant/cli/order.h"
#include "assistant/core/errors.h"
#include "assistant/core/renew.h"
#include "assistant/core/renew_rule.h"

#include <glib/gi18n.h>

gboolean
cli_key_has_room(const CliOrder *order, GError **error)
{
	return !ouk_order_writes(order->order) || order->client->token == NULL ||
	       ouk_renew_check(order->client->token, error);
}

static void
say_renewing(OukRenewStep step, gpointer data)
{
	g_printerr("%s\n", ouk_renew_step_text(step));
}

CliStep
cli_step_install(CliOrder *order, GError **error)
{
	CliClient *client = order->client;
	UK_SECRET pin = {0};
	OukRenewed renewed = {0};
	const OukRenewal renewal = {.token = client->token,
				    .service = client->service,
				    .order = order->order,
				    .pin = &pin,
				    .progress = say_renewing};
	g_autofree char *end = NULL;

	if (client->token == NULL)
		return ouk_fail(error, OUK_E_NO_KEY) ? CLI_STEP_ON : CLI_STEP_FAILED;
	g_printerr("%s\n",
		   _("The new certificate is written onto the key now. Leave the key plugged "
		     "in, and no other one; what is interrupted goes on with the same "
		     "command."));
	ouk_token_close(client->token); /* the run has a session of its own */
	if (!cli_tries_gate(client->token, CKU_USER, _("write the new certificate"), error) ||
	    !cli_pin_get(client->token, cli_options.pin_fd, _("PIN: "), &pin, error) ||
	    !ouk_renew_run(&renewal, &renewed, error))
		return CLI_STEP_FAILED;
	end = ouk_renew_day(client->profile, renewed.not_after);
	g_print(_("The new certificate is on the key and is good until %s. The PIN is the same as "
		  "before; the old encryption keys stay, so that old documents can be read.\n"),
		end);
	ouk_renewed_clear(&renewed);
	return cli_order_do(order, ouk_call_order(order->order), error) ? CLI_STEP_ON
									: CLI_STEP_FAILED;
}
