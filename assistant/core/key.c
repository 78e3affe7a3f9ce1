/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/key.h"

#include "assistant/core/errors.h"
#include "common/gm.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <string.h>

OukKeyType
ouk_key_type(EVP_PKEY *key)
{
	static const struct {
		const char *name;
		OukKeyType type;
	} types[] = {{"RSA", OUK_KEY_RSA}, {"SM2", OUK_KEY_SM2}, {"EC", OUK_KEY_EC}};

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
		if (EVP_PKEY_is_a(key, types[i].name))
			return types[i].type;
	return OUK_KEY_OTHER;
}

const EVP_MD *
ouk_key_digest(OukKeyType type)
{
	return type == OUK_KEY_SM2 ? EVP_sm3() : EVP_sha256();
}

/* ---- public keys ---- */

static EVP_PKEY *
key_from_parts(const char *type, OSSL_PARAM_BLD *parts)
{
	g_autoptr(OSSL_PARAM) params = OSSL_PARAM_BLD_to_param(parts);
	g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return key;
}

static BIGNUM *
number_of(GBytes *bytes)
{
	return BN_bin2bn(g_bytes_get_data(bytes, NULL), (int)g_bytes_get_size(bytes), NULL);
}

static EVP_PKEY *
rsa_public(OukToken *token, CK_OBJECT_HANDLE object)
{
	g_autoptr(GBytes) modulus = ouk_object_bytes(token, object, CKA_MODULUS);
	g_autoptr(GBytes) exponent = ouk_object_bytes(token, object, CKA_PUBLIC_EXPONENT);
	g_autoptr(OSSL_PARAM_BLD) parts = OSSL_PARAM_BLD_new();
	g_autoptr(BIGNUM) n = modulus != NULL ? number_of(modulus) : NULL;
	g_autoptr(BIGNUM) e = exponent != NULL ? number_of(exponent) : NULL;

	if (n == NULL || e == NULL || parts == NULL ||
	    OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return NULL;
	return key_from_parts("RSA", parts);
}

/* CKA_EC_POINT is an OCTET STRING around the point; some modules leave that out. */
static GBytes *
point_of(GBytes *attribute)
{
	const unsigned char *bytes = g_bytes_get_data(attribute, NULL);
	g_autoptr(ASN1_OCTET_STRING) octets =
		d2i_ASN1_OCTET_STRING(NULL, &bytes, (long)g_bytes_get_size(attribute));

	if (octets == NULL)
		return g_bytes_ref(attribute);
	return g_bytes_new(ASN1_STRING_get0_data(octets), (gsize)ASN1_STRING_length(octets));
}

static const char *
group_of(GBytes *ec_params)
{
	const unsigned char *bytes = g_bytes_get_data(ec_params, NULL);
	g_autoptr(ASN1_OBJECT) object =
		d2i_ASN1_OBJECT(NULL, &bytes, (long)g_bytes_get_size(ec_params));

	return object != NULL ? OBJ_nid2sn(OBJ_obj2nid(object)) : NULL;
}

static EVP_PKEY *
key_on_curve(const char *group, const guint8 *point, gsize len)
{
	g_autoptr(OSSL_PARAM_BLD) parts = OSSL_PARAM_BLD_new();

	if (parts == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point, len) != 1)
		return NULL;
	return key_from_parts(strcmp(group, SN_sm2) == 0 ? "SM2" : "EC", parts);
}

EVP_PKEY *
ouk_key_sm2(const guint8 *point, gsize len)
{
	return key_on_curve(SN_sm2, point, len);
}

static EVP_PKEY *
ec_public(OukToken *token, CK_OBJECT_HANDLE object)
{
	g_autoptr(GBytes) params = ouk_object_bytes(token, object, CKA_EC_PARAMS);
	g_autoptr(GBytes) attribute = ouk_object_bytes(token, object, CKA_EC_POINT);
	g_autoptr(GBytes) point = attribute != NULL ? point_of(attribute) : NULL;
	const char *group = params != NULL ? group_of(params) : NULL;

	if (group == NULL || point == NULL)
		return NULL;
	return key_on_curve(group, g_bytes_get_data(point, NULL), g_bytes_get_size(point));
}

EVP_PKEY *
ouk_key_public(OukToken *token, CK_OBJECT_HANDLE object, GError **error)
{
	CK_ULONG type = ouk_object_ulong(token, object, CKA_KEY_TYPE, CKK_VENDOR_DEFINED);
	EVP_PKEY *key = type == CKK_RSA ? rsa_public(token, object) : ec_public(token, object);

	ERR_clear_error();
	if (key == NULL)
		ouk_fail(error, OUK_E_UNSUPPORTED);
	return key;
}

/* ---- signing ---- */

gboolean
ouk_signer_find(OukSigner *signer, OukToken *token, GBytes *id, EVP_PKEY *public_key,
		GError **error)
{
	CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;

	if (id != NULL)
		handle = ouk_object_by_id(token, CKO_PRIVATE_KEY, id);
	if (handle == CK_INVALID_HANDLE)
		return ouk_fail(error, OUK_E_NO_PRIVATE_KEY);
	signer->token = token;
	signer->handle = handle;
	signer->public_key = public_key;
	signer->always_authenticate =
		ouk_object_bool(token, handle, CKA_ALWAYS_AUTHENTICATE, FALSE);
	return TRUE;
}

static const EVP_MD *
signer_digest(const OukSigner *signer)
{
	OukKeyType type = ouk_key_type(signer->public_key);

	return type == OUK_KEY_RSA && signer->digest != NULL ? signer->digest
							     : ouk_key_digest(type);
}

static GBytes *
digest_of(const EVP_MD *type, GBytes *data)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (EVP_Digest(g_bytes_get_data(data, NULL), g_bytes_get_size(data), digest, &len, type,
		       NULL) != 1)
		return NULL;
	return g_bytes_new(digest, len);
}

/* DigestInfo of PKCS #1 v1.5. */
static GBytes *
digest_info_of(const OukSigner *signer, GBytes *data)
{
	g_autoptr(GBytes) digest = digest_of(signer_digest(signer), data);
	g_autoptr(X509_SIG) info = X509_SIG_new();
	X509_ALGOR *alg = NULL;
	ASN1_OCTET_STRING *octets = NULL;
	unsigned char *der = NULL;
	GBytes *ret = NULL;
	int len;

	if (digest == NULL || info == NULL)
		return NULL;
	X509_SIG_getm(info, &alg, &octets);
	if (X509_ALGOR_set0(alg, OBJ_nid2obj(EVP_MD_get_type(signer_digest(signer))), V_ASN1_NULL,
			    NULL) != 1 ||
	    ASN1_OCTET_STRING_set(octets, g_bytes_get_data(digest, NULL),
				  (int)g_bytes_get_size(digest)) != 1)
		return NULL;
	len = i2d_X509_SIG(info, &der);
	if (len > 0)
		ret = g_bytes_new(der, (gsize)len);
	OPENSSL_free(der);
	return ret;
}

static GBytes *
sha256_of(const OukSigner *signer, GBytes *data)
{
	return digest_of(EVP_sha256(), data);
}

/* r || s as SEQUENCE { r, s } */
static GBytes *
signature_der(GBytes *raw)
{
	gsize len = 0;
	const guint8 *bytes = g_bytes_get_data(raw, &len);
	g_autoptr(ECDSA_SIG) signature = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(bytes, (int)(len / 2), NULL);
	BIGNUM *s = BN_bin2bn(bytes + len / 2, (int)(len / 2), NULL);
	unsigned char *der = NULL;
	GBytes *ret = NULL;
	int der_len;

	if (signature == NULL || ECDSA_SIG_set0(signature, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return NULL;
	}
	der_len = i2d_ECDSA_SIG(signature, &der);
	if (der_len > 0)
		ret = g_bytes_new(der, (gsize)der_len);
	OPENSSL_free(der);
	return ret;
}

/* Ways to sign, best first; the first one the token lists is taken. */
static const struct sign_way {
	OukKeyType type;
	CK_MECHANISM_TYPE mechanism;
	GBytes *(*before)(const OukSigner *, GBytes *data); /* NULL: the data as they are */
	GBytes *(*after)(GBytes *returned);                 /* NULL: the signature as it is */
} sign_ways[] = {
	{OUK_KEY_RSA, CKM_RSA_PKCS, digest_info_of, NULL},
	{OUK_KEY_RSA, CKM_SHA256_RSA_PKCS, NULL, NULL},
	{OUK_KEY_SM2, CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER, NULL, NULL},
	{OUK_KEY_SM2, CKM_VENDOR_SM3_SM2_DEFAULT_ID, NULL, signature_der},
	{OUK_KEY_EC, CKM_ECDSA, sha256_of, signature_der},
};

static const struct sign_way *
way_find(const OukSigner *signer)
{
	CK_FUNCTION_LIST *module = signer->token->module;
	OukKeyType type = ouk_key_type(signer->public_key);

	for (size_t i = 0; i < G_N_ELEMENTS(sign_ways); i++) {
		CK_MECHANISM_INFO info = {0};

		/* a token that makes the digest itself makes its own */
		if (sign_ways[i].before == NULL && signer->digest != NULL && type == OUK_KEY_RSA)
			continue;
		if (sign_ways[i].type == type &&
		    module->C_GetMechanismInfo(signer->token->slot, sign_ways[i].mechanism,
					       &info) == CKR_OK &&
		    (info.flags & CKF_SIGN) != 0)
			return &sign_ways[i];
	}
	return NULL;
}

/* One C_SignInit and C_Sign, with the login that the key may want for each use. */
static GBytes *
sign_once(const OukSigner *signer, CK_MECHANISM_TYPE type, GBytes *input, GError **error)
{
	CK_FUNCTION_LIST *module = signer->token->module;
	CK_SESSION_HANDLE session = signer->token->session;
	CK_MECHANISM mechanism = {type, NULL, 0};
	guint8 signature[1024];
	CK_ULONG len = sizeof(signature);
	CK_RV rv;

	rv = module->C_SignInit(session, &mechanism, signer->handle);
	if (rv != CKR_OK) {
		ouk_fail_rv(error, OUK_TASK_ANY, rv);
		return NULL;
	}
	if (signer->always_authenticate && signer->pin != NULL &&
	    !ouk_token_login(signer->token, CKU_CONTEXT_SPECIFIC, signer->pin, error))
		return NULL;
	rv = module->C_Sign(session, (CK_BYTE *)(uintptr_t)g_bytes_get_data(input, NULL),
			    g_bytes_get_size(input), signature, &len);
	if (rv != CKR_OK) {
		ouk_fail_rv(error, OUK_TASK_ANY, rv);
		return NULL;
	}
	return g_bytes_new(signature, len);
}

GBytes *
ouk_signer_sign(const OukSigner *signer, GBytes *data, GError **error)
{
	const struct sign_way *way = way_find(signer);
	g_autoptr(GBytes) input = NULL;
	g_autoptr(GBytes) output = NULL;
	g_autoptr(GBytes) signature = NULL;

	if (way == NULL) {
		ouk_fail(error, OUK_E_UNSUPPORTED);
		return NULL;
	}
	input = way->before != NULL ? way->before(signer, data) : g_bytes_ref(data);
	output = input != NULL ? sign_once(signer, way->mechanism, input, error) : NULL;
	if (output == NULL) {
		if (input == NULL)
			ouk_fail(error, OUK_E_INTERNAL);
		return NULL;
	}
	signature = way->after != NULL ? way->after(output) : g_bytes_ref(output);
	/* A key that answers nonsense must not leave a worthless signature behind. */
	if (signature == NULL ||
	    !ouk_signature_check_with(signer->public_key, signer_digest(signer), data, signature)) {
		ouk_fail_with(error, OUK_E_KEY, "(%s)", "bad signature");
		return NULL;
	}
	return g_steal_pointer(&signature);
}

gboolean
ouk_signature_check(EVP_PKEY *key, GBytes *data, GBytes *signature)
{
	return ouk_signature_check_with(key, NULL, data, signature);
}

gboolean
ouk_signature_check_with(EVP_PKEY *key, const EVP_MD *digest, GBytes *data, GBytes *signature)
{
	OukKeyType type = ouk_key_type(key);
	g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */
	gboolean good;

	good = ctx != NULL &&
	       EVP_DigestVerifyInit(ctx, &key_ctx, digest != NULL ? digest : ouk_key_digest(type),
				    NULL, key) == 1 &&
	       (type != OUK_KEY_SM2 || EVP_PKEY_CTX_set1_id(key_ctx, GM_SM2_DEFAULT_ID,
							    (int)strlen(GM_SM2_DEFAULT_ID)) == 1) &&
	       EVP_DigestVerify(ctx, g_bytes_get_data(signature, NULL), g_bytes_get_size(signature),
				g_bytes_get_data(data, NULL), g_bytes_get_size(data)) == 1;
	ERR_clear_error();
	return good;
}
