/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys as OpenSSL asks for them: only the public part ever leaves here. */
#include "provider/key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

static void *new (void *provctx)
{
	return key_new(provctx);
}

static void
release(void *key)
{
	key_release(key);
}

/* The store's object: the address of a key that it holds. */
static void *
load(const void *reference, size_t size)
{
	struct key *key;

	if (size != sizeof(key))
		return NULL;
	memcpy(&key, reference, size);
	return key_ref(key);
}

static void *
dup_key(const void *from, int selection)
{
	return key_ref((struct key *)(uintptr_t)from);
}

static int
has(const void *data, int selection)
{
	const struct key *key = data;

	if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 && key->token == NULL)
		return 0;
	return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) == 0 || key->pub != NULL;
}

static int
match(const void *one, const void *other, int selection)
{
	const struct key *a = one, *b = other;

	if (a->pub == NULL || b->pub == NULL)
		return 0;
	if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
		return EVP_PKEY_parameters_eq(a->pub, b->pub) == 1;
	return EVP_PKEY_eq(a->pub, b->pub) == 1;
}

/*
 * Refuses when the private key is asked for, even among others: it is by this refusal that OpenSSL
 * learns to sign here and not in its own provider.
 */
static int export(void *data, int selection, OSSL_CALLBACK *take, void *arg)
{
	const struct key *key = data;
	OSSL_PARAM *params = NULL;
	int taken = 0;

	if (key->pub == NULL || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
		return 0;
	if (EVP_PKEY_todata(key->pub, selection, &params) == 1)
		taken = take(params, arg);
	OSSL_PARAM_free(params);
	return taken;
}

static const OSSL_PARAM *
export_types_rsa(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_END,
	};

	return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 ? NULL : types;
}

static const OSSL_PARAM *
export_types_sm2(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_END,
	};

	return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 ? NULL : types;
}

static int
get_params(void *data, OSSL_PARAM params[])
{
	const struct key *key = data;

	return key->pub != NULL && EVP_PKEY_get_params(key->pub, params) == 1;
}

#define SIZES                                                        \
	OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),                  \
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL), \
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),      \
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0)

static const OSSL_PARAM *
gettable_rsa(void *provctx)
{
	static const OSSL_PARAM params[] = {
		SIZES,
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

static const OSSL_PARAM *
gettable_sm2(void *provctx)
{
	static const OSSL_PARAM params[] = {
		SIZES,
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

/* clang-format off */
#define KEYMGMT(type)                                                                              \
	static const OSSL_DISPATCH type[] = {                                                      \
		{OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))new},                                      \
		{OSSL_FUNC_KEYMGMT_FREE, (void (*)(void))release},                                 \
		{OSSL_FUNC_KEYMGMT_LOAD, (void (*)(void))load},                                    \
		{OSSL_FUNC_KEYMGMT_DUP, (void (*)(void))dup_key},                                  \
		{OSSL_FUNC_KEYMGMT_HAS, (void (*)(void))has},                                      \
		{OSSL_FUNC_KEYMGMT_MATCH, (void (*)(void))match},                                  \
		{OSSL_FUNC_KEYMGMT_EXPORT, (void (*)(void))export},                                \
		{OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (void (*)(void))export_types_##type},             \
		{OSSL_FUNC_KEYMGMT_GET_PARAMS, (void (*)(void))get_params},                        \
		{OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))gettable_##type},              \
		{0, NULL},                                                                         \
	}
/* clang-format on */

KEYMGMT(sm2);
KEYMGMT(rsa);

const OSSL_ALGORITHM provider_keymgmts[] = {
	{"SM2:1.2.156.10197.1.301", "provider=openukey", sm2, "SM2 keys in a token"},
	{"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=openukey", rsa, "RSA keys in a token"},
	{NULL, NULL, NULL, NULL},
};
