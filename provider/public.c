/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/public.h"

#include "provider/token.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define CKA_SPKI 0x129UL /* CKA_PUBLIC_KEY_INFO; 2.40, not in p11-kit's header of Debian 12 */

static void
bytes_free(uint8_t **bytes)
{
	free(*bytes);
}

uint8_t *
attribute_get(const struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	      CK_ATTRIBUTE_TYPE type, size_t *ret_len)
{
	CK_ATTRIBUTE attr = {.type = type};
	CK_RV rv = token->module->C_GetAttributeValue(session, object, &attr, 1);
	uint8_t *value;

	if (rv != CKR_OK || attr.ulValueLen == 0 || attr.ulValueLen > ATTRIBUTE_MAX)
		return NULL;
	value = malloc(attr.ulValueLen);
	attr.pValue = value;
	if (value == NULL ||
	    token->module->C_GetAttributeValue(session, object, &attr, 1) != CKR_OK ||
	    attr.ulValueLen == 0 || attr.ulValueLen > ATTRIBUTE_MAX) {
		free(value);
		return NULL;
	}
	*ret_len = attr.ulValueLen;
	return value;
}

static EVP_PKEY *
from_spki(const struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	size_t len = 0;
	UK_CLEANUP(bytes_free)
	uint8_t *spki = attribute_get(token, session, object, CKA_SPKI, &len);
	const uint8_t *at = spki;

	return spki != NULL ? d2i_PUBKEY_ex(NULL, &at, (long)len, token->provider->libctx, NULL)
			    : NULL;
}

/* Where there is no CKA_PUBLIC_KEY_INFO: RSA keys, private ones too, have their public numbers. */
static EVP_PKEY *
from_numbers(const struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	size_t n_len = 0, e_len = 0;
	UK_CLEANUP(bytes_free)
	uint8_t *n = attribute_get(token, session, object, CKA_MODULUS, &n_len);
	UK_CLEANUP(bytes_free)
	uint8_t *e = attribute_get(token, session, object, CKA_PUBLIC_EXPONENT, &e_len);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *modulus = n != NULL ? BN_bin2bn(n, (int)n_len, NULL) : NULL;
	BIGNUM *exponent = e != NULL ? BN_bin2bn(e, (int)e_len, NULL) : NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(token->provider->libctx, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pub = NULL;

	if (build != NULL && modulus != NULL && exponent != NULL && ctx != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &pub, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(modulus);
	BN_free(exponent);
	return pub;
}

static bool
is_sm2(const uint8_t *params, size_t len)
{
	ASN1_OBJECT *curve = d2i_ASN1_OBJECT(NULL, &params, (long)len);
	bool sm2 = curve != NULL && OBJ_obj2nid(curve) == NID_sm2;

	ASN1_OBJECT_free(curve);
	return sm2;
}

static EVP_PKEY *
sm2_from_point(const struct provider *provider, const ASN1_OCTET_STRING *point)
{
	char group[] = SN_sm2;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
						  (void *)(uintptr_t)ASN1_STRING_get0_data(point),
						  (size_t)ASN1_STRING_length(point)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(provider->libctx, "SM2", NULL);
	EVP_PKEY *pub = NULL;

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &pub, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(ctx);
	return pub;
}

/* A public key object has its curve and its point, the latter in an OCTET STRING. */
static EVP_PKEY *
from_point(const struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	size_t params_len = 0, point_len = 0;
	UK_CLEANUP(bytes_free)
	uint8_t *params = attribute_get(token, session, object, CKA_EC_PARAMS, &params_len);
	UK_CLEANUP(bytes_free)
	uint8_t *point = attribute_get(token, session, object, CKA_EC_POINT, &point_len);
	const uint8_t *at = point;
	ASN1_OCTET_STRING *octets;
	EVP_PKEY *pub = NULL;

	if (params == NULL || point == NULL || !is_sm2(params, params_len))
		return NULL;
	octets = d2i_ASN1_OCTET_STRING(NULL, &at, (long)point_len);
	if (octets != NULL)
		pub = sm2_from_point(token->provider, octets);
	ASN1_OCTET_STRING_free(octets);
	return pub;
}

EVP_PKEY *
public_of_object(const struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	EVP_PKEY *pub = from_spki(token, session, object);

	if (pub == NULL)
		pub = from_numbers(token, session, object);
	if (pub == NULL)
		pub = from_point(token, session, object);
	return pub;
}

EVP_PKEY *
public_of_certificate(const struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	size_t len = 0;
	UK_CLEANUP(bytes_free)
	uint8_t *der = attribute_get(token, session, object, CKA_VALUE, &len);
	const uint8_t *at = der;
	X509 *x509 = X509_new_ex(token->provider->libctx, NULL);
	EVP_PKEY *pub = NULL;

	if (x509 != NULL && der != NULL && d2i_X509(&x509, &at, (long)len) != NULL)
		pub = X509_get_pubkey(x509);
	X509_free(x509);
	return pub;
}
