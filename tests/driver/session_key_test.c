/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SM4 keys that live in the key, through token.h; OpenSSL says what must come out. */
#include "tests/driver/desk.h"
#include "tests/driver/envelope.h"

#include <openssl/evp.h>

#define LARGE 20000 /* several commands, whole blocks */

static const struct token_cipher ecb = {.job = TOKEN_CIPHER_ENCRYPT, .alg = GM_ALG_SM4_ECB};
static const struct token_cipher cbc = {
	.job = TOKEN_CIPHER_ENCRYPT, .alg = GM_ALG_SM4_CBC, .iv = "initial vector 1"};
static const struct token_cipher mac = {
	.job = TOKEN_CIPHER_MAC, .alg = GM_ALG_SM4_MAC, .iv = "initial vector 2"};

static uint8_t plain[LARGE], got[LARGE + 1], wanted[LARGE];

/* ---- what OpenSSL says ---- */

static void
oracle(const struct token_cipher *cipher, size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *alg = cipher->alg == GM_ALG_SM4_ECB ? EVP_sm4_ecb() : EVP_sm4_cbc();
	int done = 0;

	assert_int_equal(EVP_EncryptInit_ex(ctx, alg, NULL, envelope_key(), cipher->iv), 1);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_int_equal(EVP_EncryptUpdate(ctx, wanted, &done, plain, (int)len), 1);
	assert_int_equal(done, len);
	EVP_CIPHER_CTX_free(ctx);
	if (cipher->job == TOKEN_CIPHER_MAC)
		memmove(wanted, wanted + len - GM_BLOCK_LEN, GM_BLOCK_LEN);
}

/* ---- a key in the key ---- */

static void
login(struct token *token)
{
	unsigned int tries = 99;

	assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
}

static struct token_session_key
import(struct token *token)
{
	struct token_session_key key;
	struct token_public_key to;
	struct token_wrapped_key wrapped;

	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_ENCRYPT, &to));
	wrapped = envelope_session_sm2(&to);
	assert_ok(token->ops->import_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						 &wrapped, &key));
	return key;
}

static enum uk_status
run(struct token *token, const struct token_session_key *key, const struct token_cipher *cipher,
    size_t len)
{
	struct uk_writer out = uk_writer_of(got, sizeof(got));
	size_t result = cipher->job == TOKEN_CIPHER_MAC ? GM_BLOCK_LEN : len;
	enum uk_status st;

	memset(got, 0x55, sizeof(got));
	out.len = 1;
	st = token->ops->session_cipher(token, key, cipher, uk_span_of(plain, len), &out);
	assert_int_equal(out.len, st == UK_OK ? 1 + result : 1);
	assert_int_equal(got[0], 0x55);
	return st;
}

static void
run_and_compare(struct token *token, const struct token_session_key *key,
		const struct token_cipher *cipher, size_t len)
{
	size_t result = cipher->job == TOKEN_CIPHER_MAC ? GM_BLOCK_LEN : len;

	oracle(cipher, len);
	assert_ok(run(token, key, cipher, len));
	assert_memory_equal(got + 1, wanted, result);
}

static void
run_all(struct token *token, const struct token_session_key *key)
{
	static const size_t lengths[] = {16, 32, 224, 240, 256, 4080, 4096, LARGE};

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 13 + i / 256);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		run_and_compare(token, key, &ecb, lengths[i]);
		run_and_compare(token, key, &cbc, lengths[i]);
		run_and_compare(token, key, &mac, lengths[i]);
	}
}

static void
a_wrapped_sm4_key_does_what_openssl_does(void **state)
{
	struct desk *desk = *state;
	struct token_session_key key;

	login(desk->token);
	key = import(desk->token);
	run_all(desk->token, &key);
	assert_ok(desk->token->ops->destroy_session_key(desk->token, &key));
}

static void
what_was_encrypted_is_decrypted(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_cipher back = cbc;
	struct token_session_key key;
	static uint8_t again[LARGE];
	struct uk_writer out = uk_writer_of(again, sizeof(again));

	back.job = TOKEN_CIPHER_DECRYPT;
	login(token);
	key = import(token);
	for (size_t len = 16; len <= LARGE; len = len == 16 ? LARGE : LARGE + 1) {
		assert_ok(run(token, &key, &cbc, len));
		out.len = 0;
		assert_ok(token->ops->session_cipher(token, &key, &back, uk_span_of(got + 1, len),
						     &out));
		assert_int_equal(out.len, len);
		assert_memory_equal(again, plain, len);
	}
}

static void
a_key_wrapped_by_rsa_works_as_well(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_public_key signer;
	struct token_session_key key;
	struct token_wrapped_key wrapped;
	struct envelope_rsa env;

	login(token);
	assert_ok(token->ops->public_key(token, str(RSA_CONTAINER), TOKEN_SIGN, &signer));
	env = envelope_rsa(&signer);
	assert_ok(token->ops->import_rsa(token, str(RSA_CONTAINER),
					 uk_span_of(env.wrapped, env.wrapped_len),
					 uk_span_of(env.blob, sizeof(env.blob))));
	if (strcmp(desk->model, "VC") == 0)
		login(token);
	wrapped = envelope_session_rsa(uk_span_of(env.modulus, sizeof(env.modulus)));
	assert_ok(token->ops->import_session_key(token, str(RSA_CONTAINER), GM_ALG_SM4_CBC,
						 &wrapped, &key));
	run_and_compare(token, &key, &cbc, 160);
}

static void
one_block_costs_two_commands(void **state)
{
	struct desk *desk = *state;
	struct token_session_key key;

	login(desk->token);
	key = import(desk->token);
	(void)desk_count(desk);
	run_and_compare(desk->token, &key, &cbc, 16);
	assert_int_equal(desk_count(desk), 2);
	run_and_compare(desk->token, &key, &mac, 240);
	assert_int_equal(desk_count(desk), 2);
}

/* ---- lengths, damage ---- */

static void
what_cannot_be_right_is_not_sent(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_cipher odd = ecb;
	struct uk_writer little = uk_writer_of(got, 31);
	struct token_session_key key;
	struct token_wrapped_key wrapped = {.type = TOKEN_KEY_SM2, .c2_len = 15};

	login(token);
	key = import(token);
	(void)desk_count(desk);
	assert_status(run(token, &key, &ecb, 0), UK_E_DATA_LEN);
	assert_status(run(token, &key, &cbc, 17), UK_E_DATA_LEN);
	assert_status(token->ops->session_cipher(token, &key, &ecb, uk_span_of(plain, 32), &little),
		      UK_E_DATA_LEN);
	odd.alg = GM_ALG_SM4_MAC;
	assert_status(run(token, &key, &odd, 16), UK_E_NOT_SUPPORTED);
	odd = mac;
	odd.alg = GM_ALG_SM4_CBC;
	assert_status(run(token, &key, &odd, 16), UK_E_NOT_SUPPORTED);
	assert_status(token->ops->import_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						     &wrapped, &key),
		      UK_E_ENVELOPE);
	wrapped = (struct token_wrapped_key){.type = TOKEN_KEY_RSA, .rsa = {plain, 200}};
	assert_status(token->ops->import_session_key(token, str(RSA_CONTAINER), GM_ALG_SM4_ECB,
						     &wrapped, &key),
		      UK_E_ENVELOPE);
	assert_int_equal(desk_count(desk), 0);
}

static void
a_damaged_wrapping_is_no_key(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_session_key key = {.epoch = 12345};
	struct token_public_key to;
	struct token_wrapped_key wrapped;

	login(token);
	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_ENCRYPT, &to));
	wrapped = envelope_session_sm2(&to);
	wrapped.c2[3] ^= 1;
	assert_status(token->ops->import_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						     &wrapped, &key),
		      UK_E_ENVELOPE);
	assert_int_equal(key.epoch, 12345);
	/* the signing key wraps for nobody */
	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_SIGN, &to));
	wrapped = envelope_session_sm2(&to);
	assert_status(token->ops->import_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						     &wrapped, &key),
		      UK_E_ENVELOPE);
}

static void
an_operation_broken_off_leaves_the_key_usable(void **state)
{
	struct desk *desk = *state;
	struct token_session_key key;

	login(desk->token);
	key = import(desk->token);
	desk_tell(desk, "fault ins a6 sw 6f00");
	assert_status(run(desk->token, &key, &cbc, 16), UK_E_CARD);
	run_and_compare(desk->token, &key, &cbc, 16);
	desk_tell(desk, "fault ins a8 sw 6f00");
	assert_status(run(desk->token, &key, &cbc, LARGE), UK_E_CARD);
	run_and_compare(desk->token, &key, &mac, LARGE);
	desk_tell(desk, "fault ins be noise 17 3");
	assert_status(run(desk->token, &key, &mac, 16), UK_E_REPLY);
	run_and_compare(desk->token, &key, &ecb, LARGE);
}

static void
the_ninth_key_finds_no_room(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_session_key keys[8];
	struct token_session_key ninth;
	struct token_public_key to;
	struct token_wrapped_key wrapped;

	login(token);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i] = import(token);
	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_ENCRYPT, &to));
	wrapped = envelope_session_sm2(&to);
	assert_status(token->ops->import_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						     &wrapped, &ninth),
		      UK_E_ROOM);
	assert_ok(token->ops->destroy_session_key(token, &keys[3]));
	ninth = import(token);
	run_and_compare(token, &ninth, &cbc, 32);
	run_and_compare(token, &keys[7], &cbc, 32);
}

/* ---- loss ---- */

static void
without_a_login_no_key_comes_in_or_works(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_session_key key;
	struct token_public_key to;
	struct token_wrapped_key wrapped;

	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_ENCRYPT, &to));
	wrapped = envelope_session_sm2(&to);
	assert_status(token->ops->import_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB,
						     &wrapped, &key),
		      UK_E_NOT_LOGGED_IN);
	login(token);
	key = import(token);
	assert_ok(token->ops->clear(token));
	assert_status(run(token, &key, &cbc, 16), UK_E_NOT_LOGGED_IN);
	login(token);
	run_and_compare(token, &key, &cbc, 16);
}

static void
a_destroyed_key_is_not_found(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token *other = desk_second_token(desk);
	struct token_session_key key;

	login(token);
	key = import(token);
	assert_ok(token->ops->destroy_session_key(token, &key));
	assert_status(run(token, &key, &cbc, 16), UK_E_NOT_FOUND);
	assert_status(token->ops->destroy_session_key(token, &key), UK_E_NOT_FOUND);
	/* nor is one that came in by another connection: it may be anybody's */
	key = import(token);
	(void)desk_count(desk);
	assert_status(run(other, &key, &cbc, 16), UK_E_NOT_FOUND);
	assert_int_equal(desk_count(desk), 0);
	token_close(other);
}

static void
after_a_reset_older_keys_are_gone_without_asking(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_session_key key;
	struct token_session_key fresh;

	login(token);
	key = import(token);
	desk_reset_by_other(desk);
	(void)desk_count(desk);
	assert_status(run(token, &key, &cbc, 16), UK_E_NOT_FOUND);
	assert_true(token->login_lost);
	assert_status(token->ops->destroy_session_key(token, &key), UK_E_NOT_FOUND);
	assert_int_equal(desk_count(desk), 0);
	/* the key may give the same number again: it is another one's */
	login(token);
	fresh = import(token);
	assert_int_not_equal(fresh.epoch, key.epoch);
	(void)desk_count(desk);
	assert_status(run(token, &key, &cbc, 16), UK_E_NOT_FOUND);
	assert_int_equal(desk_count(desk), 0);
	run_and_compare(token, &fresh, &cbc, 16);

	/* a reset that something else met first */
	struct token_info info;
	desk_reset_by_other(desk);
	assert_ok(token->ops->info(token, &info));
	(void)desk_count(desk);
	assert_status(token->ops->destroy_session_key(token, &fresh), UK_E_NOT_FOUND);
	assert_status(run(token, &fresh, &mac, 16), UK_E_NOT_FOUND);
	assert_int_equal(desk_count(desk), 0);

	login(token);
	key = import(token);
	desk_replug(desk);
	login(desk->token);
	fresh = import(desk->token);
	assert_status(run(desk->token, &key, &cbc, 16), UK_E_NOT_FOUND);
	run_and_compare(desk->token, &fresh, &cbc, 16);
}

static enum uk_status
whole_life(struct token *token)
{
	struct token_session_key key;
	struct token_public_key to;
	struct token_wrapped_key wrapped;
	enum uk_status st = token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_ENCRYPT, &to);

	if (st != UK_OK)
		return st;
	wrapped = envelope_session_sm2(&to);
	st = token->ops->import_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_ECB, &wrapped,
					    &key);
	if (st == UK_OK)
		st = run(token, &key, &ecb, 16);
	if (st == UK_OK)
		st = run(token, &key, &mac, LARGE);
	if (st == UK_OK)
		st = token->ops->destroy_session_key(token, &key);
	return st;
}

static void
pulled_at_any_command_it_says_removed(void **state)
{
	struct desk *desk = *state;
	struct token_info info;
	unsigned int n = 1;
	unsigned int tries = 99;

	for (;; n++) {
		char line[100];
		enum uk_status st;

		login(desk->token);
		(void)snprintf(line, sizeof(line), "fault at %u pull-%s", n,
			       n % 2 ? "before" : "after");
		desk_tell(desk, line);
		st = whole_life(desk->token);
		if (st == UK_OK && desk->token->ops->info(desk->token, &info) == UK_OK)
			break;
		assert_status(st == UK_OK ? UK_E_REMOVED : st, UK_E_REMOVED);
		assert_status(
			desk->token->ops->verify(desk->token, TOKEN_USER, str(USER_PIN), &tries),
			UK_E_REMOVED);
		assert_true(rig_await(desk->rig, 0, false, 3000));
		desk_tell(desk, "plug");
		assert_true(rig_await(desk->rig, 0, true, 3000));
		desk_reopen(desk);
		assert_true(n < 40);
	}
	assert_true(n > 8);
	desk_tell(desk, "fault clear");
	assert_ok(whole_life(desk->token));
	assert_int_equal(desk_tries(desk, "user"), 10);
}

static void
hostile_answers_end_in_an_error_and_never_worse(void **state)
{
	struct desk *desk = *state;
	static const char *const kinds[] = {"empty",      "cut 1",   "junk 300",     "noise 15 2",
					    "noise 16 4", "flip 0",  "noise 9000 5", "sw 9000",
					    "sw 6982",    "sw 6a8c", "sw 6985"};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (unsigned int n = 2; n <= 9; n++) {
			char line[100];

			login(desk->token);
			(void)snprintf(line, sizeof(line), "fault at %u %s", n, kinds[k]);
			desk_tell(desk, line);
			/* Whatever comes of it: bounded, and no sanitizer report. */
			(void)!whole_life(desk->token);
			desk_tell(desk, "fault clear");
			if (!rig_await(desk->rig, 0, true, 3000))
				fail_msg("%s at %u", kinds[k], n);
			/* what it left in the key goes with a reset */
			desk_reset_by_other(desk);
			desk_reopen(desk);
		}
	}
	login(desk->token);
	assert_ok(whole_life(desk->token));
}

#define ON(model, test)                                                                           \
	{                                                                                         \
#test " [" model "]", test, desk_setup, desk_teardown, (void *)(uintptr_t)(model) \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON("V0", a_wrapped_sm4_key_does_what_openssl_does),
		ON("VC", a_wrapped_sm4_key_does_what_openssl_does),
		ON("V1", a_wrapped_sm4_key_does_what_openssl_does),
		ON("V0", what_was_encrypted_is_decrypted),
		ON("V1", what_was_encrypted_is_decrypted),
		ON("V0", a_key_wrapped_by_rsa_works_as_well),
		ON("VC", a_key_wrapped_by_rsa_works_as_well),
		ON("V1", a_key_wrapped_by_rsa_works_as_well),
		ON("V0", one_block_costs_two_commands),
		ON("V0", what_cannot_be_right_is_not_sent),
		ON("V0", a_damaged_wrapping_is_no_key),
		ON("V0", an_operation_broken_off_leaves_the_key_usable),
		ON("V0", the_ninth_key_finds_no_room),
		ON("V0", without_a_login_no_key_comes_in_or_works),
		ON("V0", a_destroyed_key_is_not_found),
		ON("V0", after_a_reset_older_keys_are_gone_without_asking),
		ON("V0", pulled_at_any_command_it_says_removed),
		ON("V0", hostile_answers_end_in_an_error_and_never_worse),
	};

	return cmocka_run_group_tests_name("session_key", tests, desk_group_setup,
					   desk_group_teardown);
}
