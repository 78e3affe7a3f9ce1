/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/request.h"

#include "assistant/core/errors.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

static gboolean
part_add(X509_NAME *name, const char *type, const char *value)
{
	return *value != '\0' &&
	       X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8, (const unsigned char *)value,
					  -1, -1, 0) == 1;
}

/* "O=Name" */
static gboolean
part_parse(X509_NAME *name, const char *text)
{
	const char *equals = strchr(text, '=');
	g_autofree char *type = NULL;

	if (equals == NULL)
		return FALSE;
	type = g_strndup(text, (gsize)(equals - text));
	return part_add(name, type, equals + 1);
}

X509_NAME *
ouk_name_parse(const char *text, GError **error)
{
	g_autoptr(X509_NAME) name = X509_NAME_new();
	g_autoptr(GString) part = g_string_new(NULL);
	gboolean good = *text == '/' && g_utf8_validate(text, -1, NULL);

	for (const char *at = text + 1; good; at++) {
		if (*at == '\\' && at[1] != '\0') {
			g_string_append_c(part, *++at);
		} else if (*at == '/' || *at == '\0') {
			good = part_parse(name, part->str);
			g_string_truncate(part, 0);
			if (*at == '\0')
				break;
		} else {
			g_string_append_c(part, *at);
		}
	}
	ERR_clear_error();
	if (!good) {
		ouk_fail_with(error, OUK_E_USAGE, "(--subject %s)", text);
		return NULL;
	}
	return g_steal_pointer(&name);
}

X509_NAME *
ouk_name_of_unit(const char *unit)
{
	g_autoptr(X509_NAME) name = X509_NAME_new();

	if (!part_add(name, "C", "CN") || !part_add(name, "O", unit) || !part_add(name, "CN", unit))
		return NULL;
	return g_steal_pointer(&name);
}

static gboolean
algorithm_set(X509_ALGOR *algorithm, OukKeyType type)
{
	static const struct {
		OukKeyType type;
		int nid, params;
	} algorithms[] = {
		{OUK_KEY_RSA, NID_sha256WithRSAEncryption, V_ASN1_NULL},
		{OUK_KEY_SM2, NID_SM2_with_SM3, V_ASN1_UNDEF},
		{OUK_KEY_EC, NID_ecdsa_with_SHA256, V_ASN1_UNDEF},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(algorithms); i++)
		if (algorithms[i].type == type)
			return X509_ALGOR_set0(algorithm, OBJ_nid2obj(algorithms[i].nid),
					       algorithms[i].params, NULL) == 1;
	return FALSE;
}

static gboolean
signature_set(X509_REQ *request, GBytes *signature)
{
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();

	if (bits == NULL ||
	    ASN1_BIT_STRING_set(bits, (unsigned char *)(uintptr_t)g_bytes_get_data(signature, NULL),
				(int)g_bytes_get_size(signature)) != 1) {
		ASN1_BIT_STRING_free(bits);
		return FALSE;
	}
	bits->flags &= ~(long)0x07;
	bits->flags |= ASN1_STRING_FLAG_BITS_LEFT; /* no unused bits */
	X509_REQ_set0_signature(request, bits);
	return TRUE;
}

static GBytes *
request_body(X509_REQ *request)
{
	unsigned char *der = NULL;
	int len = i2d_re_X509_REQ_tbs(request, &der);
	GBytes *ret = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;

	OPENSSL_free(der);
	return ret;
}

static GBytes *
request_pem(X509_REQ *request)
{
	g_autoptr(BIO) out = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	long len;

	if (out == NULL || PEM_write_bio_X509_REQ(out, request) != 1)
		return NULL;
	len = BIO_get_mem_data(out, &bytes);
	return g_bytes_new(bytes, (gsize)len);
}

GBytes *
ouk_request_make(const OukSigner *signer, X509_NAME *subject, GError **error)
{
	g_autoptr(X509_REQ) request = X509_REQ_new();
	g_autoptr(X509_ALGOR) algorithm = X509_ALGOR_new();
	g_autoptr(GBytes) body = NULL;
	g_autoptr(GBytes) signature = NULL;
	GBytes *pem;

	if (request == NULL || algorithm == NULL ||
	    X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
	    X509_REQ_set_subject_name(request, subject) != 1 ||
	    X509_REQ_set_pubkey(request, signer->public_key) != 1 ||
	    !algorithm_set(algorithm, ouk_key_type(signer->public_key)) ||
	    X509_REQ_set1_signature_algo(request, algorithm) != 1 ||
	    (body = request_body(request)) == NULL) {
		ouk_fail(error, OUK_E_INTERNAL);
		return NULL;
	}
	signature = ouk_signer_sign(signer, body, error);
	if (signature == NULL)
		return NULL;
	pem = signature_set(request, signature) ? request_pem(request) : NULL;
	if (pem == NULL)
		ouk_fail(error, OUK_E_INTERNAL);
	return pem;
}
