/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pages ask without a key: versions, errors, methods, certificates, other people's proofs. */
#include "assistant/bridge/families/args.h"
#include "assistant/bridge/families/bjca_handlers.h"
#include "assistant/bridge/families/cert_info.h"
#include "assistant/bridge/families/proof.h"
#include "assistant/core/cms.h"
#include "assistant/core/errors.h"

/* What pages compare with the oldest client they know; of the line they were written for. */
#define CLIENT_VERSION "3.7.0.0"
/* Errors of the family count from here; 0 is none. */
#define ERROR_BASE 0x0B000000

/* ---- versions and errors ---- */

BJCA_HANDLER(get_version)
{
	return ouk_answer_text(CLIENT_VERSION);
}

BJCA_HANDLER(get_last_error)
{
	int last = ouk_page_desk_last_error(desk);

	return ouk_answer_number(last < 0 ? 0 : ERROR_BASE + last + 1);
}

BJCA_HANDLER(get_last_message)
{
	int last = ouk_page_desk_last_error(desk);
	g_autoptr(GError) told = NULL;

	if (last < 0)
		return ouk_answer_text("");
	ouk_fail(&told, (OukErrorCode)last);
	return ouk_answer_text(told->message);
}

/* ---- methods ---- */

static JsonNode *
method_set(OukPageDesk *desk, JsonArray *args, const char *note, GError **error)
{
	gint64 number = ouk_arg_number(args, 0);
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);

	if (number <= 0) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	ouk_page_desk_set_note(desk, note, text);
	return ouk_answer_number(0);
}

static JsonNode *
method_get(OukPageDesk *desk, const char *note)
{
	g_autofree char *text = ouk_page_desk_note(desk, note);

	return ouk_answer_text(text != NULL ? text : "0");
}

BJCA_HANDLER(set_sign_method)
{
	if (ouk_proof_hash(ouk_arg_number(args, 0)) == NULL) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	return method_set(desk, args, BJCA_SIGN_METHOD, error);
}

BJCA_HANDLER(get_sign_method)
{
	return method_get(desk, BJCA_SIGN_METHOD);
}

BJCA_HANDLER(set_encrypt_method)
{
	return method_set(desk, args, BJCA_ENCRYPT_METHOD, error);
}

BJCA_HANDLER(get_encrypt_method)
{
	return method_get(desk, BJCA_ENCRYPT_METHOD);
}

/* ---- certificates ---- */

static X509 *
cert_needed(JsonArray *args, guint n, GError **error)
{
	g_autofree char *text = ouk_arg_need(args, n, error);
	X509 *x509 = text != NULL ? ouk_cert_of_text(text) : NULL;

	if (text != NULL && x509 == NULL)
		ouk_fail(error, OUK_E_NOT_A_CERT);
	return x509;
}

BJCA_HANDLER(get_cert_info)
{
	g_autoptr(X509) x509 = cert_needed(args, 0, error);
	g_autofree char *number = x509 != NULL ? ouk_arg_need(args, 1, error) : NULL;
	OukCertInfoTable table;
	char *info;
	int type;

	if (number == NULL)
		return NULL;
	info = ouk_cert_info_type(number, &table, &type) ? ouk_cert_info(x509, table, type) : NULL;
	if (info == NULL)
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
	return ouk_answer_take(info);
}

BJCA_HANDLER(get_cert_info_by_oid)
{
	g_autoptr(X509) x509 = cert_needed(args, 0, error);
	g_autofree char *oid = x509 != NULL ? ouk_arg_need(args, 1, error) : NULL;

	return oid != NULL ? ouk_answer_take(ouk_cert_info_by_oid(x509, oid)) : NULL;
}

BJCA_HANDLER(get_cert_entity)
{
	g_autoptr(X509) x509 = cert_needed(args, 0, error);

	if (x509 == NULL)
		return NULL;
	return ouk_answer_take(ouk_cert_info(x509, OUK_CERT_INFO_BJCA, OUK_CERT_INFO_UNIQUE));
}

BJCA_HANDLER(validate_cert)
{
	g_autoptr(X509) x509 = cert_needed(args, 0, error);

	return x509 != NULL ? ouk_answer_number(ouk_proof_validate(x509)) : NULL;
}

/* ---- other people's proofs ---- */

BJCA_HANDLER(verify_signed_data)
{
	g_autoptr(X509) x509 = cert_needed(args, 0, error);
	g_autoptr(GBytes) data = x509 != NULL ? ouk_arg_bytes(args, 1, error) : NULL;
	g_autoptr(GBytes) signature = data != NULL ? ouk_arg_base64(args, 2, error) : NULL;

	if (signature == NULL)
		return NULL;
	if (!ouk_proof_check(x509, data, signature)) {
		ouk_fail(error, OUK_E_BAD_SIGNATURE);
		return NULL;
	}
	return ouk_answer_truth(TRUE);
}

/* content NULL: what is inside */
static JsonNode *
message_verify(JsonArray *args, GBytes *content, GError **error)
{
	g_autoptr(GBytes) message = ouk_arg_base64(args, 0, error);
	OukCmsResult result;

	if (message == NULL || !ouk_cms_verify(message, content, NULL, &result, error))
		return NULL;
	ouk_cms_result_clear(&result);
	return ouk_answer_truth(TRUE);
}

BJCA_HANDLER(verify_signed_message)
{
	g_autofree char *content = ouk_arg_text(args, 1);
	g_autoptr(GBytes) bytes =
		content != NULL && *content != '\0' ? g_bytes_new(content, strlen(content)) : NULL;

	return message_verify(args, bytes, error);
}

BJCA_HANDLER(verify_p7)
{
	return message_verify(args, NULL, error);
}

enum { MESSAGE_CONTENT = 1, MESSAGE_CERT = 2, MESSAGE_SIGNATURE = 3 };

static JsonNode *
message_cert(X509 *x509)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x509, &der);
	g_autoptr(GBytes) bytes = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;

	OPENSSL_free(der);
	return ouk_answer_base64(bytes);
}

BJCA_HANDLER(get_message_info)
{
	g_autoptr(GBytes) message = ouk_arg_base64(args, 0, error);
	gint64 what = ouk_arg_number(args, 1);
	JsonNode *node = NULL;
	OukCmsResult result;

	if (message == NULL || !ouk_cms_verify(message, NULL, NULL, &result, error))
		return NULL;
	if (what == MESSAGE_CONTENT) {
		gsize len = 0;
		const char *text = g_bytes_get_data(result.content, &len);

		if (len > 0 && g_utf8_validate(text, (gssize)len, NULL))
			node = ouk_answer_take(g_strndup(text, len));
	} else if (what == MESSAGE_CERT) {
		node = message_cert(g_ptr_array_index(result.signers, 0));
	}
	ouk_cms_result_clear(&result);
	if (node == NULL)
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
	return node;
}

/* ---- for somebody else ---- */

BJCA_HANDLER(pub_key_encrypt)
{
	g_autoptr(X509) x509 = cert_needed(args, 0, error);
	g_autoptr(GBytes) data = x509 != NULL ? ouk_arg_bytes(args, 1, error) : NULL;
	g_autoptr(GBytes) out = data != NULL ? ouk_proof_encrypt(x509, data) : NULL;

	if (data != NULL && out == NULL)
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
	return ouk_answer_base64(out);
}

BJCA_HANDLER(encrypt_data)
{
	g_autoptr(X509) x509 = cert_needed(args, 0, error);
	g_autoptr(GBytes) data = x509 != NULL ? ouk_arg_bytes(args, 1, error) : NULL;
	g_autoptr(GPtrArray) certs = g_ptr_array_new();
	g_autoptr(GBytes) out = NULL;

	if (data == NULL)
		return NULL;
	g_ptr_array_add(certs, x509);
	out = ouk_proof_envelope(certs, data);
	if (out == NULL)
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
	return ouk_answer_base64(out);
}

/* ---- numbers and letters ---- */

BJCA_HANDLER(hash_data)
{
	const EVP_MD *md = ouk_proof_hash(ouk_arg_number(args, 0));
	g_autoptr(GBytes) data = ouk_arg_bytes(args, 1, error);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (data == NULL)
		return NULL;
	if (md == NULL || EVP_Digest(g_bytes_get_data(data, NULL), g_bytes_get_size(data), digest,
				     &len, md, NULL) != 1) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	return ouk_answer_take(g_base64_encode(digest, len));
}

BJCA_HANDLER(gen_random)
{
	gint64 len = ouk_arg_number(args, 0);
	g_autoptr(GBytes) bytes = NULL;

	if (len <= 0 || len > OUK_PAGE_RANDOM_MAX) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	bytes = ouk_page_desk_random(desk, (gsize)len, error);
	return ouk_answer_base64(bytes);
}

BJCA_HANDLER(base64_encode)
{
	g_autoptr(GBytes) data = ouk_arg_bytes(args, 0, error);

	return ouk_answer_base64(data);
}

BJCA_HANDLER(base64_decode)
{
	g_autoptr(GBytes) data = ouk_arg_base64(args, 0, error);
	gsize len = 0;
	const char *text = data != NULL ? g_bytes_get_data(data, &len) : NULL;

	if (text == NULL)
		return NULL;
	if (!g_utf8_validate(text, (gssize)len, NULL)) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	return ouk_answer_take(g_strndup(text, len));
}
