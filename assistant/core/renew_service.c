/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/renew_service.h"

#include "assistant/core/cert.h"
#include "assistant/core/errors.h"
#include "assistant/core/renew_key.h"
#include "assistant/core/request.h"
#include "assistant/core/signed.h"
#include "assistant/service-client/calls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define CERT_MAX     8160U /* bytes: what a key takes */
#define ENVELOPE_MAX 4096U

void
renew_order_clear(RenewOrder *order)
{
	g_clear_object(&order->order);
}

static OukReply *
ask(const RenewOrder *order, OukCall *call, GError **error)
{
	return ouk_service_ask_sync(order->service, call, order->cancellable, error);
}

/* The order as the service has it now. */
static void
order_set(RenewOrder *order, OukOrder *now)
{
	const OukOrderInfo *info = ouk_order_info(now);

	g_set_object(&order->order, now);
	order->id = info->id;
	order->number = info->number;
	order->serial = info->serial;
	order->confirmed = strcmp(info->state, "confirmed") == 0;
	order->issued = order->confirmed || strcmp(info->state, "issued") == 0;
	order->replaces = strcmp(info->kind, "renewal") == 0 || strcmp(info->kind, "change") == 0;
}

gboolean
renew_order_look(RenewOrder *order, GError **error)
{
	g_autoptr(OukCall) call = ouk_call_order(order->order);
	g_autoptr(OukReply) reply = ask(order, call, error);
	OukOrder *now = reply != NULL ? ouk_reply_order(reply) : NULL;

	if (reply == NULL)
		return FALSE;
	if (now == NULL)
		return ouk_fail(error, OUK_E_SERVICE_ANSWER);
	order_set(order, now);
	if (!ouk_order_writes(now) ||
	    (!order->issued && strcmp(ouk_order_info(now)->state, "ready") != 0))
		return ouk_fail_with(error, OUK_E_ORDER_STATE, "(%s)",
				     ouk_order_state_text(ouk_order_info(now)->state));
	return TRUE;
}

/* ---- the request ---- */

static GBytes *
der_of_request(GBytes *pem)
{
	g_autoptr(BIO) in =
		BIO_new_mem_buf(g_bytes_get_data(pem, NULL), (int)g_bytes_get_size(pem));
	g_autoptr(X509_REQ) request =
		in != NULL ? PEM_read_bio_X509_REQ(in, NULL, NULL, NULL) : NULL;
	unsigned char *der = NULL;
	int len = request != NULL ? i2d_X509_REQ(request, &der) : -1;
	GBytes *ret = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;

	OPENSSL_free(der);
	ERR_clear_error();
	return ret;
}

GBytes *
renew_request(const RenewOrder *order, const OukSigner *signer, GError **error)
{
	g_autofree char *name = g_strdup_printf("/CN=%s", order->number);
	g_autoptr(X509_NAME) subject = ouk_name_parse(name, error);
	g_autoptr(GBytes) pem = subject != NULL ? ouk_request_make(signer, subject, error) : NULL;
	GBytes *der = pem != NULL ? der_of_request(pem) : NULL;

	if (pem != NULL && der == NULL)
		ouk_fail(error, OUK_E_INTERNAL);
	return der;
}

static char *
sha256_of(GBytes *bytes)
{
	return g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
}

GBytes *
renew_proof(const RenewOrder *order, const OukSigner *old, GBytes *request, GBytes *old_cert,
	    GError **error)
{
	g_autoptr(X509) x509 = renew_x509(old_cert);
	g_autofree char *serial = x509 != NULL ? ouk_x509_serial(x509) : NULL;
	g_autofree char *hash = sha256_of(request);
	g_autofree char *body = g_strdup_printf("order=%s\nsn=%s\ncsr=%s\nold=%s\n", order->id,
						order->serial, hash, serial);

	if (serial == NULL) {
		ouk_fail(error, OUK_E_NOT_A_CERT);
		return NULL;
	}
	return ouk_signer_sign_for(old, OUK_PURPOSE_RENEW, body, error);
}

gboolean
renew_hand_in(RenewOrder *order, GBytes *request, GBytes *proof, GError **error)
{
	g_autoptr(OukCall) call = ouk_call_csr(order->order, request, proof);
	g_autoptr(OukReply) reply = ask(order, call, error);

	order->issued = order->issued || reply != NULL;
	return reply != NULL;
}

/* ---- the result ---- */

void
renew_result_clear(RenewResult *result)
{
	g_clear_pointer(&result->sign_cert, g_bytes_unref);
	g_clear_pointer(&result->enc_cert, g_bytes_unref);
	g_clear_pointer(&result->envelope, g_bytes_unref);
	g_clear_pointer(&result->wrapped, g_bytes_unref);
}

/* What is no certificate, or not for that, is not taken to a key. */
static gboolean
result_check(const RenewResult *result, GError **error)
{
	g_autoptr(X509) sign = result->sign_cert != NULL ? renew_x509(result->sign_cert) : NULL;
	g_autoptr(X509) enc = result->enc_cert != NULL ? renew_x509(result->enc_cert) : NULL;

	if (sign == NULL || (result->enc_cert != NULL && enc == NULL))
		return ouk_fail(error, OUK_E_SERVICE_ANSWER);
	if (!ouk_x509_may_sign(sign) || (enc != NULL && !ouk_x509_may_encrypt(enc)))
		return ouk_fail(error, OUK_E_CERT_USAGE);
	return TRUE;
}

gboolean
renew_result(RenewOrder *order, RenewResult *ret, GError **error)
{
	g_autoptr(OukCall) call = ouk_call_result(order->order);
	g_autoptr(OukReply) reply = ask(order, call, error);

	if (reply == NULL)
		return FALSE;
	renew_result_clear(ret);
	ret->sign_cert = ouk_reply_bytes(reply, "sign_cert", CERT_MAX);
	ret->enc_cert = ouk_reply_bytes(reply, "enc_cert", CERT_MAX);
	ret->envelope = ouk_reply_bytes(reply, "envelope", ENVELOPE_MAX);
	ret->wrapped = ouk_reply_bytes(reply, "wrapped_key", ENVELOPE_MAX);
	return result_check(ret, error);
}

gboolean
renew_confirm(RenewOrder *order, const OukSigner *signer, GBytes *sign_cert, GError **error)
{
	g_autofree char *hash = sha256_of(sign_cert);
	g_autofree char *body = g_strdup_printf("order=%s\ncert=%s\n", order->id, hash);
	g_autoptr(GBytes) signature = ouk_signer_sign_for(signer, OUK_PURPOSE_CONFIRM, body, error);
	g_autoptr(OukCall) call = NULL;
	g_autoptr(OukReply) reply = NULL;

	if (signature == NULL)
		return FALSE;
	call = ouk_call_confirm(order->order, signature);
	reply = ask(order, call, error);
	order->confirmed = reply != NULL;
	return reply != NULL;
}

/* ---- certificates ---- */

X509 *
renew_x509(GBytes *der)
{
	gsize len = 0;
	const unsigned char *at = g_bytes_get_data(der, &len);
	X509 *x509 = d2i_X509(NULL, &at, (long)len);

	ERR_clear_error();
	return x509;
}

static gint64
unix_of(const ASN1_TIME *time)
{
	g_autoptr(GDateTime) at = time != NULL ? ouk_x509_time(time) : NULL;

	return at != NULL ? g_date_time_to_unix(at) : 0;
}

gint64
renew_end(GBytes *der)
{
	g_autoptr(X509) x509 = renew_x509(der);

	return x509 != NULL ? unix_of(X509_get0_notAfter(x509)) : 0;
}

int
renew_newer_first(gconstpointer a, gconstpointer b)
{
	const KeyPlace *const *left = a, *const *right = b;
	gint64 left_end = renew_end((*left)->sign), right_end = renew_end((*right)->sign);

	return left_end > right_end ? -1 : left_end < right_end;
}

gboolean
renew_same_unit(GBytes *a, GBytes *b)
{
	g_autoptr(X509) left = renew_x509(a);
	g_autoptr(X509) right = renew_x509(b);
	g_autofree char *left_unit = left != NULL ? ouk_x509_unit(left) : NULL;
	g_autofree char *right_unit = right != NULL ? ouk_x509_unit(right) : NULL;
	g_autofree char *left_code = left != NULL ? ouk_x509_credit_code(left) : NULL;
	g_autofree char *right_code = right != NULL ? ouk_x509_credit_code(right) : NULL;

	if (left == NULL || right == NULL ||
	    X509_NAME_cmp(X509_get_issuer_name(left), X509_get_issuer_name(right)) != 0)
		return FALSE;
	return g_strcmp0(left_unit, right_unit) == 0 ||
	       (left_code != NULL && g_strcmp0(left_code, right_code) == 0);
}
