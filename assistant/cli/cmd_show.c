/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey show: everything one certificate says. */
#include "assistant/cli/cli.h"
#include "assistant/cli/trust.h"
#include "assistant/cli/words.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean ask_ca;

static const GOptionEntry entries[] = {
	{"check", 0, 0, G_OPTION_ARG_NONE, &ask_ca,
	 N_("ask the CA over the network whether it has revoked the certificate"), NULL},
	{NULL},
};

/* Name parts in a clerk's words. */
static const struct {
	const char *part, *text;
} part_names[] = {
	{"CN", N_("common name")}, {"O", N_("organisation")},      {"OU", N_("department")},
	{"C", N_("country")},      {"ST", N_("province")},         {"L", N_("city")},
	{"street", N_("street")},  {"serialNumber", N_("number")}, {"emailAddress", N_("e-mail")},
	{"GN", N_("given name")},  {"SN", N_("family name")},
};

static const char *
part_text(const char *part)
{
	for (size_t i = 0; i < G_N_ELEMENTS(part_names); i++)
		if (strcmp(part_names[i].part, part) == 0)
			return _(part_names[i].text);
	return part;
}

static void
print_part(const char *part, const char *text, void *data)
{
	g_print(_("    %s: %s\n"), part_text(part), text);
}

static void
print_line(const char *name, const char *text)
{
	if (text != NULL && *text != '\0')
		g_print(_("%s: %s\n"), name, text);
}

static void
print_cert(const OukCert *cert, const CliTrust *trust)
{
	X509 *x509 = cert->x509;
	g_autofree char *unit = ouk_x509_unit(x509);
	g_autofree char *code = ouk_x509_credit_code(x509);
	g_autofree char *begins = cli_date(X509_get0_notBefore(x509));
	g_autofree char *ends = cli_date(X509_get0_notAfter(x509));
	g_autofree char *state = cli_state_text(x509);
	g_autofree char *usage = ouk_x509_usage(x509);
	g_autofree char *serial = ouk_x509_serial(x509);
	g_autofree char *algorithm = ouk_x509_algorithm(x509);
	g_autofree char *sha256 = ouk_x509_fingerprint(x509, "SHA256");
	g_autofree char *sm3 = ouk_x509_fingerprint(x509, "SM3");
	g_autofree char *id = ouk_cert_id_text(cert);

	g_print("%s\n", unit);
	print_line(_("Certificate"), cli_pair_text(cert->pair));
	print_line(_("Unified social credit code"), code);
	g_print(_("%s:\n"), _("Issued to"));
	ouk_name_foreach(X509_get_subject_name(x509), print_part, NULL);
	g_print(_("%s:\n"), _("Issued by"));
	ouk_name_foreach(X509_get_issuer_name(x509), print_part, NULL);
	print_line(_("Valid from"), begins);
	print_line(_("Valid to"), ends);
	print_line(_("State"), state);
	print_line(_("For"), usage);
	print_line(_("Algorithm"), algorithm);
	print_line(_("Serial number"), serial);
	print_line(_("Fingerprint SHA-256"), sha256);
	print_line(_("Fingerprint SM3"), sm3);
	print_line(_("Key"), cert->token->label);
	print_line(_("Key serial number"), cert->token->serial);
	print_line(_("Container"), cert->container);
	print_line(_("ID"), id);
	cli_trust_print(trust, print_line);
}

static void
json_part(const char *part, const char *text, void *data)
{
	JsonBuilder *json = data;

	json_builder_begin_object(json);
	cli_json_text(json, "part", part);
	cli_json_text(json, "text", text);
	json_builder_end_object(json);
}

static void
json_name(JsonBuilder *json, const char *member, X509_NAME *name)
{
	json_builder_set_member_name(json, member);
	json_builder_begin_array(json);
	ouk_name_foreach(name, json_part, json);
	json_builder_end_array(json);
}

static void
print_cert_json(const OukCert *cert, const CliTrust *trust)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autofree char *sha256 = ouk_x509_fingerprint(cert->x509, "SHA256");
	g_autofree char *sm3 = ouk_x509_fingerprint(cert->x509, "SM3");
	g_autofree char *usage = ouk_x509_usage(cert->x509);

	json_builder_begin_object(json);
	cli_json_cert(json, cert);
	json_name(json, "subject_parts", X509_get_subject_name(cert->x509));
	json_name(json, "issuer_parts", X509_get_issuer_name(cert->x509));
	cli_json_text(json, "usage", usage);
	cli_json_text(json, "sha256", sha256);
	cli_json_text(json, "sm3", sm3);
	json_builder_set_member_name(json, "token");
	json_builder_begin_object(json);
	cli_json_token(json, cert->token);
	json_builder_end_object(json);
	cli_trust_json(trust, json);
	json_builder_end_object(json);
	cli_print_json(json_builder_get_root(json));
}

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	g_autoptr(OukCert) cert = NULL;
	UK_CLEANUP(cli_trust_clear) CliTrust trust = {NULL};

	if (!cli_parse(&cli_show, &argc, &argv, CLI_TAKES_JSON | CLI_TAKES_CERT, entries, error) ||
	    !cli_arguments(argc, 0, 1, error))
		return FALSE;
	if (argc == 2 && cli_options.cert == NULL)
		cli_options.cert = argv[1];
	if (!cli_keys_open(&keys, FALSE, error))
		return FALSE;
	cert = cli_one_cert(&keys, OUK_PAIR_UNKNOWN, error);
	if (cert == NULL)
		return FALSE;
	cli_trust_find(&trust, cert->x509, ask_ca);
	if (cli_options.json)
		print_cert_json(cert, &trust);
	else
		print_cert(cert, &trust);
	return TRUE;
}

const CliCommand cli_show = {"show", N_("[CERTIFICATE]"), N_("one certificate in detail"), run};
