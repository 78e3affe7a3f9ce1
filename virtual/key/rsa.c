/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/rsa.h"

#include "common/secret.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define FREE_FN(name, type, free_fn)    \
	static void name(type **object) \
	{                               \
		free_fn(*object);       \
	}

FREE_FN(pkey_free, EVP_PKEY, EVP_PKEY_free)
FREE_FN(pkey_ctx_free, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
FREE_FN(number_free, BIGNUM, BN_clear_free)
FREE_FN(builder_free, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
FREE_FN(params_free, OSSL_PARAM, OSSL_PARAM_free)

static EVP_PKEY *
load_pkey(const struct vk_key *key)
{
	const unsigned char *at = key->secret.ptr;

	return d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)key->secret.len);
}

static bool
save_pkey(EVP_PKEY *pkey, struct vk_key *key)
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(pkey, &der);
	bool saved;

	if (len <= 0)
		return false;
	saved = vk_blob_set(&key->secret, uk_span_of(der, (size_t)len));
	OPENSSL_clear_free(der, (size_t)len);
	if (!saved)
		return false;
	key->type = GM_CONTAINER_RSA;
	key->bits = (uint16_t)EVP_PKEY_get_bits(pkey);
	return true;
}

bool
vk_rsa_generate(unsigned int bits, struct vk_key *key)
{
	UK_CLEANUP(pkey_free) EVP_PKEY *pkey = EVP_RSA_gen(bits);

	return pkey != NULL && save_pkey(pkey, key);
}

static bool
put_number(struct uk_writer *out, EVP_PKEY *pkey, const char *name, size_t len)
{
	UK_CLEANUP(number_free) BIGNUM *number = NULL;
	uint8_t bytes[GM_RSA_MAX];

	if (len > sizeof(bytes) || EVP_PKEY_get_bn_param(pkey, name, &number) != 1 ||
	    BN_bn2binpad(number, bytes, (int)len) != (int)len)
		return false;
	uk_put(out, uk_span_of(bytes, len));
	return !out->overflow;
}

bool
vk_rsa_put_public(const struct vk_key *key, struct uk_writer *out)
{
	UK_CLEANUP(pkey_free) EVP_PKEY *pkey = load_pkey(key);

	return pkey != NULL && put_number(out, pkey, OSSL_PKEY_PARAM_RSA_N, key->bits / 8u) &&
	       put_number(out, pkey, OSSL_PKEY_PARAM_RSA_E, VK_RSA_EXPONENT_LEN);
}

bool
vk_rsa_sign(const struct vk_key *key, struct uk_span data, struct uk_writer *out)
{
	UK_CLEANUP(pkey_free) EVP_PKEY *pkey = load_pkey(key);
	UK_CLEANUP(pkey_ctx_free)
	EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
	uint8_t sig[GM_RSA_MAX];
	size_t len = sizeof(sig);

	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_sign(ctx, sig, &len, data.ptr, data.len) != 1)
		return false;
	uk_put(out, uk_span_of(sig, len));
	return !out->overflow;
}

bool
vk_rsa_put_digest_info(enum vk_hash hash, struct uk_span message, struct uk_writer *out)
{
	static const uint8_t sm3[] = {0x30, 0x30, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x81, 0x1c,
				      0xcf, 0x55, 0x01, 0x83, 0x11, 0x05, 0x00, 0x04, 0x20};
	static const uint8_t sha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
				       0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
	static const uint8_t sha256[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	static const struct uk_span heads[] = {
		[VK_SM3] = {sm3, sizeof(sm3)},
		[VK_SHA1] = {sha1, sizeof(sha1)},
		[VK_SHA256] = {sha256, sizeof(sha256)},
	};
	uint8_t digest[VK_HASH_MAX];

	if (!vk_digest(hash, &message, 1, digest))
		return false;
	uk_put(out, heads[hash]);
	uk_put(out, uk_span_of(digest, hash == VK_SHA1 ? 20 : 32));
	return !out->overflow;
}

bool
vk_rsa_decrypt(const struct vk_key *key, struct uk_span cipher, struct uk_writer *out)
{
	UK_CLEANUP(pkey_free) EVP_PKEY *pkey = load_pkey(key);
	UK_CLEANUP(pkey_ctx_free)
	EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
	uint8_t plain[GM_RSA_MAX];
	size_t len = sizeof(plain);
	bool right;

	right = ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		EVP_PKEY_decrypt(ctx, plain, &len, cipher.ptr, cipher.len) == 1;
	if (right)
		uk_put(out, uk_span_of(plain, len));
	uk_wipe(plain, sizeof(plain));
	return right && !out->overflow;
}

/* One number for a key to be built from, and where it lies. */
struct number_row {
	const char *name;
	struct uk_span bytes;
};

/* Builds a key of up to eight numbers; NULL when libcrypto does not take them. */
static EVP_PKEY *
make_pkey(const struct number_row *rows, size_t count, int selection)
{
	UK_CLEANUP(pkey_ctx_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	UK_CLEANUP(builder_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	UK_CLEANUP(params_free) OSSL_PARAM *params = NULL;
	BIGNUM *numbers[8] = {NULL};
	EVP_PKEY *pkey = NULL;
	bool right = ctx != NULL && builder != NULL && count <= ARRAY_SIZE(numbers);

	for (size_t i = 0; right && i < count; i++) {
		numbers[i] = BN_bin2bn(rows[i].bytes.ptr, (int)rows[i].bytes.len, NULL);
		right = numbers[i] != NULL && !BN_is_zero(numbers[i]) &&
			OSSL_PARAM_BLD_push_BN(builder, rows[i].name, numbers[i]) == 1;
	}
	params = right ? OSSL_PARAM_BLD_to_param(builder) : NULL;
	if (params != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &pkey, selection, params);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		BN_clear_free(numbers[i]);
	return pkey;
}

bool
vk_rsa_verify(struct uk_span modulus, struct uk_span exponent, struct uk_span data,
	      struct uk_span signature)
{
	const struct number_row rows[] = {{OSSL_PKEY_PARAM_RSA_N, modulus},
					  {OSSL_PKEY_PARAM_RSA_E, exponent}};
	UK_CLEANUP(pkey_free)
	EVP_PKEY *pkey = make_pkey(rows, ARRAY_SIZE(rows), EVP_PKEY_PUBLIC_KEY);
	UK_CLEANUP(pkey_ctx_free)
	EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);

	return ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	       EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	       EVP_PKEY_verify(ctx, signature.ptr, signature.len, data.ptr, data.len) == 1;
}

bool
vk_rsa_encrypt(struct uk_span modulus, struct uk_span exponent, struct uk_span plain,
	       struct uk_writer *out)
{
	const struct number_row rows[] = {{OSSL_PKEY_PARAM_RSA_N, modulus},
					  {OSSL_PKEY_PARAM_RSA_E, exponent}};
	UK_CLEANUP(pkey_free)
	EVP_PKEY *pkey = make_pkey(rows, ARRAY_SIZE(rows), EVP_PKEY_PUBLIC_KEY);
	UK_CLEANUP(pkey_ctx_free)
	EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
	uint8_t cipher[GM_RSA_MAX];
	size_t len = sizeof(cipher);

	/* a modulus that begins with zeros would make a shorter cipher text than its field */
	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_encrypt(ctx, cipher, &len, plain.ptr, plain.len) != 1 || len != modulus.len)
		return false;
	uk_put(out, uk_span_of(cipher, len));
	return !out->overflow;
}

bool
vk_rsa_from_blob(struct uk_span blob, struct vk_key *key)
{
	/* modulus, public exponent, private exponent, primes, their exponents, coefficient */
	static const struct {
		const char *name;
		uint8_t quarters; /* width in 64 bytes; 0: the 4-byte exponent */
	} fields[] = {
		{OSSL_PKEY_PARAM_RSA_N, 4},         {OSSL_PKEY_PARAM_RSA_E, 0},
		{OSSL_PKEY_PARAM_RSA_D, 4},         {OSSL_PKEY_PARAM_RSA_FACTOR1, 2},
		{OSSL_PKEY_PARAM_RSA_FACTOR2, 2},   {OSSL_PKEY_PARAM_RSA_EXPONENT1, 2},
		{OSSL_PKEY_PARAM_RSA_EXPONENT2, 2}, {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 2},
	};
	struct number_row rows[ARRAY_SIZE(fields)];
	UK_CLEANUP(pkey_free) EVP_PKEY *pkey = NULL;
	UK_CLEANUP(pkey_ctx_free) EVP_PKEY_CTX *check = NULL;
	uint32_t alg, bits;

	/* The blob is a struct of a PC: its integers are little-endian on every model. */
	if (blob.len < VK_RSA_BLOB_LEN || !uk_take_u32(&blob, UK_LITTLE_ENDIAN, &alg) ||
	    !uk_take_u32(&blob, UK_LITTLE_ENDIAN, &bits) || (bits != 1024 && bits != 2048))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t width = fields[i].quarters == 0 ? VK_RSA_EXPONENT_LEN
						       : fields[i].quarters * (size_t)64;

		rows[i].name = fields[i].name;
		if (!uk_take(&blob, width, &rows[i].bytes))
			return false;
	}
	pkey = make_pkey(rows, ARRAY_SIZE(rows), EVP_PKEY_KEYPAIR);
	check = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
	return check != NULL && (uint32_t)EVP_PKEY_get_bits(pkey) == bits &&
	       EVP_PKEY_pairwise_check(check) == 1 && save_pkey(pkey, key);
}
