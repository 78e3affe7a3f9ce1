/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey list: the keys that are plugged in and the certificates on them. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/unlock_order.h"

#include <glib/gi18n.h>

static void
print_cert(const OukCert *cert)
{
	g_autofree char *unit = ouk_x509_unit(cert->x509);
	g_autofree char *issuer = ouk_x509_issuer(cert->x509);
	g_autofree char *begins = cli_date(X509_get0_notBefore(cert->x509));
	g_autofree char *ends = cli_date(X509_get0_notAfter(cert->x509));
	g_autofree char *state = cli_state_text(cert->x509);
	g_autofree char *algorithm = ouk_x509_algorithm(cert->x509);
	g_autofree char *id = ouk_cert_id_text(cert);

	g_print("  %s\n", unit);
	g_print(_("    %s (%s)\n"), cli_pair_text(cert->pair), algorithm);
	g_print(_("    Issued by: %s\n"), issuer);
	g_print(_("    Valid: %s to %s\n"), begins, ends);
	g_print(_("    State: %s\n"), state);
	if (cert->container != NULL)
		g_print(_("    Container: %s\n"), cert->container);
	g_print(_("    ID: %s\n"), id);
}

static void
print_token(const OukToken *token, const GPtrArray *certs)
{
	g_autofree char *order = ouk_unlock_pending_asked(token->serial, NULL);

	g_print(_("Key %s, serial number %s\n"), token->label, token->serial);
	if (order != NULL)
		g_print(_("  Unlocking is not finished: continue with order %s. Do not try "
			  "PINs.\n"),
			order);
	if (token->blank)
		g_print(_("  This key is blank: nobody has personalised it yet.\n"));
	else if (certs->len == 0)
		g_print(_("  No certificate on this key.\n"));
	for (guint i = 0; i < certs->len; i++)
		print_cert(g_ptr_array_index(certs, i));
}

static void
json_token(JsonBuilder *json, const OukToken *token, const GPtrArray *certs)
{
	g_autofree char *order = ouk_unlock_pending_asked(token->serial, NULL);

	json_builder_begin_object(json);
	cli_json_token(json, token);
	if (order != NULL) {
		json_builder_set_member_name(json, "unlock_pending");
		json_builder_add_string_value(json, order);
	}
	json_builder_set_member_name(json, "certificates");
	json_builder_begin_array(json);
	for (guint i = 0; i < certs->len; i++) {
		json_builder_begin_object(json);
		cli_json_cert(json, g_ptr_array_index(certs, i));
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
	json_builder_end_object(json);
}

static gboolean
list_token(OukToken *token, JsonBuilder *json, GError **error)
{
	g_autoptr(GPtrArray) certs = g_ptr_array_new();

	if (!token->blank) {
		g_clear_pointer(&certs, g_ptr_array_unref);
		if (!ouk_token_open(token, FALSE, error))
			return FALSE;
		certs = ouk_token_certs(token, error);
		if (certs == NULL)
			return FALSE;
	}
	if (json != NULL)
		json_token(json, token, certs);
	else
		print_token(token, certs);
	return TRUE;
}

static gboolean remembered;

static const GOptionEntry entries[] = {
	{"remembered", 0, 0, G_OPTION_ARG_NONE, &remembered,
	 N_("what is remembered of keys that need not be plugged in"), NULL},
	{NULL}};

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	g_autoptr(JsonBuilder) json = NULL;

	if (!cli_parse(&cli_list, &argc, &argv, CLI_TAKES_JSON, entries, error) ||
	    !cli_arguments(argc, 0, 0, error))
		return FALSE;
	if (remembered)
		return cli_list_remembered(error);
	if (!cli_keys_open(&keys, FALSE, error))
		return FALSE;
	if (cli_options.json) {
		json = json_builder_new();
		json_builder_begin_array(json);
	}
	for (guint i = 0; i < keys.tokens->len; i++) {
		OukToken *token = g_ptr_array_index(keys.tokens, i);

		if (!list_token(token, json, error))
			return FALSE;
	}
	if (json != NULL) {
		json_builder_end_array(json);
		cli_print_json(json_builder_get_root(json));
	}
	return TRUE;
}

const CliCommand cli_list = {"list", "", N_("the keys plugged in and their certificates"), run};
