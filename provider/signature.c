/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signatures. The digest is made here and signed in the token. Beside it goes OpenSSL's own
 * verification with the public part (the shadow): it judges digests and parameters, knows the
 * algorithm's identifier, does what the application wants verified, and looks at each signature
 * before it is handed out.
 */
#include "provider/key.h"
#include "provider/reason.h"
#include "provider/sign.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

static void
signature_free(void *ctx)
{
	struct signature *sig = ctx;

	if (sig == NULL)
		return;
	EVP_MD_CTX_free(sig->digest);
	EVP_MD_CTX_free(sig->checker);
	EVP_PKEY_CTX_free(sig->own_shadow);
	EVP_MD_free(sig->md);
	key_release(sig->key);
	free(sig);
}

static void *
signature_new(void *provctx, const char *properties)
{
	struct signature *sig = calloc(1, sizeof(*sig));

	if (sig != NULL)
		sig->provider = provctx;
	return sig;
}

static void
signature_reset(struct signature *sig)
{
	EVP_MD_CTX_free(sig->digest);
	EVP_MD_CTX_free(sig->checker);
	EVP_PKEY_CTX_free(sig->own_shadow);
	EVP_MD_free(sig->md);
	sig->digest = NULL;
	sig->checker = NULL;
	sig->own_shadow = NULL;
	sig->shadow = NULL;
	sig->md = NULL;
	sig->begun = false;
	memcpy(sig->distid, SM2_DEFAULT_ID, sizeof(SM2_DEFAULT_ID));
	sig->distid_len = sizeof(SM2_DEFAULT_ID) - 1;
}

static int
fail(const struct signature *sig, enum reason reason, const char *about)
{
	raise_error(sig->provider, reason, "%s", about);
	return 0;
}

/* A new job with `data`, or with the key of the last one. */
static bool
job_begin(struct signature *sig, void *data)
{
	struct key *key = data != NULL ? data : sig->key;

	if (key == NULL || key->token == NULL || key->pub == NULL)
		return fail(sig, REASON_INTERNAL, "no key");
	key_ref(key);
	key_release(sig->key);
	sig->key = key;
	sig->is_sm2 = EVP_PKEY_is_a(key->pub, "SM2") == 1;
	signature_reset(sig);
	return true;
}

/* -- parameters -- */

static int
set_params(void *ctx, const OSSL_PARAM params[])
{
	struct signature *sig = ctx;
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_DIST_ID);
	void *distid = sig->distid;

	if (sig->shadow == NULL)
		return 0;
	if (p != NULL) {
		if (!sig->is_sm2 || sig->begun)
			return fail(sig, REASON_INTERNAL, "the ID comes before the data");
		if (OSSL_PARAM_get_octet_string(p, &distid, sizeof(sig->distid),
						&sig->distid_len) != 1)
			return fail(sig, REASON_INTERNAL, "the ID is too long");
	}
	return EVP_PKEY_CTX_set_params(sig->shadow, params) > 0;
}

static int
get_params(void *ctx, OSSL_PARAM params[])
{
	struct signature *sig = ctx;

	return sig->shadow != NULL && EVP_PKEY_CTX_get_params(sig->shadow, params) > 0;
}

static const OSSL_PARAM *
settable_sm2(void *ctx, void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_DIST_ID, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

static const OSSL_PARAM *
gettable_sm2(void *ctx, void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

static const OSSL_PARAM *
settable_rsa(void *ctx, void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

static const OSSL_PARAM *
gettable_rsa(void *ctx, void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

/* -- a digest in, without hashing -- */

static int
raw_init(struct signature *sig, void *data, const OSSL_PARAM params[])
{
	if (!job_begin(sig, data))
		return 0;
	sig->own_shadow = EVP_PKEY_CTX_new_from_pkey(sig->provider->libctx, sig->key->pub, NULL);
	sig->shadow = sig->own_shadow;
	if (sig->shadow == NULL || EVP_PKEY_verify_init(sig->shadow) != 1)
		return fail(sig, REASON_OPENSSL, "raw");
	return params == NULL || set_params(sig, params);
}

static int
sign_init(void *ctx, void *data, const OSSL_PARAM params[])
{
	return raw_init(ctx, data, params);
}

static int
sign(void *ctx, unsigned char *out, size_t *ret_len, size_t size, const unsigned char *in,
     size_t in_len)
{
	struct signature *sig = ctx;
	const EVP_MD *md = NULL;

	if (sig->shadow == NULL)
		return fail(sig, REASON_INTERNAL, "not begun");
	if (EVP_PKEY_CTX_get_signature_md(sig->shadow, &md) != 1)
		md = NULL;
	return sign_digest(sig, md, (struct uk_span){in, in_len}, out, size, ret_len);
}

static int
verify(void *ctx, const unsigned char *signature, size_t len, const unsigned char *in,
       size_t in_len)
{
	struct signature *sig = ctx;

	return sig->shadow != NULL && EVP_PKEY_verify(sig->shadow, signature, len, in, in_len) == 1;
}

/* -- a message in -- */

static int
digest_init(struct signature *sig, const char *name, void *data, const OSSL_PARAM params[])
{
	char standard[32] = "SM3";

	if (!job_begin(sig, data))
		return 0;
	if ((name == NULL || *name == '\0') && !sig->is_sm2 &&
	    EVP_PKEY_get_default_digest_name(sig->key->pub, standard, sizeof(standard)) <= 0)
		return fail(sig, REASON_DIGEST, "no default");
	if (name == NULL || *name == '\0')
		name = standard;
	sig->md = EVP_MD_fetch(sig->provider->libctx, name, NULL);
	sig->digest = EVP_MD_CTX_new();
	sig->checker = EVP_MD_CTX_new();
	if (sig->md == NULL || sig->digest == NULL || sig->checker == NULL ||
	    (sig->is_sm2 && EVP_MD_is_a(sig->md, "SM3") != 1))
		return fail(sig, REASON_DIGEST, name);
	if (EVP_DigestVerifyInit_ex(sig->checker, &sig->shadow, name, sig->provider->libctx, NULL,
				    sig->key->pub, NULL) != 1 ||
	    EVP_DigestInit_ex2(sig->digest, sig->md, NULL) != 1)
		return fail(sig, REASON_DIGEST, name);
	if (sig->is_sm2 &&
	    EVP_PKEY_CTX_set1_id(sig->shadow, sig->distid, (int)sig->distid_len) <= 0)
		return fail(sig, REASON_OPENSSL, "ID");
	return params == NULL || set_params(sig, params);
}

static int
digest_sign_init(void *ctx, const char *name, void *data, const OSSL_PARAM params[])
{
	return digest_init(ctx, name, data, params);
}

static int
digest_sign_update(void *ctx, const unsigned char *in, size_t len)
{
	struct signature *sig = ctx;

	if (sig->digest == NULL)
		return fail(sig, REASON_INTERNAL, "not begun");
	if (!sig->begun) {
		if (sig->is_sm2 && !sm2_begin(sig))
			return 0;
		sig->begun = true;
	}
	return EVP_DigestUpdate(sig->digest, in, len) == 1 ? 1
							   : fail(sig, REASON_OPENSSL, "digest");
}

static int
digest_sign_final(void *ctx, unsigned char *out, size_t *ret_len, size_t size)
{
	struct signature *sig = ctx;
	unsigned char digest[EVP_MAX_MD_SIZE] = {0};
	unsigned len = 0;

	if (sig->digest == NULL)
		return fail(sig, REASON_INTERNAL, "not begun");
	if (out == NULL)
		return sign_digest(sig, sig->md, (struct uk_span){0}, NULL, 0, ret_len);
	/* An empty message has its Z as well. */
	if (digest_sign_update(sig, digest, 0) != 1 ||
	    EVP_DigestFinal_ex(sig->digest, digest, &len) != 1)
		return 0;
	return sign_digest(sig, sig->md, (struct uk_span){digest, len}, out, size, ret_len);
}

static int
digest_verify_update(void *ctx, const unsigned char *in, size_t len)
{
	struct signature *sig = ctx;

	sig->begun = true;
	return sig->checker != NULL && EVP_DigestVerifyUpdate(sig->checker, in, len) == 1;
}

static int
digest_verify_final(void *ctx, const unsigned char *signature, size_t len)
{
	struct signature *sig = ctx;

	return sig->checker != NULL && EVP_DigestVerifyFinal(sig->checker, signature, len) == 1;
}

/* -- a copy in the midst of a job -- */

static bool
copy_contexts(struct signature *to, const struct signature *from)
{
	if (from->digest != NULL) {
		to->digest = EVP_MD_CTX_new();
		to->checker = EVP_MD_CTX_new();
		if (to->digest == NULL || to->checker == NULL ||
		    EVP_MD_CTX_copy_ex(to->digest, from->digest) != 1 ||
		    EVP_MD_CTX_copy_ex(to->checker, from->checker) != 1)
			return false;
		to->shadow = EVP_MD_CTX_get_pkey_ctx(to->checker);
	} else if (from->own_shadow != NULL) {
		to->own_shadow = EVP_PKEY_CTX_dup(from->own_shadow);
		to->shadow = to->own_shadow;
	}
	return to->shadow != NULL || from->shadow == NULL;
}

static void *
signature_dup(void *ctx)
{
	const struct signature *from = ctx;
	struct signature *to = signature_new(from->provider, NULL);

	if (to == NULL)
		return NULL;
	to->key = from->key != NULL ? key_ref(from->key) : NULL;
	to->is_sm2 = from->is_sm2;
	to->begun = from->begun;
	memcpy(to->distid, from->distid, sizeof(to->distid));
	to->distid_len = from->distid_len;
	if (from->md != NULL && EVP_MD_up_ref(from->md) == 1)
		to->md = from->md;
	if (copy_contexts(to, from))
		return to;
	signature_free(to);
	return NULL;
}

/* clang-format off */
#define SIGNATURE(type)                                                                            \
	static const OSSL_DISPATCH type[] = {                                                      \
		{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))signature_new},                       \
		{OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))signature_free},                     \
		{OSSL_FUNC_SIGNATURE_DUPCTX, (void (*)(void))signature_dup},                       \
		{OSSL_FUNC_SIGNATURE_SIGN_INIT, (void (*)(void))sign_init},                        \
		{OSSL_FUNC_SIGNATURE_SIGN, (void (*)(void))sign},                                  \
		{OSSL_FUNC_SIGNATURE_VERIFY_INIT, (void (*)(void))sign_init},                      \
		{OSSL_FUNC_SIGNATURE_VERIFY, (void (*)(void))verify},                              \
		{OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (void (*)(void))digest_sign_init},          \
		{OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, (void (*)(void))digest_sign_update},      \
		{OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, (void (*)(void))digest_sign_final},        \
		{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, (void (*)(void))digest_sign_init},        \
		{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, (void (*)(void))digest_verify_update},  \
		{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, (void (*)(void))digest_verify_final},    \
		{OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*)(void))set_params},                  \
		{OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (void (*)(void))settable_##type},        \
		{OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*)(void))get_params},                  \
		{OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, (void (*)(void))gettable_##type},        \
		{0, NULL},                                                                         \
	}
/* clang-format on */

SIGNATURE(sm2);
SIGNATURE(rsa);

const OSSL_ALGORITHM provider_signatures[] = {
	{"SM2:1.2.156.10197.1.301", "provider=openukey", sm2, "SM2 with SM3, in a token"},
	{"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=openukey", rsa, "RSA, in a token"},
	{NULL, NULL, NULL, NULL},
};
