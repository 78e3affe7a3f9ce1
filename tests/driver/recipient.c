/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/driver/recipient.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define DER_MAX 8192

static void
number(EVP_PKEY *key, const char *name, uint8_t *out, size_t len)
{
	BIGNUM *value = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &value), 1);
	assert_int_equal(BN_bn2binpad(value, out, (int)len), len);
	BN_clear_free(value);
}

struct recipient
recipient_new(unsigned int bits)
{
	struct recipient who = {.key.bits = bits};

	who.key.type = bits == 256 ? TOKEN_KEY_SM2 : TOKEN_KEY_RSA;
	who.pair = bits == 256 ? EVP_PKEY_Q_keygen(NULL, NULL, "SM2")
			       : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	assert_non_null(who.pair);
	if (who.key.type == TOKEN_KEY_SM2) {
		number(who.pair, OSSL_PKEY_PARAM_EC_PUB_X, who.key.x, sizeof(who.key.x));
		number(who.pair, OSSL_PKEY_PARAM_EC_PUB_Y, who.key.y, sizeof(who.key.y));
	} else {
		number(who.pair, OSSL_PKEY_PARAM_RSA_N, who.key.modulus, bits / 8);
		who.key.exponent = 65537;
	}
	return who;
}

void
recipient_free(struct recipient *recipient)
{
	EVP_PKEY_free(recipient->pair);
	recipient->pair = NULL;
}

static size_t
open_with(EVP_PKEY *pair, bool pkcs1, struct uk_span cipher, uint8_t *out, size_t room)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair, NULL);
	int done;

	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	if (pkcs1)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
	done = EVP_PKEY_decrypt(ctx, out, &room, cipher.ptr, cipher.len);
	EVP_PKEY_CTX_free(ctx);
	return done == 1 ? room : 0;
}

size_t
recipient_open_rsa(const struct recipient *recipient, struct uk_span cipher, uint8_t *out,
		   size_t room)
{
	return open_with(recipient->pair, true, cipher, out, room);
}

static void
put_header(struct uk_writer *out, uint8_t tag, size_t len)
{
	uk_put_u8(out, tag);
	if (len < 0x80) {
		uk_put_u8(out, (uint8_t)len);
		return;
	}
	uk_put_u8(out, 0x82);
	uk_put_u16(out, UK_BIG_ENDIAN, (uint16_t)len);
}

static void
put_uint(struct uk_writer *out, struct uk_span bytes)
{
	while (bytes.len > 1 && bytes.ptr[0] == 0)
		bytes = uk_span_of(bytes.ptr + 1, bytes.len - 1);
	put_header(out, 0x02, bytes.len + (bytes.ptr[0] >> 7));
	if ((bytes.ptr[0] & 0x80) != 0)
		uk_put_u8(out, 0);
	uk_put(out, bytes);
}

/* OpenSSL wants GM/T 0009's DER: SEQUENCE { X, Y, C3, C2 }. */
size_t
recipient_open_sm2(const struct recipient *recipient, struct uk_span cipher, uint8_t *out,
		   size_t room)
{
	static uint8_t body_bytes[DER_MAX];
	static uint8_t der_bytes[DER_MAX];
	struct uk_writer body = uk_writer_of(body_bytes, sizeof(body_bytes));
	struct uk_writer der = uk_writer_of(der_bytes, sizeof(der_bytes));
	size_t plain_len = cipher.len - TOKEN_SM2_CIPHER_OVERHEAD;

	put_uint(&body, uk_span_of(cipher.ptr, GM_SM2_LEN));
	put_uint(&body, uk_span_of(cipher.ptr + GM_SM2_LEN, GM_SM2_LEN));
	put_header(&body, 0x04, GM_SM3_LEN);
	uk_put(&body, uk_span_of(cipher.ptr + (size_t)2 * GM_SM2_LEN, GM_SM3_LEN));
	put_header(&body, 0x04, plain_len);
	uk_put(&body, uk_span_of(cipher.ptr + TOKEN_SM2_CIPHER_OVERHEAD, plain_len));
	put_header(&der, 0x30, body.len);
	uk_put(&der, uk_writer_span(&body));
	assert_false(der.overflow || body.overflow);
	return open_with(recipient->pair, false, uk_writer_span(&der), out, room);
}
