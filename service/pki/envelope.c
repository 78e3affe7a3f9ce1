/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/pki/envelope.h"

#include "common/gm.h"
#include "service/base/random.h"
#include "service/pki/der.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#define POINT_LEN        (1U + 2U * GM_SM2_LEN)
#define UNCOMPRESSED     4
#define RSA_HALF         128U
#define RSA_EXPONENT_LEN 4U
#define RSA_BLOB_LEN     1164U
#define RSA_BLOB_PADDED  1168U
#define CIPHER_ROOM      512U
#define ENVELOPE_ROOM    1024U

/* AlgorithmIdentifier of SM4 in ECB: OID 1.2.156.10197.1.104.1 and no parameters. */
static const uint8_t sm4_ecb[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x81,
				  0x1C, 0xCF, 0x55, 0x01, 0x68, 0x01};

/* A private key in the clear, gone with its scope. */
struct clear {
	uint8_t bytes[RSA_BLOB_PADDED];
};

static void
clear_wipe(struct clear *clear)
{
	uk_wipe(clear, sizeof(*clear));
}

#define CLEAR UK_CLEANUP(clear_wipe) struct clear

static void
pkey_ctx_drop(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}

static void
cipher_ctx_drop(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static void
number_drop(BIGNUM **number)
{
	BN_clear_free(*number);
}

EVP_PKEY *
cs_pair_make(const EVP_PKEY *like)
{
	if (EVP_PKEY_is_a(like, "SM2") == 1)
		return EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
	if (EVP_PKEY_is_a(like, "RSA") == 1)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)CS_ENVELOPE_RSA_BITS);
	return NULL;
}

/* Whole blocks only; out has room for as much. */
static bool
sm4_encrypt(const struct uk_secret *key, struct uk_span in, uint8_t *out)
{
	UK_CLEANUP(cipher_ctx_drop) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;

	return ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_sm4_ecb(), NULL, key->bytes, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	       EVP_EncryptUpdate(ctx, out, &len, in.ptr, (int)in.len) == 1 && (size_t)len == in.len;
}

/* A new SM4 key, encrypted to the public one: SM2Cipher of GM/T 0009, or PKCS #1 v1.5. */
static enum cs_status
session_key_new(EVP_PKEY *to, struct uk_secret *ret_key, struct uk_writer *out)
{
	UK_CLEANUP(pkey_ctx_drop) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(to, NULL);
	size_t len = out->cap;
	enum cs_status st;

	ret_key->len = GM_BLOCK_LEN;
	st = cs_random(ret_key->bytes, ret_key->len);
	if (st != CS_OK)
		return st;
	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    (EVP_PKEY_is_a(to, "RSA") == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
	    EVP_PKEY_encrypt(ctx, out->ptr, &len, ret_key->bytes, ret_key->len) != 1)
		return CS_E_CRYPTO;
	out->len = len;
	return CS_OK;
}

/* One number of a key, big-endian and right-aligned in `width` bytes. */
static bool
number_put(EVP_PKEY *key, const char *name, size_t width, struct uk_writer *out)
{
	UK_CLEANUP(number_drop) BIGNUM *number = NULL;

	if (out->cap - out->len < width || EVP_PKEY_get_bn_param(key, name, &number) != 1 ||
	    BN_bn2binpad(number, out->ptr + out->len, (int)width) != (int)width)
		return false;
	out->len += width;
	return true;
}

static bool
point_put(EVP_PKEY *pair, struct uk_writer *out)
{
	uk_put_u8(out, UNCOMPRESSED);
	return number_put(pair, OSSL_PKEY_PARAM_EC_PUB_X, GM_SM2_LEN, out) &&
	       number_put(pair, OSSL_PKEY_PARAM_EC_PUB_Y, GM_SM2_LEN, out);
}

static enum cs_status
sm2_make(EVP_PKEY *pair, EVP_PKEY *to, struct cs_envelope *ret)
{
	UK_SECRET key = {.len = 0};
	CLEAR clear = {{0}};
	uint8_t cipher[CIPHER_ROOM], point[POINT_LEN], closed[GM_SM2_LEN], all[ENVELOPE_ROOM];
	struct uk_writer number = uk_writer_of(clear.bytes, GM_SM2_LEN);
	struct uk_writer cipher_out = uk_writer_of(cipher, sizeof(cipher));
	struct uk_writer point_out = uk_writer_of(point, sizeof(point));
	struct uk_writer out = uk_writer_of(all, sizeof(all));
	size_t len;
	enum cs_status st = session_key_new(to, &key, &cipher_out);

	if (st != CS_OK)
		return st;
	if (!number_put(pair, OSSL_PKEY_PARAM_PRIV_KEY, GM_SM2_LEN, &number) ||
	    !sm4_encrypt(&key, uk_writer_span(&number), closed) || !point_put(pair, &point_out))
		return CS_E_CRYPTO;
	len = sizeof(sm4_ecb) + cipher_out.len + cs_der_head_len(POINT_LEN + 1) + POINT_LEN + 1 +
	      cs_der_head_len(GM_SM2_LEN + 1) + GM_SM2_LEN + 1;
	cs_der_head(&out, CS_DER_SEQUENCE, len);
	uk_put(&out, uk_span_of(sm4_ecb, sizeof(sm4_ecb)));
	uk_put(&out, uk_writer_span(&cipher_out));
	cs_der_put_bits(&out, uk_writer_span(&point_out));
	cs_der_put_bits(&out, uk_span_of(closed, sizeof(closed)));
	return out.overflow ? CS_E_INTERNAL : cs_blob_set(&ret->sealed, uk_writer_span(&out));
}

/* RSAPRIVATEKEYBLOB, integers as on a PC; zeros to whole blocks. */
static bool
rsa_blob_put(EVP_PKEY *pair, struct uk_writer *out)
{
	static const struct {
		const char *name;
		size_t width;
	} numbers[] = {
		{OSSL_PKEY_PARAM_RSA_N, GM_RSA_MAX},
		{OSSL_PKEY_PARAM_RSA_E, RSA_EXPONENT_LEN},
		{OSSL_PKEY_PARAM_RSA_D, GM_RSA_MAX},
		{OSSL_PKEY_PARAM_RSA_FACTOR1, RSA_HALF},
		{OSSL_PKEY_PARAM_RSA_FACTOR2, RSA_HALF},
		{OSSL_PKEY_PARAM_RSA_EXPONENT1, RSA_HALF},
		{OSSL_PKEY_PARAM_RSA_EXPONENT2, RSA_HALF},
		{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, RSA_HALF},
	};

	uk_put_u32(out, UK_LITTLE_ENDIAN, GM_ALG_RSA);
	uk_put_u32(out, UK_LITTLE_ENDIAN, (uint32_t)EVP_PKEY_get_bits(pair));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!number_put(pair, numbers[i].name, numbers[i].width, out))
			return false;
	uk_put_fill(out, 0, RSA_BLOB_PADDED - RSA_BLOB_LEN);
	return !out->overflow;
}

static enum cs_status
rsa_make(EVP_PKEY *pair, EVP_PKEY *to, struct cs_envelope *ret)
{
	UK_SECRET key = {.len = 0};
	CLEAR clear = {{0}};
	uint8_t cipher[CIPHER_ROOM], closed[RSA_BLOB_PADDED];
	struct uk_writer blob = uk_writer_of(clear.bytes, sizeof(clear.bytes));
	struct uk_writer cipher_out = uk_writer_of(cipher, sizeof(cipher));
	enum cs_status st = session_key_new(to, &key, &cipher_out);

	if (st != CS_OK)
		return st;
	if (!rsa_blob_put(pair, &blob) || !sm4_encrypt(&key, uk_writer_span(&blob), closed))
		return CS_E_CRYPTO;
	st = cs_blob_set(&ret->sealed, uk_span_of(closed, sizeof(closed)));
	return st == CS_OK ? cs_blob_set(&ret->wrapped, uk_writer_span(&cipher_out)) : st;
}

enum cs_status
cs_envelope_make(EVP_PKEY *pair, EVP_PKEY *to, struct cs_envelope *ret)
{
	if (EVP_PKEY_is_a(pair, "SM2") == 1 && EVP_PKEY_is_a(to, "SM2") == 1)
		return sm2_make(pair, to, ret);
	if (EVP_PKEY_is_a(pair, "RSA") == 1 && EVP_PKEY_is_a(to, "RSA") == 1)
		return rsa_make(pair, to, ret);
	return CS_E_ARGUMENTS;
}
