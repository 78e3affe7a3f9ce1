/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/query.h"

#include "assistant/core/cert.h"
#include "assistant/core/errors.h"
#include "assistant/core/renew_key.h"
#include "assistant/core/renew_service.h"
#include "assistant/core/signed.h"
#include "assistant/service-client/calls.h"

#include <string.h>

/* The newest certificate that may sign; the caller frees. */
static OukCert *
newest_of(OukToken *token, GError **error)
{
	g_autoptr(GPtrArray) certs = ouk_token_certs(token, error);
	int best = -1;

	if (certs == NULL)
		return NULL;
	for (guint i = 0; i < certs->len; i++) {
		const OukCert *cert = g_ptr_array_index(certs, i);
		const OukCert *before = best >= 0 ? g_ptr_array_index(certs, (guint)best) : NULL;

		if (cert->authority || cert->pair == OUK_PAIR_ENCRYPT || cert->id == NULL ||
		    !ouk_x509_may_sign(cert->x509))
			continue;
		if (before == NULL || renew_end(cert->der) > renew_end(before->der))
			best = (int)i;
	}
	if (best < 0) {
		ouk_fail(error, OUK_E_NO_CERT);
		return NULL;
	}
	return g_ptr_array_steal_index(certs, (guint)best);
}

static char *
challenge_get(const OukKeyQuery *query, const char *serial, GError **error)
{
	g_autoptr(OukCall) call = ouk_call_challenge(serial);
	g_autoptr(OukReply) reply =
		ouk_service_ask_sync(query->service, call, query->cancellable, error);
	const char *challenge = reply != NULL ? ouk_reply_text(reply, "challenge") : NULL;

	if (reply != NULL && challenge == NULL)
		ouk_fail(error, OUK_E_SERVICE_ANSWER);
	return g_strdup(challenge);
}

static GBytes *
answer_make(const OukKeyQuery *query, const OukCert *cert, const char *body, GError **error)
{
	OukSigner signer = {.pin = query->pin};

	if (!ouk_token_login(query->token, CKU_USER, query->pin, error) ||
	    !ouk_signer_find(&signer, query->token, cert->id, X509_get0_pubkey(cert->x509), error))
		return NULL;
	return ouk_signer_sign_for(&signer, OUK_PURPOSE_QUERY, body, error);
}

static GPtrArray *
query_run(const OukKeyQuery *query, const OukCert *cert, const char *serial, GError **error)
{
	g_autofree char *challenge = challenge_get(query, serial, error);
	g_autofree char *body = challenge != NULL ? ouk_challenge_body(challenge, serial) : NULL;
	g_autoptr(GBytes) signature = body != NULL ? answer_make(query, cert, body, error) : NULL;
	g_autoptr(OukCall) call = NULL;
	g_autoptr(OukReply) reply = NULL;
	GPtrArray *orders;

	if (signature == NULL)
		return NULL;
	call = ouk_call_challenge_answer(challenge, serial, cert->der, signature);
	reply = ouk_service_ask_sync(query->service, call, query->cancellable, error);
	if (reply == NULL)
		return NULL;
	orders = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < ouk_reply_orders(reply)->len; i++)
		g_ptr_array_add(orders,
				g_object_ref(g_ptr_array_index(ouk_reply_orders(reply), i)));
	return orders;
}

GPtrArray *
ouk_query_by_key(const OukKeyQuery *query, GError **error)
{
	OukToken *token = query->token;
	g_autofree char *serial =
		token->vendor != NULL ? key_serial(token, error) : g_strdup(token->serial);
	OukCert *cert;
	GPtrArray *orders;

	if (serial == NULL || !ouk_token_open(token, FALSE, error))
		return NULL;
	cert = newest_of(token, error);
	orders = cert != NULL ? query_run(query, cert, serial, error) : NULL;
	ouk_cert_free(cert);
	ouk_token_logout(token);
	ouk_token_close(token);
	return orders;
}

static gboolean
is_replacement_of(OukOrder *order, const char *serial)
{
	const OukOrderInfo *info = ouk_order_info(order);

	return (strcmp(info->kind, "lost") == 0 || strcmp(info->kind, "damaged") == 0) &&
	       strcmp(info->new_serial, serial) == 0;
}

OukOrder *
ouk_query_replacement(const OukKeyQuery *query, GError **error)
{
	g_autoptr(GPtrArray) orders = ouk_query_by_key(query, error);
	g_autofree char *serial = NULL;
	OukOrder *newest = NULL;

	if (orders == NULL)
		return NULL;
	serial = query->token->vendor != NULL ? key_serial(query->token, error)
					      : g_strdup(query->token->serial);
	if (serial == NULL)
		return NULL;
	for (guint i = 0; i < orders->len; i++)
		if (is_replacement_of(orders->pdata[i], serial) &&
		    (newest == NULL ||
		     ouk_order_info(orders->pdata[i])->created > ouk_order_info(newest)->created))
			newest = orders->pdata[i];
	if (newest == NULL)
		ouk_fail(error, OUK_E_NOT_REPLACED);
	return newest != NULL ? g_object_ref(newest) : NULL;
}
