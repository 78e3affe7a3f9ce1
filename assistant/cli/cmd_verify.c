/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey verify: whether a signature belongs to a file, and whose it is. Needs no key. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/cms.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

static char *signature_path, *signer_path, *ca_path, *out_path;
static gboolean raw, force;

static const GOptionEntry entries[] = {
	{"signature", 0, 0, G_OPTION_ARG_FILENAME, &signature_path,
	 N_("the signature (default: the file's name and .p7s or .sig)"), N_("FILE")},
	{"raw", 0, 0, G_OPTION_ARG_NONE, &raw, N_("only the signature, without certificate"), NULL},
	{"signer", 0, 0, G_OPTION_ARG_FILENAME, &signer_path, N_("the signer's certificate"),
	 N_("FILE")},
	{"ca", 0, 0, G_OPTION_ARG_FILENAME, &ca_path,
	 N_("accept only signers whose certificate comes from one of these (PEM)"), N_("FILE")},
	{"out", 'o', 0, G_OPTION_ARG_FILENAME, &out_path,
	 N_("write the file inside the signed message here"), N_("FILE")},
	{"force", 0, 0, G_OPTION_ARG_NONE, &force, N_("replace a file that exists"), NULL},
	{NULL}};

/* A raw signature says nothing of its signer: a file does, or the key that is plugged in. */
static X509 *
raw_signer(GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	g_autoptr(OukCert) cert = NULL;
	X509 *x509;

	if (signer_path != NULL)
		return ouk_x509_read(signer_path, error);
	if (!cli_keys_open(&keys, FALSE, error))
		return NULL;
	cert = cli_one_cert(&keys, OUK_PAIR_SIGN, error);
	if (cert == NULL)
		return NULL;
	x509 = cert->x509;
	X509_up_ref(x509);
	return x509;
}

static gboolean
verify_raw(GBytes *content, GBytes *signature, OukCmsResult *ret, GError **error)
{
	X509 *signer = raw_signer(error);

	if (signer == NULL)
		return FALSE;
	ret->signers = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
	ret->certs = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
	g_ptr_array_add(ret->signers, signer);
	return ouk_signature_check(X509_get0_pubkey(signer), content, signature) ||
	       ouk_fail(error, OUK_E_BAD_SIGNATURE);
}

static gboolean
verify_message(GBytes *content, GBytes *message, OukCmsResult *ret, GError **error)
{
	g_autoptr(X509) signer = NULL;

	if (signer_path != NULL) {
		signer = ouk_x509_read(signer_path, error);
		if (signer == NULL)
			return FALSE;
	}
	return ouk_cms_verify(message, content, signer, ret, error);
}

static gboolean
judge_signers(OukCmsResult *result, GError **error)
{
	for (guint i = 0; i < result->signers->len; i++) {
		X509 *signer = g_ptr_array_index(result->signers, i);
		g_autofree char *unit = ouk_x509_unit(signer);
		g_autofree char *issuer = ouk_x509_issuer(signer);
		g_autofree char *state = cli_state_text(signer);

		if (ca_path != NULL && !ouk_chain_check(signer, result->certs, ca_path, error))
			return FALSE;
		g_print(_("The signature matches. Signed by %s (certificate from %s; %s).\n"), unit,
			issuer, state);
	}
	if (ca_path == NULL)
		g_print("%s\n", _("Where the certificate comes from was not checked (--ca)."));
	return TRUE;
}

/* The signature's path: named, or beside the file; NULL: the file is the signed message itself. */
static char *
signature_of(const char *path)
{
	g_autofree char *beside = NULL;

	if (signature_path != NULL)
		return g_strdup(signature_path);
	beside = g_strdup_printf("%s%s", path, raw ? ".sig" : ".p7s");
	if (raw || g_file_test(beside, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&beside);
	return NULL;
}

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(ouk_cms_result_clear) OukCmsResult result = {0};
	g_autoptr(GBytes) file = NULL;
	g_autoptr(GBytes) signature = NULL;
	g_autofree char *path = NULL;
	gboolean good;

	if (!cli_parse(&cli_verify, &argc, &argv, CLI_TAKES_CERT, entries, error) ||
	    !cli_arguments(argc, 1, 1, error))
		return FALSE;
	path = signature_of(argv[1]);
	file = cli_read(argv[1], error);
	if (file == NULL)
		return FALSE;
	if (path != NULL) {
		signature = cli_read(path, error);
		if (signature == NULL)
			return FALSE;
		good = raw ? verify_raw(file, signature, &result, error)
			   : verify_message(file, signature, &result, error);
	} else {
		good = verify_message(NULL, file, &result, error);
	}
	if (!good || !judge_signers(&result, error))
		return FALSE;
	return out_path == NULL || result.content == NULL ||
	       cli_write(out_path, result.content, force, error);
}

const CliCommand cli_verify = {"verify", N_("FILE"),
			       N_("check a signature: does it match, whose is it"), run};
