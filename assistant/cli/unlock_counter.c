/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ukey unlock --counter: the station at the counter.  The operator's own key says who unlocks which
 * key now; the service knows whether two operators have approved it.  The new PIN is typed by
 * whoever brought the key.
 */
#include "assistant/cli/unlock_counter.h"

#include "assistant/core/approval.h"
#include "assistant/core/errors.h"
#include "assistant/core/key.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define BODY_FORM "station\nnumber=%s\nsn=%s\nat=%" G_GINT64_FORMAT "\nonce=%s\n"

/* The key that is to be unlocked: its whole serial number, and what it goes by among keys. */
struct customer {
	char *sn, *shown;
};

static void
customer_clear(struct customer *customer)
{
	g_free(customer->sn);
	g_free(customer->shown);
}

static gboolean
customer_look(struct customer *ret, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	struct openukey_device_info info;
	OukToken *token =
		cli_keys_open(&keys, FALSE, error) ? cli_one_token(&keys, FALSE, error) : NULL;

	if (token == NULL || !ouk_token_device(token, &info, error))
		return FALSE;
	ret->sn = g_strdup(info.serial);
	ret->shown = g_strdup(token->serial);
	return TRUE;
}

/* ---- the operator ---- */

/* The text as ukey approve reads it, so that it is shown and signed in the same way. */
static OukApproval *
paper_make(const char *body, GError **error)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	char *text;
	g_autoptr(GBytes) bytes = NULL;

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "openukey-approval");
	json_builder_add_int_value(json, 1);
	json_builder_set_member_name(json, "items");
	json_builder_begin_array(json);
	json_builder_begin_object(json);
	json_builder_set_member_name(json, "body");
	json_builder_add_string_value(json, body);
	json_builder_end_object(json);
	json_builder_end_array(json);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	text = json_to_string(root, FALSE);
	bytes = g_bytes_new_take(text, strlen(text));
	return ouk_approval_read(bytes, error);
}

static void
show(const OukApproval *paper)
{
	const OukApprovalItem *item = g_ptr_array_index(paper->items, 0);

	g_printerr("\n%s\n", item->title);
	for (guint i = 0; i < item->words->len; i++) {
		const OukApprovalLine *line = g_ptr_array_index(item->words, i);

		g_printerr("     %s: %s\n", line->label, line->value);
	}
	g_printerr("\n");
}

/* Any key but the one that is unlocked: that one vouches for nobody. */
static OukCert *
operator_cert(CliKeys *keys, const struct customer *customer, GError **error)
{
	for (guint i = keys->tokens->len; i > 0; i--) {
		const OukToken *token = g_ptr_array_index(keys->tokens, i - 1);

		if (strcmp(token->serial, customer->shown) == 0)
			g_ptr_array_remove_index(keys->tokens, i - 1);
	}
	if (keys->tokens->len == 0)
		return ouk_fail_with(error, OUK_E_NO_KEY, "%s",
				     _("(The operator's own key is needed too.)")),
		       NULL;
	return cli_one_cert(keys, OUK_PAIR_SIGN, error);
}

static GBytes *
sign_by_key(const OukApproval *paper, const char *name, const struct customer *customer,
	    GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	g_autoptr(OukCert) cert = NULL;

	if (!cli_keys_open(&keys, FALSE, error))
		return NULL;
	cert = operator_cert(&keys, customer, error);
	return cert != NULL ? cli_paper_sign(paper, name, cert, error) : NULL;
}

/* --token means the key that is unlocked; here the other one is looked for. */
static GBytes *
sign(const OukApproval *paper, const CliUnlockCounter *how, const struct customer *customer,
     GError **error)
{
	const CliOptions before = cli_options;
	GBytes *answer;

	cli_options.token = how->operator_key;
	cli_options.cert = NULL;
	cli_options.slot = -1;
	answer = sign_by_key(paper, how->operator_name, customer, error);
	cli_options = before;
	return answer;
}

static OukVouch *
vouch_make(const CliUnlockCounter *how, const OukStation *station, const struct customer *customer,
	   GError **error)
{
	g_autofree char *body = g_strdup_printf(BODY_FORM, station->number, station->serial,
						station->at, station->once);
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);
	g_autofree char *question = g_strdup_printf(_("Sign this as %s?"), how->operator_name);
	g_autoptr(OukApproval) paper = paper_make(body, error);
	g_autoptr(GBytes) answer = NULL;
	OukVouch *vouch;

	if (paper == NULL)
		return NULL;
	show(paper);
	if (!cli_confirm(question, error))
		return NULL;
	answer = sign(paper, how, customer, error);
	vouch = answer != NULL ? ouk_approval_vouch(answer, hash) : NULL;
	if (answer != NULL && vouch == NULL)
		ouk_fail(error, OUK_E_NOT_A_PAPER);
	return vouch;
}

/* ---- the order ---- */

static void
grant_clear(char **grant)
{
	if (*grant != NULL)
		uk_wipe(*grant, strlen(*grant));
	g_free(*grant);
}

static gboolean
unlock(CliClient *client, const OukReply *reply, GError **error)
{
	OukOrder *now = ouk_reply_order(reply);
	CliOrder order = {.client = client, .order = now};
	UK_CLEANUP(grant_clear) char *grant = g_strdup(ouk_reply_text(reply, "grant"));

	if (now == NULL || grant == NULL)
		return ouk_fail(error, OUK_E_SERVICE_ANSWER);
	return cli_unlock_key(&order, grant, error);
}

/* Two questions within a second are two. */
static char *
once_make(void)
{
	return g_strdup_printf("%08x%08x%08x%08x", g_random_int(), g_random_int(), g_random_int(),
			       g_random_int());
}

gboolean
cli_unlock_counter_run(const CliUnlockCounter *how, GError **error)
{
	UK_CLEANUP(customer_clear) struct customer customer = {NULL, NULL};
	UK_CLEANUP(cli_client_close) CliClient client = {0};
	g_autoptr(OukVouch) vouch = NULL;
	g_autoptr(OukCall) call = NULL;
	g_autoptr(OukReply) reply = NULL;
	g_autofree char *once = once_make();
	OukStation station = {.number = how->number, .once = once};

	if (how->operator_name == NULL)
		return ouk_fail_with(error, OUK_E_USAGE, "%s",
				     _("(Say with --operator who you are.)"));
	if (!customer_look(&customer, error))
		return FALSE;
	station.serial = customer.sn;
	station.at = g_get_real_time() / G_USEC_PER_SEC;
	vouch = vouch_make(how, &station, &customer, error);
	if (vouch == NULL || !cli_client_of_key(&client, error))
		return FALSE;
	if (client.service == NULL)
		return ouk_fail(error, OUK_E_SERVICE_NONE);
	call = ouk_call_unlock_counter(&station, vouch);
	reply = ouk_service_ask_sync(client.service, call, NULL, error);
	if (reply == NULL)
		return FALSE;
	g_printerr("%s\n", _("Now whoever brought the key types its new PIN; nobody else looks."));
	return unlock(&client, reply, error);
}
