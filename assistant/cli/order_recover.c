/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey orders NUMBER --recover: the old encryption key onto the key that replaced a lost one. */
#include "assistant/cli/order.h"
#include "assistant/core/errors.h"
#include "assistant/core/recover.h"

#include <glib/gi18n.h>

#define ANSWERS_MAX 16U
#define ANSWER_MAX  ((gsize)256 * 1024)

static void
say(OukRecoverStep step, gpointer data)
{
	if (step != OUK_RECOVER_DONE)
		g_printerr("%s\n", ouk_recover_step_text(step));
}

static GBytes *
certificate_read(const char *path, GError **error)
{
	g_autoptr(X509) x509 = ouk_x509_read(path, error);
	unsigned char *der = NULL;
	int len = x509 != NULL ? i2d_X509(x509, &der) : 0;
	GBytes *ret = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;

	OPENSSL_free(der);
	return ret;
}

static GPtrArray *
answers_read(char **paths, GError **error)
{
	g_autoptr(GPtrArray) answers = NULL;

	answers = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	for (guint i = 0; paths[i] != NULL; i++) {
		GBytes *file = cli_read(paths[i], error);

		if (file == NULL)
			return NULL;
		g_ptr_array_add(answers, file);
		if (i >= ANSWERS_MAX || g_bytes_get_size(file) > ANSWER_MAX) {
			ouk_fail_with(error, OUK_E_USAGE, "(%s)", paths[i]);
			return NULL;
		}
	}
	return g_steal_pointer(&answers);
}

static gboolean
tell(const CliRecover *how, const OukRecovered *recovered, GError **error)
{
	if (recovered->paper != NULL) {
		if (!cli_write(how->paper, recovered->paper, how->force, error))
			return FALSE;
		g_printerr("%s\n",
			   _("Two operators of the CA sign this with \"ukey approve\". Then "
			     "the same command goes on, with their answers as "
			     "--approval."));
		return TRUE;
	}
	g_print("%s\n", _("The old encryption key is on this key, for reading only: what was "
			  "encrypted to the old certificate can be opened again."));
	if (recovered->signing_stays)
		g_printerr("%s\n", _("This model cannot remove the auxiliary signing key. It has "
				     "no certificate and is of no use."));
	return TRUE;
}

gboolean
cli_order_recover(CliClient *client, OukOrder *order, const CliRecover *how, GError **error)
{
	UK_SECRET pin = {0};
	g_autoptr(GBytes) old = certificate_read(how->old, error);
	g_autoptr(GPtrArray) answers = NULL;
	OukRecovery job = {.token = client->token,
			   .service = client->service,
			   .order = order,
			   .pin = &pin,
			   .old = old,
			   .notify = how->notify,
			   .progress = say};
	OukRecovered recovered = {0};
	gboolean good;

	if (old == NULL)
		return FALSE;
	if (how->notify == NULL)
		return ouk_fail_with(error, OUK_E_USAGE, "%s", _("(--recover needs --notify.)"));
	if (client->token == NULL)
		return ouk_fail(error, OUK_E_NO_KEY);
	if (how->approvals != NULL) {
		answers = answers_read(how->approvals, error);
		if (answers == NULL)
			return FALSE;
	}
	job.answers = answers;
	ouk_token_close(client->token); /* the run has a session of its own */
	if (!cli_tries_gate(client->token, CKU_USER, _("write the old encryption key"), error) ||
	    !cli_pin_get(client->token, cli_options.pin_fd, _("PIN: "), &pin, error) ||
	    !ouk_recover_run(&job, &recovered, error))
		return FALSE;
	good = tell(how, &recovered, error);
	ouk_recovered_clear(&recovered);
	return good;
}
