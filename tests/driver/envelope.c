/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/driver/envelope.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t sm4_key[GM_BLOCK_LEN] = "envelope key 16";

static void
sm4_encrypt(const uint8_t *in, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int done = 0;

	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_sm4_ecb(), NULL, sm4_key, NULL), 1);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_int_equal(EVP_EncryptUpdate(ctx, out, &done, in, (int)len), 1);
	assert_int_equal(done, len);
	EVP_CIPHER_CTX_free(ctx);
}

static EVP_PKEY *
public_from(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
number(EVP_PKEY *key, const char *name, uint8_t *out, size_t len)
{
	BIGNUM *value = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &value), 1);
	assert_int_equal(BN_bn2binpad(value, out, (int)len), len);
	BN_clear_free(value);
}

/* Encrypts a key; returns the length. */
static size_t
encrypt_to(EVP_PKEY *key, bool pkcs1, struct uk_span plain, uint8_t *out, size_t room)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	if (pkcs1)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, &room, plain.ptr, plain.len), 1);
	EVP_PKEY_CTX_free(ctx);
	return room;
}

/* Reads a small DER element's content: the numbers of an SM2 cipher are all short. */
static const uint8_t *
der_part(const uint8_t **at, size_t *len)
{
	const uint8_t *content = *at + 2;

	*len = (*at)[1];
	assert_true(*len < 0x80);
	*at = content + *len;
	return content;
}

static void
right_aligned(const uint8_t *from, size_t len, uint8_t out[32])
{
	for (; len > 32; len--)
		from++;
	memset(out, 0, 32);
	memcpy(out + 32 - len, from, len);
}

struct token_wrapped_key
envelope_wrap(EVP_PKEY *to, struct uk_span plain)
{
	struct token_wrapped_key wrapped = {.type = TOKEN_KEY_SM2};
	uint8_t cipher[256];
	const uint8_t *at = cipher;
	size_t len;

	(void)encrypt_to(to, false, plain, cipher, sizeof(cipher));
	at += cipher[1] == 0x81 ? 3 : 2; /* the SEQUENCE's header */
	const uint8_t *part = der_part(&at, &len);
	right_aligned(part, len, wrapped.c1x);
	part = der_part(&at, &len);
	right_aligned(part, len, wrapped.c1y);
	part = der_part(&at, &len);
	memcpy(wrapped.c3, part, sizeof(wrapped.c3));
	part = der_part(&at, &len);
	memcpy(wrapped.c2, part, len);
	wrapped.c2_len = len;
	return wrapped;
}

static size_t
wrap_rsa(struct uk_span to, uint8_t *out, size_t room)
{
	uint8_t modulus[256];
	uint8_t exponent[4] = {1, 0, 1, 0}; /* OSSL_PARAM's are in the machine's order */
	OSSL_PARAM params[] = {
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, modulus, sizeof(modulus)),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, exponent, sizeof(exponent)),
		OSSL_PARAM_END,
	};
	EVP_PKEY *key;

	for (size_t i = 0; i < to.len; i++)
		modulus[i] = to.ptr[to.len - 1 - i];
	params[0].data_size = to.len;
	key = public_from("RSA", params);
	room = encrypt_to(key, true, uk_span_of(sm4_key, sizeof(sm4_key)), out, room);
	EVP_PKEY_free(key);
	return room;
}

const uint8_t *
envelope_key(void)
{
	return sm4_key;
}

struct token_wrapped_key
envelope_session_sm2(const struct token_public_key *to)
{
	uint8_t point[65] = {4};
	char group[] = "SM2";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 3),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_END,
	};
	struct token_wrapped_key wrapped;
	EVP_PKEY *key;

	memcpy(point + 1, to->x, 32);
	memcpy(point + 33, to->y, 32);
	key = public_from("SM2", params);
	wrapped = envelope_wrap(key, uk_span_of(sm4_key, sizeof(sm4_key)));
	EVP_PKEY_free(key);
	return wrapped;
}

struct token_wrapped_key
envelope_session_rsa(struct uk_span modulus)
{
	static uint8_t cipher[256];
	size_t len = wrap_rsa(modulus, cipher, sizeof(cipher));

	return (struct token_wrapped_key){.type = TOKEN_KEY_RSA, .rsa = {cipher, len}};
}

struct token_envelope
envelope_sm2(const struct token_public_key *to, bool low)
{
	struct token_envelope env = {.sym_alg = GM_ALG_SM4_ECB};
	struct token_wrapped_key wrapped = envelope_session_sm2(to);
	uint8_t private_key[64] = {0};
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");

	memcpy(env.c1x, wrapped.c1x, sizeof(env.c1x));
	memcpy(env.c1y, wrapped.c1y, sizeof(env.c1y));
	memcpy(env.c3, wrapped.c3, sizeof(env.c3));
	memcpy(env.c2, wrapped.c2, sizeof(env.c2));
	env.c2_len = wrapped.c2_len;

	number(pair, OSSL_PKEY_PARAM_EC_PUB_X, env.x, 32);
	number(pair, OSSL_PKEY_PARAM_EC_PUB_Y, env.y, 32);
	number(pair, OSSL_PKEY_PARAM_PRIV_KEY, private_key + (low ? 32 : 0), 32);
	if (low)
		sm4_encrypt(private_key, 64, env.private_key);
	else
		sm4_encrypt(private_key, 32, env.private_key);
	EVP_PKEY_free(pair);
	return env;
}

struct envelope_rsa
envelope_rsa(const struct token_public_key *to)
{
	struct envelope_rsa env = {0};
	uint8_t blob[1168] = {0};
	static const struct {
		const char *name;
		size_t at, len;
	} numbers[] = {
		{OSSL_PKEY_PARAM_RSA_N, 8, 256},
		{OSSL_PKEY_PARAM_RSA_E, 264, 4},
		{OSSL_PKEY_PARAM_RSA_D, 268, 256},
		{OSSL_PKEY_PARAM_RSA_FACTOR1, 524, 128},
		{OSSL_PKEY_PARAM_RSA_FACTOR2, 652, 128},
		{OSSL_PKEY_PARAM_RSA_EXPONENT1, 780, 128},
		{OSSL_PKEY_PARAM_RSA_EXPONENT2, 908, 128},
		{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 1036, 128},
	};
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);

	env.wrapped_len =
		wrap_rsa(uk_span_of(to->modulus, to->bits / 8), env.wrapped, sizeof(env.wrapped));

	blob[2] = 1; /* AlgID 00010000, little-endian */
	blob[5] = 8; /* BitLen 2048 */
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		number(pair, numbers[i].name, blob + numbers[i].at, numbers[i].len);
	memcpy(env.modulus, blob + 8, 256);
	sm4_encrypt(blob, sizeof(blob), env.blob);
	EVP_PKEY_free(pair);
	return env;
}
