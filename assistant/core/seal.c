/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/seal.h"

#include "assistant/core/errors.h"
#include "common/gm.h"
#include "common/openukey.h"
#include "common/secret.h"

#include <openssl/err.h>
#include <string.h>

#define OID_GM_ENVELOPED "1.2.156.10197.6.1.4.2.3"
#define PLAIN_MAX        1024 /* of RSA */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PKCS7_ENVELOPE, PKCS7_ENVELOPE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

/* What is needed of one; borrowed from the envelope. */
struct sealed {
	const ASN1_OCTET_STRING *wrapped, *content, *iv;
	const EVP_CIPHER *cipher;
	gboolean sm4;
};

/* ---- reading ---- */

/* NULL: nothing of the kind. */
static PKCS7_ENVELOPE *
envelope_read(GBytes *sealed)
{
	const unsigned char *bytes = g_bytes_get_data(sealed, NULL);
	g_autoptr(PKCS7) outer = d2i_PKCS7(NULL, &bytes, (long)g_bytes_get_size(sealed));
	PKCS7_ENVELOPE *envelope = NULL;
	char type[64] = "";

	if (outer == NULL)
		return NULL;
	OBJ_obj2txt(type, sizeof(type), outer->type, 1);
	if (strcmp(type, OID_GM_ENVELOPED) == 0 && outer->d.other != NULL) {
		envelope =
			ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PKCS7_ENVELOPE), outer->d.other);
	} else if (PKCS7_type_is_enveloped(outer)) {
		envelope = outer->d.enveloped;
		outer->d.enveloped = NULL;
	}
	return envelope;
}

/* The content's key as it was encrypted for this certificate; NULL: for others only. */
static const ASN1_OCTET_STRING *
recipient_find(const PKCS7_ENVELOPE *envelope, X509 *cert)
{
	for (int i = 0; i < sk_PKCS7_RECIP_INFO_num(envelope->recipientinfo); i++) {
		PKCS7_RECIP_INFO *info = sk_PKCS7_RECIP_INFO_value(envelope->recipientinfo, i);

		if (X509_NAME_cmp(info->issuer_and_serial->issuer, X509_get_issuer_name(cert)) ==
			    0 &&
		    ASN1_INTEGER_cmp(info->issuer_and_serial->serial,
				     X509_get0_serialNumber(cert)) == 0)
			return info->enc_key;
	}
	return NULL;
}

static gboolean
sealed_read(const PKCS7_ENVELOPE *envelope, X509 *cert, struct sealed *ret)
{
	const PKCS7_ENC_CONTENT *content = envelope->enc_data;
	const ASN1_OBJECT *algorithm = NULL;
	const void *parameter = NULL;
	int type = V_ASN1_UNDEF;

	if (content == NULL || content->enc_data == NULL || content->algorithm == NULL)
		return FALSE;
	X509_ALGOR_get0(&algorithm, &type, &parameter, content->algorithm);
	ret->wrapped = recipient_find(envelope, cert);
	ret->content = content->enc_data;
	ret->cipher = EVP_get_cipherbyobj(algorithm);
	ret->sm4 = OBJ_obj2nid(algorithm) == NID_sm4_cbc;
	ret->iv = type == V_ASN1_OCTET_STRING ? parameter : NULL;
	return ret->wrapped != NULL && ret->cipher != NULL && ret->iv != NULL &&
	       ASN1_STRING_length(ret->iv) == EVP_CIPHER_get_iv_length(ret->cipher) &&
	       ASN1_STRING_length(ret->content) > 0;
}

/* ---- on keys that give the content's key out ---- */

static gboolean
can_decrypt(const OukSigner *key)
{
	CK_MECHANISM_INFO info = {0};

	return ouk_key_type(key->public_key) == OUK_KEY_RSA &&
	       key->token->module->C_GetMechanismInfo(key->token->slot, CKM_RSA_PKCS, &info) ==
		       CKR_OK &&
	       (info.flags & CKF_DECRYPT) != 0;
}

static CK_RV
rsa_decrypt(const OukSigner *key, const guint8 *in, gsize len, guint8 *out, CK_ULONG *ret_len)
{
	CK_FUNCTION_LIST *module = key->token->module;
	CK_SESSION_HANDLE session = key->token->session;
	CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
	CK_RV rv = module->C_DecryptInit(session, &mechanism, key->handle);

	return rv != CKR_OK
		       ? rv
		       : module->C_Decrypt(session, (CK_BYTE *)(uintptr_t)in, len, out, ret_len);
}

GBytes *
ouk_seal_decrypt(const OukSigner *key, GBytes *cipher, GError **error)
{
	guint8 plain[PLAIN_MAX];
	CK_ULONG len = sizeof(plain);
	GBytes *ret = NULL;
	CK_RV rv;

	if (!can_decrypt(key)) {
		ouk_fail(error, OUK_E_UNSUPPORTED);
		return NULL;
	}
	rv = rsa_decrypt(key, g_bytes_get_data(cipher, NULL), g_bytes_get_size(cipher), plain,
			 &len);
	if (rv == CKR_OK)
		ret = g_bytes_new(plain, len);
	else
		ouk_fail_rv(error, OUK_TASK_ANY, rv);
	uk_wipe(plain, sizeof(plain));
	return ret;
}

static GBytes *
content_decrypt(const struct sealed *sealed, const guint8 *key)
{
	g_autoptr(EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new();
	int size = ASN1_STRING_length(sealed->content), first = 0, last = 0;
	g_autofree guint8 *out = g_malloc((gsize)size + EVP_MAX_BLOCK_LENGTH);

	if (ctx == NULL ||
	    EVP_DecryptInit_ex(ctx, sealed->cipher, NULL, key, ASN1_STRING_get0_data(sealed->iv)) !=
		    1 ||
	    EVP_DecryptUpdate(ctx, out, &first, ASN1_STRING_get0_data(sealed->content), size) !=
		    1 ||
	    EVP_DecryptFinal_ex(ctx, out + first, &last) != 1)
		return NULL;
	return g_bytes_new(out, (gsize)first + (gsize)last);
}

static GBytes *
open_here(const OukSigner *key, const struct sealed *sealed, GError **error)
{
	guint8 content_key[PLAIN_MAX];
	CK_ULONG len = sizeof(content_key);
	GBytes *ret = NULL;
	CK_RV rv;

	rv = rsa_decrypt(key, ASN1_STRING_get0_data(sealed->wrapped),
			 (gsize)ASN1_STRING_length(sealed->wrapped), content_key, &len);
	if (rv == CKR_OK && len == (CK_ULONG)EVP_CIPHER_get_key_length(sealed->cipher))
		ret = content_decrypt(sealed, content_key);
	uk_wipe(content_key, sizeof(content_key));
	ERR_clear_error();
	if (ret == NULL && rv != CKR_OK)
		ouk_fail_rv(error, OUK_TASK_ANY, rv);
	else if (ret == NULL)
		ouk_fail(error, OUK_E_NOT_SEALED);
	return ret;
}

/* ---- on keys that keep it ---- */

static CK_RV
key_unwrap(const OukSigner *key, const struct sealed *sealed, CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_VENDOR_SM4;
	CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &no, sizeof(no)},
		{CKA_DECRYPT, &yes, sizeof(yes)},
	};
	CK_MECHANISM mechanism = {ouk_key_type(key->public_key) == OUK_KEY_RSA ? CKM_RSA_PKCS
									       : CKM_VENDOR_SM2_DER,
				  NULL, 0};

	return key->token->module->C_UnwrapKey(
		key->token->session, &mechanism, key->handle,
		(CK_BYTE *)(uintptr_t)ASN1_STRING_get0_data(sealed->wrapped),
		(CK_ULONG)ASN1_STRING_length(sealed->wrapped), template, G_N_ELEMENTS(template),
		ret);
}

/* PKCS #7: n bytes of n; 0: it is none. */
static gsize
padding_of(const guint8 *bytes, gsize len)
{
	guint8 count = len > 0 ? bytes[len - 1] : 0;
	guint8 wrong = count == 0 || count > GM_BLOCK_LEN || count > len;

	for (gsize i = 0; !wrong && i < count; i++)
		wrong |= bytes[len - 1 - i] ^ count;
	return wrong ? 0 : count;
}

static GBytes *
blocks_decrypt(const OukSigner *key, CK_OBJECT_HANDLE session_key, const struct sealed *sealed,
	       CK_RV *ret_rv)
{
	CK_FUNCTION_LIST *module = key->token->module;
	CK_SESSION_HANDLE session = key->token->session;
	CK_MECHANISM mechanism = {CKM_VENDOR_SM4_CBC,
				  (void *)(uintptr_t)ASN1_STRING_get0_data(sealed->iv),
				  (CK_ULONG)ASN1_STRING_length(sealed->iv)};
	CK_ULONG len = (CK_ULONG)ASN1_STRING_length(sealed->content);
	g_autofree guint8 *out = g_malloc(len);
	gsize padding;

	*ret_rv = module->C_DecryptInit(session, &mechanism, session_key);
	if (*ret_rv == CKR_OK)
		*ret_rv = module->C_Decrypt(
			session, (CK_BYTE *)(uintptr_t)ASN1_STRING_get0_data(sealed->content), len,
			out, &len);
	if (*ret_rv != CKR_OK)
		return NULL;
	padding = padding_of(out, len);
	return padding > 0 ? g_bytes_new(out, len - padding) : NULL;
}

static GBytes *
open_inside(const OukSigner *key, const struct sealed *sealed, GError **error)
{
	CK_OBJECT_HANDLE session_key = CK_INVALID_HANDLE;
	GBytes *out = NULL;
	CK_RV rv;

	if (!sealed->sm4) {
		ouk_fail(error, OUK_E_UNSUPPORTED);
		return NULL;
	}
	rv = key_unwrap(key, sealed, &session_key);
	if (rv == CKR_OK) {
		out = blocks_decrypt(key, session_key, sealed, &rv);
		key->token->module->C_DestroyObject(key->token->session, session_key);
	}
	if (out == NULL && rv != CKR_OK)
		ouk_fail_rv(error, OUK_TASK_ANY, rv);
	else if (out == NULL)
		ouk_fail(error, OUK_E_NOT_SEALED);
	return out;
}

GBytes *
ouk_seal_open(const OukSigner *key, X509 *cert, GBytes *sealed, GError **error)
{
	g_autoptr(PKCS7_ENVELOPE) envelope = envelope_read(sealed);
	struct sealed parts = {0};

	ERR_clear_error();
	if (envelope == NULL || !sealed_read(envelope, cert, &parts)) {
		ouk_fail(error, OUK_E_NOT_SEALED);
		return NULL;
	}
	return can_decrypt(key) ? open_here(key, &parts, error) : open_inside(key, &parts, error);
}
