/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey export: a certificate as a file. */
#include "assistant/cli/cli.h"
#include "assistant/core/calendar.h"
#include "assistant/core/errors.h"
#include "assistant/core/snapshot.h"

#include <glib/gi18n.h>
#include <openssl/pem.h>
#include <string.h>

static char *out_path;
static gboolean as_der, as_calendar, force;

static const GOptionEntry entries[] = {
	{"out", 'o', 0, G_OPTION_ARG_FILENAME, &out_path, N_("write here instead of on the screen"),
	 N_("FILE")},
	{"der", 0, 0, G_OPTION_ARG_NONE, &as_der, N_("DER instead of PEM"), NULL},
	{"calendar", 0, 0, G_OPTION_ARG_NONE, &as_calendar,
	 N_("the day it ends, as a calendar file with alarms"), NULL},
	{"force", 0, 0, G_OPTION_ARG_NONE, &force, N_("replace a file that exists"), NULL},
	{NULL}};

static GBytes *
encode(X509 *x509)
{
	g_autoptr(BIO) out = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	long len;

	if (out == NULL || (as_der ? i2d_X509_bio(out, x509) : PEM_write_bio_X509(out, x509)) != 1)
		return NULL;
	len = BIO_get_mem_data(out, &bytes);
	return g_bytes_new(bytes, (gsize)len);
}

static GBytes *
calendar_of(const OukCert *cert)
{
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	OukPairSource source = {.name = cert->label, .sign = cert->der};
	g_autoptr(OukPairView) pair = ouk_pair_view_new(&source, now);
	char *text = ouk_calendar_text(ouk_pair_view_info(pair), now);

	return text != NULL ? g_bytes_new_take(text, strlen(text)) : NULL;
}

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	g_autoptr(OukCert) cert = NULL;
	g_autoptr(GBytes) bytes = NULL;

	if (!cli_parse(&cli_export, &argc, &argv, CLI_TAKES_CERT, entries, error) ||
	    !cli_arguments(argc, 0, 1, error))
		return FALSE;
	if (argc == 2 && cli_options.cert == NULL)
		cli_options.cert = argv[1];
	if (!cli_keys_open(&keys, FALSE, error))
		return FALSE;
	cert = cli_one_cert(&keys, OUK_PAIR_UNKNOWN, error);
	if (cert == NULL)
		return FALSE;
	bytes = as_calendar ? calendar_of(cert) : encode(cert->x509);
	if (bytes == NULL)
		return ouk_fail(error, OUK_E_INTERNAL);
	return cli_write(out_path, bytes, force, error);
}

const CliCommand cli_export = {"export", N_("[CERTIFICATE]"), N_("a certificate as a file"), run};
