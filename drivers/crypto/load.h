/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcrypto, opened at first use, and the few of its functions that we call.
 *
 * Most of EVP, all of X509, OBJ_*, RSA and EC keys and RAND look for engines or added objects first
 * and so read the default configuration file, whichever OSSL_LIB_CTX they were given (3.0: seen
 * with a breakpoint on CONF_modules_load_file_ex).  That file may load a provider that loads this
 * module again.  So the list below holds only functions that were seen not to: the default
 * provider's own functions (asked for by OSSL_PROVIDER_query_operation), big numbers, points of a
 * curve, and DER headers.  tests/unit/crypto_config_test.c fails when one is added that does not
 * keep to this.
 */
#ifndef UK_DRIVERS_CRYPTO_LOAD_H
#define UK_DRIVERS_CRYPTO_LOAD_H

#include "drivers/crypto/crypto.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#define CRYPTO_SYMBOLS(SYMBOL)                  \
	SYMBOL(ASN1_STRING_free)                \
	SYMBOL(ASN1_STRING_set)                 \
	SYMBOL(ASN1_STRING_to_UTF8)             \
	SYMBOL(ASN1_STRING_type_new)            \
	SYMBOL(ASN1_TIME_to_tm)                 \
	SYMBOL(ASN1_get_object)                 \
	SYMBOL(BN_CTX_free)                     \
	SYMBOL(BN_CTX_new_ex)                   \
	SYMBOL(BN_bin2bn)                       \
	SYMBOL(BN_bn2binpad)                    \
	SYMBOL(BN_cmp)                          \
	SYMBOL(BN_free)                         \
	SYMBOL(BN_is_bit_set)                   \
	SYMBOL(BN_is_negative)                  \
	SYMBOL(BN_is_odd)                       \
	SYMBOL(BN_is_zero)                      \
	SYMBOL(BN_mod_add)                      \
	SYMBOL(BN_mod_exp)                      \
	SYMBOL(BN_new)                          \
	SYMBOL(BN_set_word)                     \
	SYMBOL(CRYPTO_free)                     \
	SYMBOL(ECDSA_SIG_free)                  \
	SYMBOL(ECDSA_SIG_get0)                  \
	SYMBOL(ECDSA_SIG_new)                   \
	SYMBOL(ECDSA_SIG_set0)                  \
	SYMBOL(EC_GROUP_free)                   \
	SYMBOL(EC_GROUP_get0_generator)         \
	SYMBOL(EC_GROUP_get0_order)             \
	SYMBOL(EC_GROUP_new_by_curve_name_ex)   \
	SYMBOL(EC_POINT_add)                    \
	SYMBOL(EC_POINT_dbl)                    \
	SYMBOL(EC_POINT_free)                   \
	SYMBOL(EC_POINT_get_affine_coordinates) \
	SYMBOL(EC_POINT_is_at_infinity)         \
	SYMBOL(EC_POINT_new)                    \
	SYMBOL(EC_POINT_set_affine_coordinates) \
	SYMBOL(EC_POINT_set_to_infinity)        \
	SYMBOL(ERR_pop_to_mark)                 \
	SYMBOL(ERR_set_mark)                    \
	SYMBOL(OSSL_LIB_CTX_free)               \
	SYMBOL(OSSL_LIB_CTX_new)                \
	SYMBOL(OSSL_PROVIDER_get0_provider_ctx) \
	SYMBOL(OSSL_PROVIDER_load)              \
	SYMBOL(OSSL_PROVIDER_query_operation)   \
	SYMBOL(d2i_ECDSA_SIG)                   \
	SYMBOL(i2d_ECDSA_SIG)

/* A digest or cipher of the provider: its functions, NULL where it has none of that name. */
struct crypto_digest_row {
	OSSL_FUNC_digest_newctx_fn *new_context;
	OSSL_FUNC_digest_freectx_fn *free_context;
	OSSL_FUNC_digest_init_fn *init;
	OSSL_FUNC_digest_update_fn *update;
	OSSL_FUNC_digest_final_fn *final;
};

struct crypto_cipher_row {
	OSSL_FUNC_cipher_newctx_fn *new_context;
	OSSL_FUNC_cipher_freectx_fn *free_context;
	OSSL_FUNC_cipher_encrypt_init_fn *init;
	OSSL_FUNC_cipher_update_fn *update;
};

enum crypto_cipher { CRYPTO_SM4_ECB, CRYPTO_SM4_CBC, CRYPTO_CIPHER_COUNT };

#define CRYPTO_HASH_COUNT (CRYPTO_SM3 + 1)

struct crypto_library {
#define CRYPTO_FIELD(name) __typeof__(name) *name;
	CRYPTO_SYMBOLS(CRYPTO_FIELD)
#undef CRYPTO_FIELD
	OSSL_LIB_CTX *context; /* private: no configuration, nobody else's providers */
	void *provider_context;
	struct crypto_digest_row digests[CRYPTO_HASH_COUNT];
	struct crypto_cipher_row ciphers[CRYPTO_CIPHER_COUNT];
};

/*
 * The library, opened by the first caller; NULL when there is none of a version that we know. It
 * is never closed.
 */
const struct crypto_library *crypto_load(void);

/*
 * Scopes in which libcrypto's complaints are ours alone: the host's error queue stays as it was.
 *
 *	CRYPTO_QUIET quiet = crypto_quiet(lib);
 */
struct crypto_quiet {
	const struct crypto_library *lib;
};
struct crypto_quiet crypto_quiet(const struct crypto_library *lib);
void crypto_quiet_end(struct crypto_quiet *quiet);
#define CRYPTO_QUIET __attribute__((unused)) UK_CLEANUP(crypto_quiet_end) struct crypto_quiet

#endif
