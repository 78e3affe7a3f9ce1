/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey sign: a signature over a file. */
#include "assistant/cli/cli.h"
#include "assistant/core/cms.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <openssl/pem.h>
#include <string.h>

static char *out_path;
static gboolean raw, attached, as_pem, force;

static const GOptionEntry entries[] = {
	{"raw", 0, 0, G_OPTION_ARG_NONE, &raw, N_("only the signature, without certificate"), NULL},
	{"attached", 0, 0, G_OPTION_ARG_NONE, &attached, N_("put the file into the signed message"),
	 NULL},
	{"pem", 0, 0, G_OPTION_ARG_NONE, &as_pem, N_("PEM instead of DER"), NULL},
	{"out", 'o', 0, G_OPTION_ARG_FILENAME, &out_path,
	 N_("write here (default: the file's name and .p7s, .p7m or .sig)"), N_("FILE")},
	{"force", 0, 0, G_OPTION_ARG_NONE, &force, N_("replace a file that exists"), NULL},
	{NULL}};

static char *
default_out(const char *path)
{
	if (strcmp(path, "-") == 0)
		return g_strdup("-");
	return g_strdup_printf("%s%s", path, raw ? ".sig" : attached ? ".p7m" : ".p7s");
}

static GBytes *
pem_of(GBytes *der)
{
	g_autoptr(BIO) out = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	long len;

	PEM_write_bio(out, "CMS", "", g_bytes_get_data(der, NULL), (long)g_bytes_get_size(der));
	len = BIO_get_mem_data(out, &bytes);
	return g_bytes_new(bytes, (gsize)len);
}

static GBytes *
make_signature(const OukSigner *signer, X509 *cert, GBytes *content, GError **error)
{
	g_autoptr(GBytes) der = NULL;

	if (raw)
		return ouk_signer_sign(signer, content, error);
	der = ouk_cms_sign(signer, cert, content, attached, error);
	if (der == NULL || !as_pem)
		return g_steal_pointer(&der);
	return pem_of(der);
}

/* Refuses before the PIN is asked: an expired certificate's signature would be worth nothing. */
static gboolean
check_cert(const OukCert *cert, GError **error)
{
	OukCertState state = ouk_x509_state(cert->x509);

	if (!ouk_x509_may_sign(cert->x509))
		return ouk_fail(error, OUK_E_CERT_USAGE);
	if (state == OUK_CERT_ENDED || state == OUK_CERT_NOT_YET)
		g_printerr("%s\n", _("Warning: this certificate is not good today; others may "
				     "refuse the signature."));
	return TRUE;
}

static gboolean
sign_with(OukCert *cert, const char *path, const char *out, GError **error)
{
	UK_SECRET pin = {0};
	OukSigner signer = {.pin = &pin};
	g_autofree char *purpose = g_strdup_printf(_("sign %s"), path);
	g_autoptr(GBytes) content = cli_read(path, error);
	g_autoptr(GBytes) signature = NULL;

	if (content == NULL || !check_cert(cert, error) ||
	    !ouk_token_open(cert->token, FALSE, error) ||
	    !cli_login(cert->token, purpose, &pin, error) ||
	    !ouk_signer_find(&signer, cert->token, cert->id, X509_get0_pubkey(cert->x509), error))
		return FALSE;
	signature = make_signature(&signer, cert->x509, content, error);
	ouk_token_logout(cert->token);
	return signature != NULL && cli_write(out, signature, force, error);
}

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	g_autoptr(OukCert) cert = NULL;
	g_autofree char *out = NULL;
	g_autofree char *unit = NULL;

	if (!cli_parse(&cli_sign, &argc, &argv, CLI_TAKES_CERT | CLI_TAKES_PIN, entries, error) ||
	    !cli_arguments(argc, 1, 1, error))
		return FALSE;
	out = out_path != NULL ? g_strdup(out_path) : default_out(argv[1]);
	if (!force && strcmp(out, "-") != 0 && g_file_test(out, G_FILE_TEST_EXISTS))
		return ouk_fail_with(error, OUK_E_FILE_EXISTS, "(%s)", out);
	if (!cli_keys_open(&keys, FALSE, error))
		return FALSE;
	cert = cli_one_cert(&keys, OUK_PAIR_SIGN, error);
	if (cert == NULL || !sign_with(cert, argv[1], out, error))
		return FALSE;
	unit = ouk_x509_unit(cert->x509);
	g_printerr(_("Signed by %s. The signature is in %s.\n"), unit, out);
	return TRUE;
}

const CliCommand cli_sign = {"sign", N_("FILE"), N_("sign a file"), run};
