/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key pairs: made inside, imported, signing. OpenSSL judges the signatures. */
#include "tests/virtual/client.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE "what was signed"

static void
begin(const char *model, const char *const *options, struct key **ret_key, struct ids *ret_ids)
{
	*ret_key = key_blank(model, options);
	client_personalise(*ret_key, ret_ids, true);
	assert_sw(client_create_container(*ret_key, ret_ids, "c"), 0x9000);
}

static uint16_t
sign(struct key *key, const struct ids *ids, uint8_t ins, uint16_t p1p2, struct uk_span data)
{
	struct uk_writer out = client_data();

	uk_put(&out, ids_both(ids));
	uk_put(&out, data);
	return key_send(key, ins, p1p2, uk_writer_span(&out), UK_LE_MAX);
}

/* SM2 public key of the container, through ExportPublicKey. */
static EVP_PKEY *
export_sm2(struct key *key, const struct ids *ids, uint8_t pair)
{
	uint32_t bits;
	struct uk_span data;

	assert_sw(key_send(key, 0x88, (uint16_t)(pair << 8), ids_both(ids), UK_LE_MAX), 0x9000);
	data = key->data;
	assert_true(uk_take_u32(&data, key->order, &bits));
	assert_int_equal(bits, 256);
	assert_int_equal(data.len, 64);
	return client_sm2_public(data.ptr);
}

/* The DER form of r || s. */
static size_t
signature_der(const uint8_t rs[64], uint8_t der[80])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	uint8_t *at = der;
	int len;

	assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(rs, 32, NULL), BN_bin2bn(rs + 32, 32, NULL)),
			 1);
	len = i2d_ECDSA_SIG(sig, &at);
	ECDSA_SIG_free(sig);
	assert_true(len > 0);
	return (size_t)len;
}

/* Whether the last answer is bits4 || r || s over the digest. */
static bool
sm2_signed(struct key *key, EVP_PKEY *pkey, const uint8_t digest[32])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	uint8_t der[80];
	size_t len;
	bool right;

	assert_int_equal(key->data.len, 68);
	len = signature_der(key->data.ptr + 4, der);
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	right = EVP_PKEY_verify(ctx, der, len, digest, 32) == 1;
	EVP_PKEY_CTX_free(ctx);
	return right;
}

static void
sm2_pair_made_inside_signs_digests(void **unused)
{
	static const char *const models[] = {"V0", "V1"};
	uint8_t digest[32], made[64];

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		struct key *key;
		struct ids ids;
		EVP_PKEY *pkey;

		begin(models[i], NULL, &key, &ids);
		assert_int_equal(RAND_bytes(digest, 32), 1);
		assert_sw(sign(key, &ids, 0x74, 0x0200, uk_span_of(digest, 32)), 0x6a95);
		assert_sw(client_gen_sm2(key, &ids), 0x9000);
		assert_int_equal(key->data.len, 64);
		memcpy(made, key->data.ptr, 64);
		pkey = export_sm2(key, &ids, 1);
		assert_memory_equal(key->data.ptr + 4, made, 64);
		assert_sw(key_send(key, 0x88, 0x0000, ids_both(&ids), UK_LE_MAX), 0x6a95);
		assert_sw(sign(key, &ids, 0x74, 0x0200, uk_span_of(digest, 32)), 0x9000);
		assert_true(sm2_signed(key, pkey, digest));
		digest[0] ^= 1;
		assert_false(sm2_signed(key, pkey, digest));
		assert_sw(sign(key, &ids, 0x74, 0x0200, uk_span_of(digest, 31)), 0x6700);
		EVP_PKEY_free(pkey);
		key_free(key);
	}
}

static void
sm2_digests_with_the_signers_id(void **unused)
{
	struct key *key;
	struct ids ids;
	EVP_PKEY *pkey;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	uint8_t data[4 + 16 + sizeof(MESSAGE)] = {0, 0, 0, 16}, der[80];
	size_t len;

	begin("V0", NULL, &key, &ids);
	memcpy(data + 4, GM_SM2_DEFAULT_ID, 16);
	memcpy(data + 20, MESSAGE, strlen(MESSAGE));
	assert_sw(client_gen_sm2(key, &ids), 0x9000);
	pkey = export_sm2(key, &ids, 1);
	assert_sw(sign(key, &ids, 0x74, 0x0100, uk_span_of(data, 20 + strlen(MESSAGE))), 0x9000);
	len = signature_der(key->data.ptr + 4, der);

	ctx = EVP_PKEY_CTX_new(pkey, NULL);
	EVP_MD_CTX_set_pkey_ctx(md, ctx);
	assert_int_equal(EVP_PKEY_CTX_set1_id(ctx, GM_SM2_DEFAULT_ID, 16), 1);
	assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sm3(), NULL, pkey), 1);
	assert_int_equal(EVP_DigestVerify(md, der, len, (const uint8_t *)MESSAGE, strlen(MESSAGE)),
			 1);
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	key_free(key);
}

static void
key_verifies_and_encrypts_for_others(void **unused)
{
	struct key *key;
	struct ids ids;
	uint8_t digest[32] = {7}, rs[64], point[64];
	struct uk_writer out;

	begin("V0", NULL, &key, &ids);
	assert_sw(client_gen_sm2(key, &ids), 0x9000);
	memcpy(point, key->data.ptr, 64);
	assert_sw(sign(key, &ids, 0x74, 0x0200, uk_span_of(digest, 32)), 0x9000);
	memcpy(rs, key->data.ptr + 4, 64);
	for (unsigned int i = 0; i < 2; i++) {
		out = client_data();
		uk_put_u32(&out, UK_BIG_ENDIAN, 256);
		uk_put(&out, uk_span_of(point, 64));
		uk_put_u32(&out, UK_BIG_ENDIAN, 32);
		uk_put(&out, uk_span_of(digest, 32));
		uk_put(&out, uk_span_of(rs, 64));
		assert_sw(key_send(key, 0x76, 0, uk_writer_span(&out), UK_LE_NONE),
			  i == 0 ? 0x9000 : 0x6a98);
		rs[63] ^= 1;
	}
	out = client_data();
	uk_put_u32(&out, UK_BIG_ENDIAN, 256);
	uk_put(&out, uk_span_of(point, 64));
	uk_put_u32(&out, UK_BIG_ENDIAN, 5);
	uk_put(&out, uk_span_str("plain"));
	assert_sw(key_send(key, 0x7a, 0, uk_writer_span(&out), UK_LE_MAX), 0x9000);
	assert_int_equal(key->data.len, 1 + 64 + 32 + 5);
	assert_int_equal(key->data.ptr[0], 4);
	key_free(key);
}

static void
user_right_ends_with_each_signature(void **unused)
{
	static const char *const once[] = {"--user-right-once", NULL};
	uint8_t digest[32] = {1};
	struct key *key;
	struct ids ids;

	for (unsigned int i = 0; i < 3; i++) {
		uint16_t second = i == 0 ? 0x9000 : 0x6982;

		begin(i == 1 ? "VC" : "V0", i == 2 ? once : NULL, &key, &ids);
		assert_sw(client_gen_sm2(key, &ids), 0x9000);
		assert_sw(sign(key, &ids, 0x74, 0x0200, uk_span_of(digest, 32)), 0x9000);
		assert_sw(sign(key, &ids, 0x74, 0x0200, uk_span_of(digest, 32)), second);
		key_free(key);
	}
}

static void
enveloped_pair_in_both_alignments(void **unused)
{
	static const char *const models[] = {"V0", "V0", "V1"};
	static const enum envelope_half halves[] = {HALF_LAST, HALF_FIRST, HALF_LAST};
	uint8_t point[64];

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "SM2"), *imported;
		struct key *key;
		struct ids ids;

		begin(models[i], NULL, &key, &ids);
		assert_sw(client_gen_sm2(key, &ids), 0x9000);
		assert_sw(client_import_sm2(key, &ids, pair, halves[i]), 0x9000);
		imported = export_sm2(key, &ids, 0);
		client_sm2_point(pair, point);
		assert_memory_equal(key->data.ptr + 4, point, 64);
		EVP_PKEY_free(imported);
		EVP_PKEY_free(pair);
		key_free(key);
	}
}

static void
wrong_envelopes_change_nothing(void **unused)
{
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
	struct uk_writer out;
	uint8_t sent[300];
	struct key *key;
	struct ids ids;

	begin("V0", NULL, &key, &ids);
	assert_sw(client_gen_sm2(key, &ids), 0x9000);
	assert_sw(client_import_sm2(key, &ids, pair, HALF_LAST), 0x9000);
	/* what was sent: still in the client's buffer; then each field damaged in turn */
	out = client_data();
	memcpy(sent, out.ptr, 268);
	assert_sw(client_gen_sm2(key, &ids), 0x9000); /* for another signing key now */
	assert_sw(key_send(key, 0x72, 0, uk_span_of(sent, 268), UK_LE_NONE), 0x6a9b);
	assert_sw(client_import_sm2(key, &ids, pair, HALF_LAST), 0x9000);
	memcpy(sent, out.ptr, 268);
	assert_sw(key_send(key, 0x72, 0, uk_span_of(sent, 268), UK_LE_NONE), 0x9000);
	sent[7] ^= 1; /* version */
	assert_sw(key_send(key, 0x72, 0, uk_span_of(sent, 268), UK_LE_NONE), 0x6a80);
	sent[7] ^= 1;
	sent[11] ^= 3; /* algorithm */
	assert_sw(key_send(key, 0x72, 0, uk_span_of(sent, 268), UK_LE_NONE), 0x6a99);
	sent[11] ^= 3;
	sent[260] ^= 1; /* private key */
	assert_sw(key_send(key, 0x72, 0, uk_span_of(sent, 268), UK_LE_NONE), 0x6a80);
	sent[260] ^= 1;
	assert_sw(key_send(key, 0x72, 0, uk_span_of(sent, 267), UK_LE_NONE), 0x6700);
	sent[130] ^= 1; /* wrapped key */
	assert_sw(key_send(key, 0x72, 0, uk_span_of(sent, 268), UK_LE_NONE), 0x6a9b);
	EVP_PKEY_free(export_sm2(key, &ids, 0));
	EVP_PKEY_free(pair);
	key_free(key);
}

/* RSA public key of the container: bits4 || modulus || exponent4 */
static EVP_PKEY *
export_rsa(struct key *key, const struct ids *ids, uint8_t pair)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	uint8_t n[256], e[4];
	OSSL_PARAM params[3];
	EVP_PKEY *pkey = NULL;
	struct uk_span data;
	uint32_t bits;
	size_t len;

	assert_sw(key_send(key, 0x88, (uint16_t)(pair << 8), ids_both(ids), UK_LE_MAX), 0x9000);
	data = key->data;
	assert_true(uk_take_u32(&data, key->order, &bits));
	len = bits / 8;
	assert_int_equal(data.len, len + 4);
	for (size_t i = 0; i < len; i++)
		n[i] = data.ptr[len - 1 - i];
	for (size_t i = 0; i < 4; i++)
		e[i] = data.ptr[len + 3 - i];
	params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, len);
	params[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, 4);
	params[2] = OSSL_PARAM_construct_end();
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static bool
rsa_signed(struct key *key, EVP_PKEY *pkey, const EVP_MD *md)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool right;

	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, md, NULL, pkey), 1);
	right = EVP_DigestVerify(ctx, key->data.ptr, key->data.len, (const uint8_t *)MESSAGE,
				 strlen(MESSAGE)) == 1;
	EVP_MD_CTX_free(ctx);
	return right;
}

static void
rsa_pairs_sign(void **unused)
{
	static const uint16_t sizes[] = {1024, 2048};
	uint8_t info[19 + 32] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

	EVP_Digest(MESSAGE, strlen(MESSAGE), info + 19, NULL, EVP_sha256(), NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct key *key;
		struct ids ids;
		EVP_PKEY *pkey;
		uint8_t long_data[256] = {1};

		begin(i == 0 ? "V0" : "V1", NULL, &key, &ids);
		assert_sw(client_gen_rsa(key, &ids, 512), 0x6a80);
		assert_sw(client_gen_rsa(key, &ids, sizes[i]), 0x9000);
		assert_int_equal(key->data.len, sizes[i] / 8 + 4);
		assert_memory_equal(key->data.ptr + sizes[i] / 8, "\0\1\0\1", 4);
		pkey = export_rsa(key, &ids, 1);
		assert_sw(sign(key, &ids, 0x58, 0x0200, uk_span_of(info, sizeof(info))), 0x9000);
		assert_int_equal(key->data.len, sizes[i] / 8);
		assert_true(rsa_signed(key, pkey, EVP_sha256()));
		assert_sw(sign(key, &ids, 0x58, 0x0103, uk_span_str(MESSAGE)), 0x9000);
		assert_true(rsa_signed(key, pkey, EVP_sha256()));
		assert_sw(sign(key, &ids, 0x58, 0x0102, uk_span_str(MESSAGE)), 0x9000);
		assert_true(rsa_signed(key, pkey, EVP_sha1()));
		assert_sw(sign(key, &ids, 0x58, 0x0101, uk_span_str(MESSAGE)), 0x9000);
		assert_sw(sign(key, &ids, 0x58, 0x0104, uk_span_str(MESSAGE)), 0x6a9d);
		assert_sw(sign(key, &ids, 0x58, 0x0201, uk_span_str(MESSAGE)), 0x6a86);
		assert_sw(sign(key, &ids, 0x58, 0x0200, uk_span_of(long_data, sizes[i] / 8 - 11u)),
			  0x9000);
		assert_sw(sign(key, &ids, 0x58, 0x0200, uk_span_of(long_data, sizes[i] / 8 - 10u)),
			  0x6700);
		assert_sw(client_gen_sm2(key, &ids), 0x6985);
		assert_sw(sign(key, &ids, 0x74, 0x0200, uk_span_of(info, 32)), 0x6a95);
		EVP_PKEY_free(pkey);
		key_free(key);
	}
}

static void
put_blob_number(struct uk_writer *out, EVP_PKEY *pair, const char *name, int width)
{
	uint8_t bytes[256];
	BIGNUM *number = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(pair, name, &number), 1);
	assert_int_equal(BN_bn2binpad(number, bytes, width), width);
	BN_free(number);
	uk_put(out, uk_span_of(bytes, (size_t)width));
}

/* RSAPRIVATEKEYBLOB, then zeros to whole blocks */
static void
make_rsa_blob(EVP_PKEY *pair, uint8_t blob[1168])
{
	struct uk_writer out = uk_writer_of(blob, 1168);

	uk_put_u32(&out, UK_LITTLE_ENDIAN, GM_ALG_RSA);
	uk_put_u32(&out, UK_LITTLE_ENDIAN, (uint32_t)EVP_PKEY_get_bits(pair));
	put_blob_number(&out, pair, OSSL_PKEY_PARAM_RSA_N, 256);
	put_blob_number(&out, pair, OSSL_PKEY_PARAM_RSA_E, 4);
	put_blob_number(&out, pair, OSSL_PKEY_PARAM_RSA_D, 256);
	put_blob_number(&out, pair, OSSL_PKEY_PARAM_RSA_FACTOR1, 128);
	put_blob_number(&out, pair, OSSL_PKEY_PARAM_RSA_FACTOR2, 128);
	put_blob_number(&out, pair, OSSL_PKEY_PARAM_RSA_EXPONENT1, 128);
	put_blob_number(&out, pair, OSSL_PKEY_PARAM_RSA_EXPONENT2, 128);
	put_blob_number(&out, pair, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 128);
	assert_int_equal(out.len, 1164);
	uk_put_fill(&out, 0, 4);
}

static uint16_t
import_rsa(struct key *key, const struct ids *ids, const uint8_t blob[1168])
{
	EVP_PKEY *wrapping = export_rsa(key, ids, 1);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(wrapping, NULL);
	uint8_t sm4_key[16], wrapped[256], enc[1168];
	size_t len = sizeof(wrapped);
	struct uk_writer out = client_data();

	assert_int_equal(RAND_bytes(sm4_key, 16), 1);
	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, wrapped, &len, sm4_key, 16), 1);
	client_sm4(sm4_key, uk_span_of(blob, 1168), enc);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(wrapping);

	uk_put(&out, ids_both(ids));
	uk_put_u32(&out, key->order, GM_ALG_SM4_ECB);
	uk_put_u32(&out, key->order, (uint32_t)len);
	uk_put(&out, uk_span_of(wrapped, len));
	uk_put_u32(&out, key->order, sizeof(enc));
	uk_put(&out, uk_span_of(enc, sizeof(enc)));
	return key_send(key, 0x56, 0, uk_writer_span(&out), UK_LE_NONE);
}

static void
rsa_encryption_pair_is_imported(void **unused)
{
	EVP_PKEY *pair = EVP_RSA_gen(2048), *imported;
	uint8_t blob[1168];
	struct key *key;
	struct ids ids;

	begin("V1", NULL, &key, &ids);
	assert_sw(client_gen_rsa(key, &ids, 2048), 0x9000);
	make_rsa_blob(pair, blob);
	assert_sw(import_rsa(key, &ids, blob), 0x9000);
	imported = export_rsa(key, &ids, 0);
	assert_int_equal(EVP_PKEY_eq(imported, pair), 1);
	blob[600] ^= 1; /* a prime that is none */
	assert_sw(import_rsa(key, &ids, blob), 0x6a80);
	EVP_PKEY_free(imported);
	EVP_PKEY_free(pair);
	key_free(key);
}

static void
rsa_verify_on_the_key(void **unused)
{
	struct key *key;
	struct ids ids;
	uint8_t public[4 + 128 + 4], signature[128];
	struct uk_writer out;

	begin("V0", NULL, &key, &ids);
	assert_sw(client_gen_rsa(key, &ids, 1024), 0x9000);
	assert_sw(key_send(key, 0x88, 0x0100, ids_both(&ids), UK_LE_MAX), 0x9000);
	memcpy(public, key->data.ptr, sizeof(public));
	assert_sw(sign(key, &ids, 0x58, 0x0200, uk_span_str(MESSAGE)), 0x9000);
	memcpy(signature, key->data.ptr, sizeof(signature));
	for (unsigned int i = 0; i < 2; i++) {
		out = client_data();
		uk_put(&out, uk_span_of(public, sizeof(public)));
		uk_put_u32(&out, UK_BIG_ENDIAN, (uint32_t)strlen(MESSAGE));
		uk_put(&out, uk_span_str(MESSAGE));
		uk_put_u32(&out, UK_BIG_ENDIAN, sizeof(signature));
		uk_put(&out, uk_span_of(signature, sizeof(signature)));
		assert_sw(key_send(key, 0x5e, 0x0200, uk_writer_span(&out), UK_LE_NONE),
			  i == 0 ? 0x9000 : 0x6a98);
		signature[5] ^= 1;
	}
	key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sm2_pair_made_inside_signs_digests),
		cmocka_unit_test(sm2_digests_with_the_signers_id),
		cmocka_unit_test(key_verifies_and_encrypts_for_others),
		cmocka_unit_test(user_right_ends_with_each_signature),
		cmocka_unit_test(enveloped_pair_in_both_alignments),
		cmocka_unit_test(wrong_envelopes_change_nothing),
		cmocka_unit_test(rsa_pairs_sign),
		cmocka_unit_test(rsa_encryption_pair_is_imported),
		cmocka_unit_test(rsa_verify_on_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
