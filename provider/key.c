/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/key.h"

#include "provider/module.h"
#include "provider/reason.h"
#include "provider/token.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

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

	if (rv != CKR_OK || attr.ulValueLen == 0 || attr.ulValueLen > KEY_VALUE_MAX)
		return NULL;
	value = malloc(attr.ulValueLen);
	attr.pValue = value;
	if (value == NULL ||
	    token->module->C_GetAttributeValue(session, object, &attr, 1) != CKR_OK ||
	    attr.ulValueLen == 0 || attr.ulValueLen > KEY_VALUE_MAX) {
		free(value);
		return NULL;
	}
	*ret_len = attr.ulValueLen;
	return value;
}

static EVP_PKEY *
public_from_spki(const struct provider *provider, const uint8_t *spki, size_t len)
{
	return d2i_PUBKEY_ex(NULL, &spki, (long)len, provider->libctx, NULL);
}

/* For modules older than CKA_PUBLIC_KEY_INFO: a private RSA key has its public numbers. */
static EVP_PKEY *
public_from_numbers(const struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
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

static CK_RV
find_one(const struct token *token, CK_SESSION_HANDLE session, CK_ATTRIBUTE *template,
	 CK_ULONG count, CK_OBJECT_HANDLE *ret_object)
{
	CK_OBJECT_HANDLE objects[2];
	CK_ULONG found = 0;
	CK_RV rv = token->module->C_FindObjectsInit(session, template, count);

	if (rv != CKR_OK)
		return rv;
	rv = token->module->C_FindObjects(session, objects, ARRAY_SIZE(objects), &found);
	(void)token->module->C_FindObjectsFinal(session);
	if (rv != CKR_OK)
		return rv;
	/* Two with one id: whichever is taken could be the wrong one. */
	if (found != 1)
		return CKR_OBJECT_HANDLE_INVALID;
	*ret_object = objects[0];
	return CKR_OK;
}

static EVP_PKEY *
public_from_certificate(const struct token *token, CK_SESSION_HANDLE session, struct key *key)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_ID, key->id, key->id_len}};
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	UK_CLEANUP(bytes_free) uint8_t *der = NULL;
	const uint8_t *at;
	size_t len = 0;
	X509 *x509 = X509_new_ex(token->provider->libctx, NULL);
	EVP_PKEY *pub = NULL;

	if (find_one(token, session, template, ARRAY_SIZE(template), &object) == CKR_OK)
		der = attribute_get(token, session, object, CKA_VALUE, &len);
	at = der;
	if (x509 != NULL && der != NULL && d2i_X509(&x509, &at, (long)len) != NULL)
		pub = X509_get_pubkey(x509);
	X509_free(x509);
	return pub;
}

static EVP_PKEY *
public_read(const struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	    struct key *key)
{
	size_t len = 0;
	UK_CLEANUP(bytes_free)
	uint8_t *spki = attribute_get(token, session, object, CKA_SPKI, &len);
	EVP_PKEY *pub = spki != NULL ? public_from_spki(token->provider, spki, len) : NULL;

	if (pub == NULL && key->type == CKK_RSA)
		pub = public_from_numbers(token, session, object);
	if (pub == NULL)
		pub = public_from_certificate(token, session, key);
	return pub;
}

struct key *
key_new(struct provider *provider)
{
	struct key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		return NULL;
	atomic_init(&key->refs, 1);
	key->provider = provider;
	return key;
}

static bool
key_fill(struct key *key, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	struct token *token = key->token;
	CK_ATTRIBUTE attrs[] = {{CKA_KEY_TYPE, &key->type, sizeof(key->type)},
				{CKA_ID, key->id, sizeof(key->id)}};
	CK_RV rv = token->module->C_GetAttributeValue(session, object, attrs, ARRAY_SIZE(attrs));

	if (rv != CKR_OK || attrs[1].ulValueLen > sizeof(key->id)) {
		raise_rv(token->provider, rv, token->name);
		return false;
	}
	key->id_len = attrs[1].ulValueLen;
	key->pub = public_read(token, session, object, key);
	if (key->pub == NULL) {
		raise_error(token->provider, REASON_PUBLIC_PART, "%s", token->name);
		return false;
	}
	if (key_type_name(key) == NULL) {
		raise_error(token->provider, REASON_KEY_TYPE, "%s", token->name);
		return false;
	}
	return true;
}

struct key *
key_load(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	struct key *key = key_new(token->provider);

	if (key == NULL) {
		raise_error(token->provider, REASON_MEMORY, "%s", token->name);
		return NULL;
	}
	key->token = token_ref(token);
	if (!key_fill(key, session, object)) {
		key_release(key);
		return NULL;
	}
	return key;
}

struct key *
key_ref(struct key *key)
{
	atomic_fetch_add(&key->refs, 1);
	return key;
}

void
key_release(struct key *key)
{
	if (key == NULL || atomic_fetch_sub(&key->refs, 1) != 1)
		return;
	EVP_PKEY_free(key->pub);
	token_release(key->token);
	free(key);
}

const char *
key_type_name(const struct key *key)
{
	if (key->pub == NULL)
		return NULL;
	return EVP_PKEY_is_a(key->pub, "SM2")   ? "SM2"
	       : EVP_PKEY_is_a(key->pub, "RSA") ? "RSA"
						: NULL;
}

static CK_RV
sign_in(const struct key *key, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	struct uk_span in, uint8_t *sig, CK_ULONG *sig_len)
{
	CK_FUNCTION_LIST *module = key->token->module;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = key->type;
	uint8_t id[KEY_ID_MAX];
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_KEY_TYPE, &type, sizeof(type)},
				   {CKA_ID, id, key->id_len}};
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_SESSION_INFO info = {0};
	CK_RV rv;

	memcpy(id, key->id, key->id_len);
	rv = find_one(key->token, session, template, ARRAY_SIZE(template), &object);
	/* Private keys are hidden from who is not logged in. */
	if (rv == CKR_OBJECT_HANDLE_INVALID && (key->token->info.flags & CKF_LOGIN_REQUIRED) != 0 &&
	    module->C_GetSessionInfo(session, &info) == CKR_OK &&
	    info.state == CKS_RO_PUBLIC_SESSION)
		return CKR_USER_NOT_LOGGED_IN;
	if (rv == CKR_OK)
		rv = module->C_SignInit(session, mechanism, object);
	if (rv == CKR_OK)
		rv = module->C_Sign(session, (CK_BYTE *)(uintptr_t)in.ptr, in.len, sig, sig_len);
	return rv;
}

size_t
key_sign(const struct key *key, CK_MECHANISM *mechanism, struct uk_span in, uint8_t *sig,
	 size_t size)
{
	struct token *token = key->token;
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	CK_ULONG sig_len = size;
	CK_RV rv;

	/* A forked child gets the modules started here, and is then told that it must log in. */
	if (modules_get(key->provider) == NULL)
		return 0;
	rv = token_session(token, &session);
	if (rv == CKR_OK) {
		rv = sign_in(key, session, mechanism, in, sig, &sig_len);
		(void)token->module->C_CloseSession(session);
	}
	if (rv != CKR_OK || sig_len == 0 || sig_len > size) {
		raise_rv(token->provider, rv, token->name);
		return 0;
	}
	return sig_len;
}
