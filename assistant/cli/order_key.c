/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an order does with the key in the hand: unlocking it, and asking for its orders. */
#include "assistant/cli/order.h"
#include "assistant/core/errors.h"
#include "assistant/core/key.h"
#include "assistant/core/pin.h"
#include "assistant/core/unlock_order.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define GUESSES 5

struct unlocking {
	CliOrder *order;
	char *grant;
};

static void
say_unlocking(gpointer data, OukUnlockStep step)
{
	if (step != OUK_UNLOCK_DONE)
		g_printerr("%s\n", ouk_unlock_step_text(step));
}

/* ---- the code ---- */

static char *
code_get(GError **error)
{
	UK_SECRET code = {0};

	if (cli_order_options.code_fd < 0)
		return ouk_terminal_ask(_("Authorization code (8 digits; Enter: stop here): "),
					error);
	if (!ouk_pin_read(cli_order_options.code_fd, &code, error))
		return NULL;
	return g_strndup((const char *)code.bytes, code.len);
}

static gboolean
code_send(CliOrder *order, GError **error)
{
	if (!cli_order_do(order, ouk_call_unlock_code(order->order), error))
		return FALSE;
	g_printerr("%s\n", _("The authorization code is on its way: by text message to the legal "
			     "representative, or in the memo of one cent to the company's account. "
			     "Nobody of the CA ever asks for it."));
	return TRUE;
}

/*
 * A wrong code may be typed again at a terminal: the service counts. *ret_stopped: the person has
 * no code yet.
 */
static gboolean
code_check(struct unlocking *unlocking, gboolean *ret_stopped, GError **error)
{
	for (guint guess = 0; guess < GUESSES; guess++) {
		g_autofree char *code = code_get(error);
		g_autoptr(OukCall) call = NULL;
		g_autoptr(OukReply) reply = NULL;
		g_autoptr(GError) why = NULL;

		if (code == NULL)
			return FALSE;
		*ret_stopped = *g_strstrip(code) == '\0';
		if (*ret_stopped)
			return TRUE;
		call = ouk_call_unlock_check(unlocking->order->order, code);
		reply = cli_order_ask(unlocking->order, call, &why);
		if (reply != NULL) {
			unlocking->grant = g_strdup(ouk_reply_text(reply, "grant"));
			return TRUE;
		}
		if (cli_order_options.code_fd >= 0 ||
		    !g_error_matches(why, OUK_ERROR, OUK_E_SERVICE_CODE_WRONG)) {
			g_propagate_error(error, g_steal_pointer(&why));
			return FALSE;
		}
		g_printerr("%s\n", why->message);
	}
	return ouk_fail(error, OUK_E_SERVICE_CODE_WRONG);
}

/* The key is done already, only the service could not be told. */
static gboolean
only_untold(const OukOrderInfo *info)
{
	g_autoptr(OukUnlockHint) hint = ouk_unlock_hint(info->serial);

	return hint != NULL && !hint->pin_unknown && strcmp(hint->order, info->number) == 0;
}

/* What is wrong with a PIN that was typed is said, and it is asked for again. */
static gboolean
new_pin_get(OukToken *token, struct uk_secret *ret_pin, GError **error)
{
	static const OukErrorCode again[] = {OUK_E_PIN_LEN, OUK_E_PIN_INVALID, OUK_E_PIN_MISMATCH,
					     OUK_E_PIN_WEAK};

	for (;;) {
		UK_SECRET pin = {0};
		g_autoptr(GError) why = NULL;
		gboolean typed_wrong = FALSE;

		if (cli_new_pin_get(token, cli_options.new_pin_fd, &pin, &why) &&
		    cli_new_pin_good(token, &pin, &why)) {
			*ret_pin = pin;
			return TRUE;
		}
		for (guint i = 0; i < G_N_ELEMENTS(again); i++)
			typed_wrong = typed_wrong || g_error_matches(why, OUK_ERROR, again[i]);
		if (!typed_wrong || cli_options.new_pin_fd >= 0) {
			g_propagate_error(error, g_steal_pointer(&why));
			return FALSE;
		}
		g_printerr("%s\n", why->message);
	}
}

gboolean
cli_unlock_key(const CliOrder *order, const char *grant, GError **error)
{
	CliClient *client = order->client;
	const OukOrderInfo *info = ouk_order_info(order->order);
	OukUnlockOrder with = {client->service, order->order, grant};
	const OukUnlockService service = ouk_unlock_service(&with);
	UK_SECRET new_pin = {0};
	const OukUnlockJob job = {.token = client->token,
				  .sn = info->serial,
				  .order = info->number,
				  .profile = client->profile->id,
				  .service = &service,
				  .new_pin = &new_pin,
				  .progress = say_unlocking};

	if (only_untold(info))
		return ouk_unlock_settle(info->serial, &service, NULL, error);
	if (client->token == NULL)
		return ouk_fail(error, OUK_E_NO_KEY);
	if (!new_pin_get(client->token, &new_pin, error) || !ouk_unlock_run(&job, error))
		return FALSE;
	g_print("%s\n",
		_("The key is unlocked and has the new PIN. Other computers need no change."));
	return TRUE;
}

static void
unlocking_clear(struct unlocking *unlocking)
{
	if (unlocking->grant != NULL)
		uk_wipe(unlocking->grant, strlen(unlocking->grant));
	g_free(unlocking->grant);
}

/* Unlocking and reporting a loss: the code, and for unlocking what it is good for. */
CliStep
cli_step_code(CliOrder *order, GError **error)
{
	UK_CLEANUP(unlocking_clear) struct unlocking unlocking = {.order = order};
	gboolean loss = strcmp(ouk_order_info(order->order)->kind, "loss") == 0;
	gboolean stopped = FALSE;

	if (strcmp(ouk_order_info(order->order)->state, "identified") == 0 &&
	    !code_send(order, error))
		return CLI_STEP_FAILED;
	/* a script without a code has nothing to type */
	if (cli_order_options.code_fd < 0 && !isatty(STDIN_FILENO))
		return CLI_STEP_STOP;
	if (!code_check(&unlocking, &stopped, error))
		return CLI_STEP_FAILED;
	if (stopped)
		return CLI_STEP_STOP;
	if (!loss && unlocking.grant == NULL)
		return ouk_fail(error, OUK_E_SERVICE_ANSWER) ? CLI_STEP_ON : CLI_STEP_FAILED;
	if (!loss && !cli_unlock_key(order, unlocking.grant, error))
		return CLI_STEP_FAILED;
	return cli_order_do(order, ouk_call_order(order->order), error) ? CLI_STEP_ON
									: CLI_STEP_FAILED;
}

/* ---- the orders of a key ---- */

/* What is signed says what it is for, so that a signature is good for nothing else. */
static GBytes *
statement(const char *purpose, const char *body)
{
	static const char tag[] = "OpenUKey-sig-v1";
	GByteArray *all = g_byte_array_new();

	g_byte_array_append(all, (const guint8 *)tag, sizeof(tag));
	g_byte_array_append(all, (const guint8 *)purpose, (guint)strlen(purpose) + 1);
	g_byte_array_append(all, (const guint8 *)body, (guint)strlen(body));
	return g_byte_array_free_to_bytes(all);
}

/* The PIN that a person just typed; NULL on any failure. */
static GBytes *
challenge_sign(CliClient *client, const char *challenge, GError **error)
{
	g_autofree char *body = ouk_challenge_body(challenge, client->serial);
	g_autoptr(GBytes) signed_bytes = statement("query", body);
	UK_SECRET pin = {0};
	OukSigner signer = {0};

	if (!cli_login(client->token, _("ask for the orders of this key"), &pin, error) ||
	    !ouk_signer_find(&signer, client->token, client->cert->id,
			     X509_get0_pubkey(client->x509), error))
		return NULL;
	signer.pin = &pin;
	return ouk_signer_sign(&signer, signed_bytes, error);
}

OukReply *
cli_orders_by_key(CliClient *client, GError **error)
{
	g_autoptr(OukCall) begin = ouk_call_challenge(client->serial);
	g_autoptr(OukReply) begun = ouk_service_ask_sync(client->service, begin, NULL, error);
	const char *challenge = begun != NULL ? ouk_reply_text(begun, "challenge") : NULL;
	g_autoptr(GBytes) signature = NULL;
	g_autoptr(OukCall) call = NULL;

	if (begun == NULL)
		return NULL;
	if (challenge == NULL) {
		ouk_fail(error, OUK_E_SERVICE_ANSWER);
		return NULL;
	}
	signature = challenge_sign(client, challenge, error);
	if (signature == NULL)
		return NULL;
	call = ouk_call_challenge_answer(challenge, client->serial, client->cert->der, signature);
	return ouk_service_ask_sync(client->service, call, NULL, error);
}
