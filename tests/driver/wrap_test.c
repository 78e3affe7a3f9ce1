/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the key encrypts for others: OpenSSL, or another key, must be able to open it. */
#include "tests/driver/desk.h"
#include "tests/driver/recipient.h"

#define LONG_TEXT 1500

static const struct token_cipher cbc = {
	.job = TOKEN_CIPHER_ENCRYPT, .alg = GM_ALG_SM4_CBC, .iv = "initial vector 1"};

static void
login(struct token *token)
{
	unsigned int tries = 99;

	assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
}

/* What a session key makes of 48 bytes. */
static void
cipher_of(struct token *token, const struct token_session_key *key, uint8_t out[48])
{
	static const uint8_t plain[48] = "forty-eight bytes that everybody may see, as is";
	struct uk_writer w = uk_writer_of(out, 48);

	assert_ok(token->ops->session_cipher(token, key, &cbc, uk_span_of(plain, 48), &w));
	assert_int_equal(w.len, 48);
}

static void
sm4_cbc(const uint8_t key[GM_BLOCK_LEN], uint8_t out[48])
{
	static const uint8_t plain[48] = "forty-eight bytes that everybody may see, as is";
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int done = 0;

	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_sm4_cbc(), NULL, key, cbc.iv), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, out, &done, plain, 48), 1);
	assert_int_equal(done, 48);
	EVP_CIPHER_CTX_free(ctx);
}

static size_t
open_exported(const struct recipient *who, const struct token_exported_key *made, uint8_t out[256])
{
	uint8_t cipher[TOKEN_SM2_CIPHER_OVERHEAD + GM_BLOCK_LEN];

	if (made->type == TOKEN_KEY_RSA)
		return recipient_open_rsa(who, uk_span_of(made->rsa, who->key.bits / 8), out, 256);
	memcpy(cipher, made->c1x, 32);
	memcpy(cipher + 32, made->c1y, 32);
	memcpy(cipher + 64, made->c3, 32);
	memcpy(cipher + 96, made->c2, 16);
	return recipient_open_sm2(who, uk_span_of(cipher, sizeof(cipher)), out, 256);
}

/* ---- session keys ---- */

static void
an_exported_key_is_the_one_that_openssl_unwraps(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	static const unsigned int sizes[] = {256, 1024, 2048};

	/* making a long RSA key takes longer than all else: once is enough */
	size_t count = strcmp(desk->model, "V0") == 0 ? ARRAY_SIZE(sizes) : 2;

	for (size_t i = 0; i < count; i++) {
		struct recipient who = recipient_new(sizes[i]);
		struct token_exported_key made;
		uint8_t bytes[256];
		uint8_t got[48];
		uint8_t wanted[48];

		login(token);
		assert_ok(token->ops->export_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_CBC,
							 &who.key, &made));
		assert_int_equal(made.type, who.key.type);
		assert_int_equal(open_exported(&who, &made, bytes), GM_BLOCK_LEN);
		cipher_of(token, &made.key, got);
		sm4_cbc(bytes, wanted);
		assert_memory_equal(got, wanted, sizeof(got));
		assert_ok(token->ops->destroy_session_key(token, &made.key));
		recipient_free(&who);
	}
}

static void
an_exported_key_comes_in_again(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_wrapped_key wrapped = {.type = TOKEN_KEY_SM2, .c2_len = GM_BLOCK_LEN};
	struct token_exported_key made;
	struct token_session_key again;
	struct token_public_key to;
	uint8_t got[48];
	uint8_t wanted[48];

	login(token);
	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_ENCRYPT, &to));
	(void)desk_count(desk);
	assert_ok(token->ops->export_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB, &to,
						 &made));
	assert_int_equal(desk_count(desk), 1);
	memcpy(wrapped.c1x, made.c1x, sizeof(wrapped.c1x));
	memcpy(wrapped.c1y, made.c1y, sizeof(wrapped.c1y));
	memcpy(wrapped.c3, made.c3, sizeof(wrapped.c3));
	memcpy(wrapped.c2, made.c2, sizeof(made.c2));
	assert_ok(token->ops->import_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						 &wrapped, &again));
	cipher_of(token, &made.key, got);
	cipher_of(token, &again, wanted);
	assert_memory_equal(got, wanted, sizeof(got));
}

static void
exports_that_cannot_be_leave_nothing(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct recipient who = recipient_new(256);
	struct token_exported_key made = {.key.epoch = 4711};
	struct token_public_key odd = {.type = TOKEN_KEY_RSA, .bits = 512, .exponent = 3};

	assert_status(token->ops->export_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						     &who.key, &made),
		      UK_E_NOT_LOGGED_IN);
	login(token);
	assert_status(token->ops->export_session_key(token, str("none such"), GM_ALG_SM4_ECB,
						     &who.key, &made),
		      UK_E_NOT_FOUND);
	(void)desk_count(desk);
	assert_status(token->ops->export_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						     &odd, &made),
		      UK_E_KEY_SIZE);
	assert_int_equal(desk_count(desk), 0);
	assert_status(token->ops->export_session_key(token, str(SM2_CONTAINER), GM_ALG_SM1_ECB,
						     &who.key, &made),
		      UK_E_NOT_SUPPORTED);
	/* not on the curve; a modulus that is none */
	who.key.y[31] ^= 1;
	assert_status(token->ops->export_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						     &who.key, &made),
		      UK_E_DATA);
	odd.bits = 1024;
	assert_status(token->ops->export_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						     &odd, &made),
		      UK_E_DATA);
	assert_int_equal(made.key.epoch, 4711);
	recipient_free(&who);
	/* none of them took a place */
	who = recipient_new(256);
	login(token);
	for (int i = 0; i < 8; i++)
		assert_ok(token->ops->export_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
							 &who.key, &made));
	assert_status(token->ops->export_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						     &who.key, &made),
		      UK_E_ROOM);
	recipient_free(&who);
}

static void
hostile_answers_to_an_export_are_damage(void **state)
{
	struct desk *desk = *state;
	static const char *const kinds[] = {"noise 0 1",   "noise 149 1", "noise 151 2",
					    "noise 129 3", "noise 131 4", "sw 6a9e"};
	static const unsigned int sizes[] = {256, 1024};

	login(desk->token);
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct recipient who = recipient_new(sizes[s]);

		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			struct token_exported_key made = {.key.epoch = 4711};
			char line[100];
			enum uk_status st;

			(void)snprintf(line, sizeof(line), "fault ins %s %s",
				       sizes[s] == 256 ? "78" : "5a", kinds[k]);
			desk_tell(desk, line);
			st = desk->token->ops->export_session_key(desk->token, str(SM2_CONTAINER),
								  GM_ALG_SM4_ECB, &who.key, &made);
			assert_status(st, UK_E_REPLY);
			assert_int_equal(made.key.epoch, 4711);
			desk_tell(desk, "fault clear");
			desk_reset_by_other(desk);
			desk_reopen(desk);
			login(desk->token);
		}
		recipient_free(&who);
	}
}

/* ---- data ---- */

static void
data_is_encrypted_for_anybody_without_login(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	static const size_t lengths[] = {1, 15, 16, 32, 33, 150, LONG_TEXT};
	struct recipient who = recipient_new(256);
	uint8_t plain[LONG_TEXT];
	uint8_t cipher[LONG_TEXT + TOKEN_SM2_CIPHER_OVERHEAD];
	uint8_t again[LONG_TEXT];

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 7 + 3);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i];
		struct uk_writer out = uk_writer_of(cipher, TOKEN_SM2_CIPHER_OVERHEAD + len);

		assert_ok(token->ops->encrypt_sm2(token, &who.key, uk_span_of(plain, len), &out));
		assert_int_equal(out.len, TOKEN_SM2_CIPHER_OVERHEAD + len);
		assert_int_equal(
			recipient_open_sm2(&who, uk_writer_span(&out), again, sizeof(again)), len);
		assert_memory_equal(again, plain, len);
	}
	recipient_free(&who);
}

static void
encryption_that_cannot_be_is_refused(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	static const uint8_t plain[8000];
	static uint8_t cipher[9000];
	struct recipient who = recipient_new(256);
	struct token_public_key rsa = {.type = TOKEN_KEY_RSA, .bits = 2048};
	struct uk_writer out = uk_writer_of(cipher, sizeof(cipher));
	struct uk_writer small = uk_writer_of(cipher, TOKEN_SM2_CIPHER_OVERHEAD + 15);

	assert_status(token->ops->encrypt_sm2(token, &who.key, uk_span_of(plain, 0), &out),
		      UK_E_DATA_LEN);
	assert_status(token->ops->encrypt_sm2(token, &who.key, uk_span_of(plain, 8000), &out),
		      UK_E_DATA_LEN);
	assert_status(token->ops->encrypt_sm2(token, &who.key, uk_span_of(plain, 16), &small),
		      UK_E_DATA_LEN);
	assert_status(token->ops->encrypt_sm2(token, &rsa, uk_span_of(plain, 16), &out),
		      UK_E_KEY_TYPE);
	who.key.x[0] ^= 0x40;
	assert_status(token->ops->encrypt_sm2(token, &who.key, uk_span_of(plain, 16), &out),
		      UK_E_DATA);
	who.key.x[0] ^= 0x40;
	desk_tell(desk, "fault ins 7a noise 40 1");
	assert_status(token->ops->encrypt_sm2(token, &who.key, uk_span_of(plain, 16), &out),
		      UK_E_REPLY);
	assert_int_equal(out.len, 0);
	recipient_free(&who);
}

#define ON(model, test)                                                                           \
	{                                                                                         \
#test " [" model "]", test, desk_setup, desk_teardown, (void *)(uintptr_t)(model) \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON("V0", an_exported_key_is_the_one_that_openssl_unwraps),
		ON("VC", an_exported_key_is_the_one_that_openssl_unwraps),
		ON("V1", an_exported_key_is_the_one_that_openssl_unwraps),
		ON("V0", an_exported_key_comes_in_again),
		ON("V1", an_exported_key_comes_in_again),
		ON("V0", exports_that_cannot_be_leave_nothing),
		ON("V0", hostile_answers_to_an_export_are_damage),
		ON("V0", data_is_encrypted_for_anybody_without_login),
		ON("V1", data_is_encrypted_for_anybody_without_login),
		ON("V0", encryption_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests_name("drivers: what is encrypted for others", tests,
					   desk_group_setup, desk_group_teardown);
}
