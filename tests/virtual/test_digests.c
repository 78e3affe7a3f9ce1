/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Digests on the key, compared with OpenSSL's. */
#include "tests/virtual/client.h"

#include <openssl/rand.h>
#include <string.h>

#define NOTHING uk_span_of(NULL, 0)
#define MESSAGE "what was signed"
#define SIGNER  "alice@example.org"

static uint16_t
send_digest(struct key *key, uint8_t ins, struct uk_span data)
{
	return key_send(key, ins, 0, data, UK_LE_MAX);
}

/* Whether the last answer is len4 || this. */
static bool
answered(struct key *key, const uint8_t *digest, uint32_t len)
{
	struct uk_span data = key->data;
	uint32_t got;

	return uk_take_u32(&data, key->order, &got) && got == len &&
	       uk_span_equal(data, uk_span_of(digest, len));
}

static void
digests_are_openssls(void **unused)
{
	static const char *const models[] = {"V0", "V1"};
	const EVP_MD *const mds[] = {EVP_sm3(), EVP_sha1(), EVP_sha256()};
	static uint8_t data[8192];
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len;

	assert_int_equal(RAND_bytes(data, sizeof(data)), 1);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(mds); i++) {
		struct key *key = key_blank(models[i % 2], NULL); /* nobody has logged in */
		uint16_t hash = (uint16_t)(i / 2 + 1);

		EVP_Digest(data, sizeof(data), digest, &len, mds[i / 2], NULL);
		assert_sw(key_send(key, 0xb4, hash, NOTHING, UK_LE_NONE), 0x9000);
		assert_sw(send_digest(key, 0xb6, uk_span_of(data, sizeof(data))), 0x9000);
		assert_true(answered(key, digest, len));
		assert_sw(key_send(key, 0xb4, hash, NOTHING, UK_LE_NONE), 0x9000);
		assert_sw(send_digest(key, 0xb8, uk_span_of(data, 1)), 0x9000);
		assert_sw(send_digest(key, 0xb8, NOTHING), 0x9000);
		assert_sw(send_digest(key, 0xb8, uk_span_of(data + 1, 63)), 0x9000);
		assert_sw(send_digest(key, 0xb8, uk_span_of(data + 64, sizeof(data) - 64)), 0x9000);
		assert_sw(send_digest(key, 0xba, NOTHING), 0x9000);
		assert_true(answered(key, digest, len));

		EVP_Digest("", 0, digest, &len, mds[i / 2], NULL);
		assert_sw(key_send(key, 0xb4, hash, NOTHING, UK_LE_NONE), 0x9000);
		assert_sw(send_digest(key, 0xba, NOTHING), 0x9000);
		assert_true(answered(key, digest, len));
		key_free(key);
	}
}

/* bits4 || X || Y || idLen4 || id */
static struct uk_span
signer_data(struct key *key, EVP_PKEY *pair, const char *id)
{
	struct uk_writer out = client_data();
	uint8_t point[64];

	client_sm2_point(pair, point);
	uk_put_u32(&out, key->order, 256);
	uk_put(&out, uk_span_of(point, 64));
	uk_put_u32(&out, key->order, (uint32_t)strlen(id));
	uk_put(&out, uk_span_str(id));
	return uk_writer_span(&out);
}

/* A signature of the message that OpenSSL makes, digest and all. */
static size_t
sign_message(EVP_PKEY *pair, uint8_t sig[80])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair, NULL);
	size_t len = 80;

	EVP_MD_CTX_set_pkey_ctx(md, ctx);
	assert_int_equal(EVP_PKEY_CTX_set1_id(ctx, SIGNER, (int)strlen(SIGNER)), 1);
	assert_int_equal(EVP_DigestSignInit(md, NULL, EVP_sm3(), NULL, pair), 1);
	assert_int_equal(EVP_DigestSign(md, sig, &len, (const uint8_t *)MESSAGE, strlen(MESSAGE)),
			 1);
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
	return len;
}

static bool
verifies(EVP_PKEY *pair, struct uk_span sig, const uint8_t digest[32])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair, NULL);
	bool right;

	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	right = EVP_PKEY_verify(ctx, sig.ptr, sig.len, digest, 32) == 1;
	EVP_PKEY_CTX_free(ctx);
	return right;
}

static void
sm3_with_the_signers_id_is_what_openssl_signs(void **unused)
{
	static const char *const models[] = {"V0", "V1"};

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
		struct key *key = key_blank(models[i], NULL);
		uint8_t sig[80], digest[32];
		size_t len = sign_message(pair, sig);

		assert_sw(key_send(key, 0xb4, 1, signer_data(key, pair, SIGNER), UK_LE_NONE),
			  0x9000);
		assert_sw(send_digest(key, 0xb6, uk_span_str(MESSAGE)), 0x9000);
		assert_int_equal(key->data.len, 36);
		assert_true(verifies(pair, uk_span_of(sig, len), key->data.ptr + 4));
		assert_sw(key_send(key, 0xb4, 1, signer_data(key, pair, "bob"), UK_LE_NONE),
			  0x9000);
		assert_sw(send_digest(key, 0xb6, uk_span_str(MESSAGE)), 0x9000);
		assert_false(verifies(pair, uk_span_of(sig, len), key->data.ptr + 4));
		/* without an ID it is plain SM3 */
		EVP_Digest(MESSAGE, strlen(MESSAGE), digest, NULL, EVP_sm3(), NULL);
		assert_sw(key_send(key, 0xb4, 1, signer_data(key, pair, ""), UK_LE_NONE), 0x9000);
		assert_sw(send_digest(key, 0xb6, uk_span_str(MESSAGE)), 0x9000);
		assert_true(answered(key, digest, 32));
		EVP_PKEY_free(pair);
		key_free(key);
	}
}

static void
wrong_order_and_parameters_are_refused(void **unused)
{
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
	struct key *key = key_blank("V0", NULL);
	struct uk_span signer;

	assert_sw(send_digest(key, 0xb6, uk_span_str(MESSAGE)), 0x6985);
	assert_sw(send_digest(key, 0xb8, uk_span_str(MESSAGE)), 0x6985);
	assert_sw(send_digest(key, 0xba, NOTHING), 0x6985);
	assert_sw(key_send(key, 0xb4, 1, NOTHING, UK_LE_NONE), 0x9000);
	assert_sw(send_digest(key, 0xb8, uk_span_str(MESSAGE)), 0x9000);
	assert_sw(send_digest(key, 0xb6, uk_span_str(MESSAGE)), 0x6985);
	assert_sw(send_digest(key, 0xba, uk_span_str(MESSAGE)), 0x6700);
	assert_sw(send_digest(key, 0xba, NOTHING), 0x9000);
	assert_sw(send_digest(key, 0xba, NOTHING), 0x6985);

	assert_sw(key_send(key, 0xb4, 0, NOTHING, UK_LE_NONE), 0x6a9d);
	assert_sw(key_send(key, 0xb4, 4, NOTHING, UK_LE_NONE), 0x6a9d);
	assert_sw(key_send(key, 0xb4, 0x0101, NOTHING, UK_LE_NONE), 0x6a86);
	assert_sw(key_send(key, 0xb4, 2, signer_data(key, pair, SIGNER), UK_LE_NONE), 0x6a80);
	signer = signer_data(key, pair, SIGNER);
	assert_sw(key_send(key, 0xb4, 1, uk_span_of(signer.ptr, signer.len - 1), UK_LE_NONE),
		  0x6700);
	/* a refused Init begins nothing */
	assert_sw(send_digest(key, 0xb6, uk_span_str(MESSAGE)), 0x6985);
	EVP_PKEY_free(pair);
	key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_openssls),
		cmocka_unit_test(sm3_with_the_signers_id_is_what_openssl_signs),
		cmocka_unit_test(wrong_order_and_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
