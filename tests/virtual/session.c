/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/virtual/session.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#define REHEARSAL_APPLICATION "OpenUKey-Rehearsal"

static EVP_PKEY *
make_pair(enum family family)
{
	return family == FAMILY_SM2 ? EVP_PKEY_Q_keygen(NULL, NULL, "SM2") : EVP_RSA_gen(1024);
}

static void
save_pair(EVP_PKEY *pair, const char *path)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(PEM_write_PrivateKey(file, pair, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(file), 0);
}

void
session_reopen(struct key *key, struct session *session)
{
	assert_sw(client_open_app(key, REHEARSAL_APPLICATION, &session->ids), 0x9000);
	assert_sw(client_verify(key, &session->ids, GM_PIN_USER, USER_PIN), 0x9000);
	assert_sw(client_open_container(key, &session->ids, "c"), 0x9000);
}

struct key *
session_begin(const char *model, enum family family, struct session *ret_session,
	      EVP_PKEY **ret_pair)
{
	struct key *key = key_new(model);
	char path[128];
	EVP_PKEY *signing = make_pair(family);
	const char *const arguments[] = {"provision",   "--state", key->state,   "--model", model,
					 "--container", "c",       "--sign-key", path,      NULL};
	const char *const more[] = {"provision",   "--state", key->state,  "--model", model,
				    "--container", "c",       "--enc-key", path,      NULL};

	*ret_pair = make_pair(family);
	(void)snprintf(path, sizeof(path), "%s/pair", key->dir);
	save_pair(signing, path);
	assert_int_equal(key_program(arguments), 0);
	save_pair(*ret_pair, path);
	assert_int_equal(key_program(more), 0);
	EVP_PKEY_free(signing);
	key_start(key, model, NULL);
	session_reopen(key, ret_session);
	return key;
}

void
session_end(struct key *key, EVP_PKEY *pair)
{
	EVP_PKEY_free(pair);
	key_free(key);
}

static void
put_rsa_wrapped(struct uk_writer *out, EVP_PKEY *pair, struct uk_span plain)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair, NULL);
	uint8_t cipher[256];
	size_t len = sizeof(cipher);

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, cipher, &len, plain.ptr, plain.len), 1);
	uk_put(out, uk_span_of(cipher, len));
	EVP_PKEY_CTX_free(ctx);
}

uint16_t
session_import_raw(struct key *key, struct session *session, uint32_t alg, struct uk_span wrapped)
{
	struct uk_writer out = client_data();
	uint16_t sw;

	uk_put(&out, ids_both(&session->ids));
	uk_put_u32(&out, key->order, alg);
	uk_put_u32(&out, key->order, (uint32_t)wrapped.len);
	uk_put(&out, wrapped);
	sw = key_send(key, 0xa0, 0, uk_writer_span(&out), 2);
	if (sw == 0x9000) {
		assert_int_equal(key->data.len, 2);
		memcpy(session->id, key->data.ptr, 2);
	}
	return sw;
}

uint16_t
session_import(struct key *key, struct session *session, EVP_PKEY *pair, struct uk_span plain)
{
	uint8_t bytes[300], point[64];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));

	if (EVP_PKEY_is_a(pair, "RSA")) {
		put_rsa_wrapped(&out, pair, plain);
	} else {
		client_sm2_point(pair, point);
		uk_put_u32(&out, key->order, 256);
		client_put_wrapped(key, &out, point, plain);
	}
	return session_import_raw(key, session, GM_ALG_SM4_ECB, uk_writer_span(&out));
}

void
session_import_random(struct key *key, struct session *session, EVP_PKEY *pair, uint8_t sm4_key[16])
{
	assert_int_equal(RAND_bytes(sm4_key, 16), 1);
	assert_sw(session_import(key, session, pair, uk_span_of(sm4_key, 16)), 0x9000);
}

static void
put_rsa_number(struct uk_writer *out, EVP_PKEY *pair, const char *name, int width)
{
	uint8_t bytes[256];
	BIGNUM *number = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(pair, name, &number), 1);
	assert_int_equal(BN_bn2binpad(number, bytes, width), width);
	BN_free(number);
	uk_put(out, uk_span_of(bytes, (size_t)width));
}

static void
open_cipher(EVP_PKEY *pair, struct uk_span cipher, uint8_t sm4_key[16])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair, NULL);
	uint8_t plain[256];
	size_t len = sizeof(plain);

	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_decrypt(ctx, plain, &len, cipher.ptr, cipher.len), 1);
	assert_int_equal(len, 16);
	memcpy(sm4_key, plain, 16);
	EVP_PKEY_CTX_free(ctx);
}

static uint16_t
export_rsa(struct key *key, struct session *session, EVP_PKEY *pair, uint8_t sm4_key[16])
{
	struct uk_writer out = client_data();
	int bits = EVP_PKEY_get_bits(pair);
	uint16_t sw;

	uk_put(&out, ids_both(&session->ids));
	uk_put_u32(&out, key->order, GM_ALG_SM4_CBC);
	uk_put_u32(&out, key->order, (uint32_t)bits);
	put_rsa_number(&out, pair, OSSL_PKEY_PARAM_RSA_N, bits / 8);
	put_rsa_number(&out, pair, OSSL_PKEY_PARAM_RSA_E, 4);
	sw = key_send(key, 0x5a, 0, uk_writer_span(&out), UK_LE_MAX);
	if (sw != 0x9000)
		return sw;
	assert_int_equal(key->data.len, 2 + bits / 8);
	memcpy(session->id, key->data.ptr, 2);
	open_cipher(pair, uk_span_of(key->data.ptr + 2, key->data.len - 2), sm4_key);
	return sw;
}

static void
put_der(struct uk_writer *out, uint8_t tag, struct uk_span contents, bool sign)
{
	uk_put_u8(out, tag);
	uk_put_u8(out, (uint8_t)(contents.len + (sign ? 1 : 0)));
	if (sign)
		uk_put_u8(out, 0);
	uk_put(out, contents);
}

/* X without the zeros that DER does not want */
static void
put_integer(struct uk_writer *out, const uint8_t number[32])
{
	size_t zeros = 0;

	while (zeros < 31 && number[zeros] == 0)
		zeros++;
	put_der(out, 0x02, uk_span_of(number + zeros, 32 - zeros), number[zeros] >= 0x80);
}

/* The DER that OpenSSL wants of X || Y || hash || cipher */
static size_t
make_sm2_der(const uint8_t point[64], const uint8_t hash[32], struct uk_span cipher,
	     uint8_t der[160])
{
	uint8_t bytes[160];
	struct uk_writer inner = uk_writer_of(bytes, sizeof(bytes));
	struct uk_writer out = uk_writer_of(der, 160);

	put_integer(&inner, point);
	put_integer(&inner, point + 32);
	put_der(&inner, 0x04, uk_span_of(hash, 32), false);
	put_der(&inner, 0x04, cipher, false);
	assert_true(inner.len < 0x80 + 0x20);
	uk_put_u8(&out, 0x30);
	if (inner.len >= 0x80)
		uk_put_u8(&out, 0x81);
	uk_put_u8(&out, (uint8_t)inner.len);
	uk_put(&out, uk_writer_span(&inner));
	return out.len;
}

static uint16_t
export_sm2(struct key *key, struct session *session, EVP_PKEY *pair, uint8_t sm4_key[16])
{
	struct uk_writer out = client_data();
	struct uk_span data, point = {0}, hash = {0}, cipher = {0};
	uint8_t der[160], to[64];
	uint32_t bits, len;
	uint16_t sw;

	client_sm2_point(pair, to);
	uk_put(&out, ids_both(&session->ids));
	uk_put_u32(&out, key->order, 256);
	uk_put(&out, uk_span_of(to, 64));
	uk_put_u32(&out, key->order, GM_ALG_SM4_CBC);
	sw = key_send(key, 0x78, 0, uk_writer_span(&out), UK_LE_MAX);
	if (sw != 0x9000)
		return sw;
	data = key->data;
	assert_true(uk_take_u32(&data, key->order, &bits) && bits == 256 &&
		    uk_take(&data, 64, &point) && uk_take(&data, 32, &hash) &&
		    uk_take_u32(&data, key->order, &len) && len == 16 &&
		    uk_take(&data, len, &cipher) && data.len == 2);
	memcpy(session->id, data.ptr, 2);
	open_cipher(pair, uk_span_of(der, make_sm2_der(point.ptr, hash.ptr, cipher, der)), sm4_key);
	return sw;
}

uint16_t
session_export(struct key *key, struct session *session, EVP_PKEY *pair, uint8_t sm4_key[16])
{
	return EVP_PKEY_is_a(pair, "RSA") ? export_rsa(key, session, pair, sm4_key)
					  : export_sm2(key, session, pair, sm4_key);
}

uint16_t
session_init(struct key *key, const struct session *session, uint8_t ins,
	     const struct sm4_settings *settings)
{
	struct uk_writer out = client_data();

	uk_put(&out, ids_both(&session->ids));
	uk_put(&out, uk_span_of(session->id, 2));
	uk_put_u32(&out, key->order, settings->alg);
	uk_put_padded(&out, uk_span_of(settings->iv, 16), 32);
	uk_put_u32(&out, key->order, settings->iv_len);
	uk_put_u32(&out, key->order, settings->padding);
	uk_put_u32(&out, key->order, 0);
	return key_send(key, ins, 0, uk_writer_span(&out), UK_LE_NONE);
}

uint16_t
session_data(struct key *key, const struct session *session, uint8_t ins, struct uk_span data)
{
	struct uk_writer out = client_data();

	uk_put(&out, ids_both(&session->ids));
	uk_put(&out, uk_span_of(session->id, 2));
	uk_put(&out, data);
	return key_send(key, ins, 0, uk_writer_span(&out), UK_LE_MAX);
}

size_t
session_sm4(const uint8_t sm4_key[16], const struct sm4_settings *settings, bool encrypt,
	    struct uk_span in, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *cipher = settings->alg == GM_ALG_SM4_ECB ? EVP_sm4_ecb() : EVP_sm4_cbc();
	int len = 0, rest = 0;

	assert_int_equal(EVP_CipherInit_ex(ctx, cipher, NULL, sm4_key, settings->iv, encrypt), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, (int)settings->padding), 1);
	if (in.len > 0)
		assert_int_equal(EVP_CipherUpdate(ctx, out, &len, in.ptr, (int)in.len), 1);
	assert_int_equal(EVP_CipherFinal_ex(ctx, out + len, &rest), 1);
	EVP_CIPHER_CTX_free(ctx);
	return (size_t)len + (size_t)rest;
}

bool
session_is(struct key *key, const struct session *session, const uint8_t sm4_key[16])
{
	static const struct sm4_settings ecb = {.alg = GM_ALG_SM4_ECB};
	uint8_t plain[16], cipher[32];

	assert_int_equal(RAND_bytes(plain, 16), 1);
	assert_int_equal(session_sm4(sm4_key, &ecb, true, uk_span_of(plain, 16), cipher), 16);
	assert_sw(session_init(key, session, 0xa4, &ecb), 0x9000);
	assert_sw(session_data(key, session, 0xa6, uk_span_of(plain, 16)), 0x9000);
	return uk_span_equal(key->data, uk_span_of(cipher, 16));
}
