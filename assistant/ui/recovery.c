/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/recovery.h"

#include "assistant/core/approval.h"
#include "assistant/core/cert.h"
#include "assistant/core/query.h"

#include <openssl/pem.h>

void
ouk_recovery_work_free(gpointer data)
{
	OukRecoveryWork *work = data;

	ouk_service_unref(work->service);
	g_clear_object(&work->order);
	g_clear_pointer(&work->old, g_bytes_unref);
	g_clear_pointer(&work->answers, g_ptr_array_unref);
	g_free(work->notify);
	ouk_recovered_clear(&work->recovered);
	g_free(work);
}

static void
on_step(OukRecoverStep step, gpointer data)
{
	const OukRecoveryWork *work = data;

	work->progress(step, work->progress_data);
}

gboolean
ouk_recovery_run(OukToken *token, const OukJobPins *pins, GCancellable *cancellable, gpointer data,
		 GError **error)
{
	OukRecoveryWork *work = data;
	const OukKeyQuery query = {.token = token,
				   .service = work->service,
				   .pin = pins->pin,
				   .cancellable = cancellable};
	OukRecovery recovery = {.token = token,
				.service = work->service,
				.pin = pins->pin,
				.old = work->old,
				.notify = work->notify,
				.answers = work->answers,
				.progress = on_step,
				.progress_data = work};

	ouk_token_close(token); /* each has a session of its own */
	if (work->order == NULL)
		work->order = ouk_query_replacement(&query, error);
	if (work->order == NULL)
		return FALSE;
	recovery.order = work->order;
	return ouk_recover_run(&recovery, &work->recovered, error);
}

static X509 *
x509_of(GBytes *file)
{
	gsize len = 0;
	const unsigned char *der = g_bytes_get_data(file, &len);
	X509 *x509 = d2i_X509(NULL, &der, (long)len);
	BIO *bio = NULL;

	if (x509 != NULL)
		return x509;
	bio = BIO_new_mem_buf(g_bytes_get_data(file, NULL), (int)len);
	x509 = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	return x509;
}

GBytes *
ouk_recovery_certificate(GBytes *file)
{
	X509 *x509 = x509_of(file);
	unsigned char *der = NULL;
	GBytes *ret = NULL;
	int len = 0;

	if (x509 != NULL && ouk_x509_may_encrypt(x509) && !ouk_x509_may_sign(x509))
		len = i2d_X509(x509, &der);
	if (len > 0)
		ret = g_bytes_new(der, (gsize)len);
	OPENSSL_free(der);
	X509_free(x509);
	return ret;
}

gboolean
ouk_recovery_is_answer(GBytes *file, GBytes *paper)
{
	g_autoptr(OukApproval) approval = ouk_approval_read(paper, NULL);
	gboolean good = FALSE;

	for (guint i = 0; approval != NULL && i < approval->items->len; i++) {
		const OukApprovalItem *item = approval->items->pdata[i];
		g_autofree char *hash =
			g_compute_checksum_for_string(G_CHECKSUM_SHA256, item->body, -1);
		g_autoptr(OukVouch) vouch = ouk_approval_vouch(file, hash);

		good = good || vouch != NULL;
	}
	return good;
}
