/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a key does through token.h: the real pcscd, the reader driver, a key in another process. */
#include "drivers/crypto/crypto.h"
#include "tests/driver/desk.h"
#include "tests/rig/process.h"

struct names {
	char text[400];
	size_t count;
};

static void
collect(void *data, struct uk_span name)
{
	struct names *names = data;
	size_t used = strlen(names->text);

	(void)snprintf(names->text + used, sizeof(names->text) - used, "%.*s;", (int)name.len,
		       (const char *)name.ptr);
	names->count++;
}

static void
sign_sm2_and_check(struct desk *desk)
{
	struct token *token = desk->token;
	struct token_public_key key;
	uint8_t digest[GM_SM3_LEN];
	uint8_t rs[64];
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));

	assert_ok(crypto_hash(CRYPTO_SM3, str("message"), digest));
	assert_ok(token->ops->sign_sm2(token, str(SM2_CONTAINER),
				       uk_span_of(digest, sizeof(digest)), &out));
	assert_int_equal(out.len, 64);
	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_SIGN, &key));
	assert_ok(crypto_sm2_verify(key.x, key.y, uk_span_of(digest, sizeof(digest)),
				    uk_span_of(rs, sizeof(rs))));
	rs[5] ^= 1;
	assert_status(crypto_sm2_verify(key.x, key.y, uk_span_of(digest, sizeof(digest)),
					uk_span_of(rs, sizeof(rs))),
		      UK_E_SIGNATURE);
}

static void
login(struct desk *desk)
{
	unsigned int tries = 99;

	assert_ok(desk->token->ops->verify(desk->token, TOKEN_USER, str(USER_PIN), &tries));
	assert_int_equal(tries, 99);
}

static void
readers_are_listed_without_a_word_to_the_key(void **state)
{
	struct desk *desk = *state;
	const struct token_model_info *info = token_model_info(desk->reader.model);

	assert_int_equal(desk_count(desk), 0);
	assert_true(desk->reader.present);
	assert_non_null(strstr(info->name, desk->model));
	assert_true((info->flags & TOKEN_MODEL_VIRTUAL) != 0);
	assert_true((info->flags & TOKEN_MODEL_VERIFIED) != 0);
}

static void
device_data_says_that_the_key_is_virtual(void **state)
{
	struct desk *desk = *state;
	struct token_info info;

	assert_ok(desk->token->ops->info(desk->token, &info));
	assert_string_equal(info.manufacturer, "OpenUKey (virtual)");
	assert_int_equal(strncmp(info.label, "VIRTUAL", 7), 0);
	assert_true(strlen(info.serial) > 0);
	assert_true(info.total_space >= info.free_space && info.free_space > 0);
	assert_true(info.max_containers > 0);
	assert_int_equal(desk_count(desk), 1);
}

static void
a_key_and_its_certificates_are_listed_cheaply(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct names names = {0};
	uint8_t der[TOKEN_CERT_MAX];
	struct uk_writer out = uk_writer_of(der, sizeof(der));
	static const struct {
		const char *container;
		enum token_pair pair;
		const char *cert;
	} wanted[] = {
		{SM2_CONTAINER, TOKEN_SIGN, "sm2-sign"},
		{SM2_CONTAINER, TOKEN_ENCRYPT, "sm2-enc"},
		{RSA_CONTAINER, TOKEN_SIGN, "rsa-sign"},
	};

	assert_ok(token->ops->containers(token, collect, &names));
	assert_string_equal(names.text, "sm2;rsa;");
	assert_string_equal(token_application(token), "OpenUKey-Rehearsal");
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const struct desk_file *cert = desk_cert(wanted[i].cert);

		out.len = 0;
		assert_ok(token->ops->certificate(token, str(wanted[i].container), wanted[i].pair,
						  &out));
		assert_int_equal(out.len, cert->len);
		assert_memory_equal(der, cert->bytes, cert->len);
	}
	out.len = 0;
	assert_status(token->ops->certificate(token, str(RSA_CONTAINER), TOKEN_ENCRYPT, &out),
		      UK_E_NO_CERT);
	assert_int_equal(out.len, 0);
	assert_status(token->ops->certificate(token, str("none"), TOKEN_SIGN, &out),
		      UK_E_NOT_FOUND);
	/* open application, list; then open and two exports each; one more for the name not there
	 */
	assert_int_equal(desk_count(desk), 2 + 2 * 3 + 1);
}

static void
a_certificate_in_many_chunks_is_put_together(void **state)
{
	struct desk *desk = *state;
	struct token *token;
	const struct desk_file *cert = desk_cert("rsa-sign");
	const char *options[] = {"--max-answer", "100", NULL};
	uint8_t der[TOKEN_CERT_MAX];
	struct uk_writer out = uk_writer_of(der, sizeof(der));

	assert_true(rig_pull(desk->rig, 0));
	assert_true(rig_plug(desk->rig, 0, desk->key_state, options));
	desk_reopen(desk);
	token = desk->token;
	(void)desk_count(desk);
	assert_ok(token->ops->certificate(token, str(RSA_CONTAINER), TOKEN_SIGN, &out));
	assert_int_equal(out.len, cert->len);
	assert_memory_equal(der, cert->bytes, cert->len);
	assert_int_equal(desk_count(desk), 2 + (cert->len + 4 + 99) / 100);
}

static void
public_keys_are_those_of_the_certificates(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct crypto_cert cert;
	struct token_public_key key;

	assert_ok(crypto_cert_read(
		uk_span_of(desk_cert("sm2-enc")->bytes, desk_cert("sm2-enc")->len), &cert));
	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_ENCRYPT, &key));
	assert_int_equal(key.type, TOKEN_KEY_SM2);
	assert_memory_equal(key.x, cert.x, sizeof(key.x));
	assert_memory_equal(key.y, cert.y, sizeof(key.y));
	crypto_cert_clear(&cert);

	assert_ok(crypto_cert_read(
		uk_span_of(desk_cert("rsa-sign")->bytes, desk_cert("rsa-sign")->len), &cert));
	assert_ok(token->ops->public_key(token, str(RSA_CONTAINER), TOKEN_SIGN, &key));
	assert_int_equal(key.type, TOKEN_KEY_RSA);
	assert_int_equal(key.bits, 2048);
	assert_int_equal(key.exponent, 65537);
	assert_memory_equal(key.modulus, cert.modulus, 256);
	crypto_cert_clear(&cert);
	assert_status(token->ops->public_key(token, str(RSA_CONTAINER), TOKEN_ENCRYPT, &key),
		      UK_E_NO_KEY_PAIR);
}

static void
login_and_sign_takes_three_commands_and_again_one(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct names names = {0};
	uint8_t rs[64] = {0};
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));
	struct uk_span digest = uk_span_of(desk_cert("sm2-sign")->bytes, GM_SM3_LEN);
	struct token_public_key key;

	assert_ok(token->ops->containers(token, collect, &names));
	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_SIGN, &key));
	(void)desk_count(desk);
	login(desk);
	assert_ok(token->ops->sign_sm2(token, str(SM2_CONTAINER), digest, &out));
	assert_int_equal(desk_count(desk), 3);
	if (strcmp(desk->model, "VC") == 0) {
		assert_status(token->ops->sign_sm2(token, str(SM2_CONTAINER), digest, &out),
			      UK_E_NOT_LOGGED_IN);
		assert_true(token->login_lost);
		return;
	}
	out.len = 0;
	assert_ok(token->ops->sign_sm2(token, str(SM2_CONTAINER), digest, &out));
	assert_int_equal(desk_count(desk), 1);
}

static void
sm2_signatures_check_out(void **state)
{
	struct desk *desk = *state;

	login(desk);
	sign_sm2_and_check(desk);
}

static void
rsa_signatures_check_out(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_public_key key;
	uint8_t digest[CRYPTO_HASH_MAX];
	uint8_t info_bytes[CRYPTO_HASH_MAX + 19];
	struct uk_writer info = uk_writer_of(info_bytes, sizeof(info_bytes));
	uint8_t signature[256];
	struct uk_writer out = uk_writer_of(signature, sizeof(signature));

	login(desk);
	assert_ok(crypto_hash(CRYPTO_SHA256, str("message"), digest));
	assert_ok(crypto_digest_info(CRYPTO_SHA256, uk_span_of(digest, 32), &info));
	assert_ok(token->ops->sign_rsa(token, str(RSA_CONTAINER), uk_writer_span(&info), &out));
	assert_ok(token->ops->public_key(token, str(RSA_CONTAINER), TOKEN_SIGN, &key));
	assert_ok(crypto_rsa_verify(uk_span_of(key.modulus, 256), key.exponent,
				    uk_writer_span(&info), uk_writer_span(&out)));
	signature[9] ^= 1;
	assert_status(crypto_rsa_verify(uk_span_of(key.modulus, 256), key.exponent,
					uk_writer_span(&info), uk_writer_span(&out)),
		      UK_E_SIGNATURE);
}

static void
signing_without_login_is_refused(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	uint8_t rs[64];
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));
	struct uk_span digest = uk_span_of(desk_cert("sm2-sign")->bytes, GM_SM3_LEN);

	assert_status(token->ops->sign_sm2(token, str(SM2_CONTAINER), digest, &out),
		      UK_E_NOT_LOGGED_IN);
	assert_int_equal(out.len, 0);
	login(desk);
	assert_false(token->login_lost);
	assert_ok(token->ops->clear(token));
	assert_status(token->ops->sign_sm2(token, str(SM2_CONTAINER), digest, &out),
		      UK_E_NOT_LOGGED_IN);
	assert_true(token->login_lost);
}

static void
ten_wrong_pins_count_down_and_lock(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_pin_info info;
	unsigned int tries = 99;

	for (unsigned int left = 9; left > 0; left--) {
		assert_status(token->ops->verify(token, TOKEN_USER, str(WRONG_PIN), &tries),
			      UK_E_PIN_WRONG);
		assert_int_equal(tries, left);
		assert_ok(token->ops->pin_info(token, TOKEN_USER, &info));
		assert_int_equal(info.left, left);
		assert_int_equal(info.max, 10);
	}
	for (int i = 0; i < 2; i++) {
		tries = 99;
		assert_status(token->ops->verify(token, TOKEN_USER, str(WRONG_PIN), &tries),
			      UK_E_PIN_LOCKED);
		assert_int_equal(tries, 0);
	}
	assert_status(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries),
		      UK_E_PIN_LOCKED);
	/* each of the twelve was sent once, none again */
	assert_int_equal(desk_count_ins(desk, GM_INS_VERIFY_PIN), 12);
}

static void
a_pin_of_a_length_that_cannot_be_right_costs_no_try(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	unsigned int tries = 99;

	assert_status(token->ops->verify(token, TOKEN_USER, str("12345"), &tries), UK_E_PIN_LEN);
	assert_status(token->ops->verify(token, TOKEN_USER, str("12345678901234567"), &tries),
		      UK_E_PIN_LEN);
	assert_status(
		token->ops->change_pin(token, TOKEN_USER, str(USER_PIN), str("12345"), &tries),
		UK_E_PIN_LEN);
	assert_int_equal(tries, 99);
	assert_int_equal(desk_count(desk), 0);
}

static void
new_pins_of_every_length_work(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_pin_info info;
	char old_pin[GM_PIN_MAX + 1] = USER_PIN;
	char new_pin[GM_PIN_MAX + 1];
	unsigned int tries = 99;

	assert_ok(token->ops->pin_info(token, TOKEN_USER, &info));
	assert_true(info.is_default);
	for (size_t len = GM_PIN_MIN; len <= GM_PIN_MAX; len++) {
		for (size_t i = 0; i < len; i++)
			new_pin[i] = (char)('a' + (len + i) % 26);
		new_pin[len] = '\0';
		assert_ok(token->ops->change_pin(token, TOKEN_USER, str(old_pin), str(new_pin),
						 &tries));
		assert_ok(token->ops->verify(token, TOKEN_USER, str(new_pin), &tries));
		memcpy(old_pin, new_pin, sizeof(old_pin));
	}
	assert_status(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries), UK_E_PIN_WRONG);
	assert_ok(token->ops->pin_info(token, TOKEN_USER, &info));
	assert_false(info.is_default);
	tries = 99;
	assert_status(token->ops->change_pin(token, TOKEN_USER, str(WRONG_PIN), str("another-one"),
					     &tries),
		      UK_E_PIN_WRONG);
	assert_int_equal(tries, 8);
}

static void
an_administrator_unlocks_a_locked_pin(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_pin_info info;
	unsigned int tries = 99;

	for (int i = 0; i < 10; i++)
		(void)!token->ops->verify(token, TOKEN_USER, str(WRONG_PIN), &tries);
	assert_status(token->ops->unblock(token, str("fresh-pin"), &tries), UK_E_NOT_LOGGED_IN);
	assert_ok(token->ops->verify(token, TOKEN_ADMIN, str(ADMIN_PIN), &tries));
	assert_ok(token->ops->unblock(token, str("fresh-pin"), &tries));
	assert_ok(token->ops->clear(token));
	assert_status(token->ops->unblock(token, str("fresh-pin"), &tries), UK_E_NOT_LOGGED_IN);
	assert_ok(token->ops->pin_info(token, TOKEN_USER, &info));
	assert_int_equal(info.left, 10);
	assert_ok(token->ops->verify(token, TOKEN_USER, str("fresh-pin"), &tries));
	sign_sm2_and_check(desk);
	assert_int_equal(desk_tries(desk, "admin"), 10);
}

static void
unblocking_still_works_after_the_admin_pin_changed(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	unsigned int tries = 99;

	assert_ok(token->ops->verify(token, TOKEN_ADMIN, str(ADMIN_PIN), &tries));
	assert_ok(token->ops->change_pin(token, TOKEN_ADMIN, str(ADMIN_PIN),
					 str("new-admin-pin-16"), &tries));
	assert_ok(token->ops->unblock(token, str("fresh-pin"), &tries));
	assert_int_equal(desk_tries(desk, "admin"), 10);
	token->ops->forget(token);
	assert_status(token->ops->unblock(token, str("fresh-pin"), &tries), UK_E_NOT_LOGGED_IN);
}

static void
verify_once_allows_exactly_one_signature(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	uint8_t rs[64];
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));
	struct uk_span digest = uk_span_of(desk_cert("sm2-sign")->bytes, GM_SM3_LEN);
	struct token_public_key key;
	unsigned int tries = 99;
	bool key_clears = strcmp(desk->model, "VC") == 0;

	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_SIGN, &key));
	(void)desk_count(desk);
	for (int i = 0; i < 2; i++) {
		out.len = 0;
		assert_ok(token->ops->verify_once(token, str(USER_PIN), &tries));
		assert_ok(token->ops->sign_sm2(token, str(SM2_CONTAINER), digest, &out));
		token->ops->release(token);
		assert_int_equal(desk_count(desk), key_clears ? 3 : 4);
	}
	assert_status(token->ops->sign_sm2(token, str(SM2_CONTAINER), digest, &out),
		      UK_E_NOT_LOGGED_IN);
	assert_status(token->ops->verify_once(token, str(WRONG_PIN), &tries), UK_E_PIN_WRONG);
	assert_int_equal(tries, 9);
}

static void
verify_once_is_over_after_half_a_second(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	uint8_t rs[64];
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));
	struct uk_span digest = uk_span_of(desk_cert("sm2-sign")->bytes, GM_SM3_LEN);
	unsigned int tries = 99;

	assert_ok(token->ops->verify_once(token, str(USER_PIN), &tries));
	process_sleep_ms(600);
	assert_status(token->ops->sign_sm2(token, str(SM2_CONTAINER), digest, &out),
		      UK_E_NOT_LOGGED_IN);
	/* and the key has been let go of, with no right left on it */
	assert_status(token->ops->sign_sm2(token, str(SM2_CONTAINER), digest, &out),
		      UK_E_NOT_LOGGED_IN);
	token->ops->release(token);
}

static void
random_bytes_come_in_any_number(void **state)
{
	struct desk *desk = *state;
	uint8_t bytes[1000] = {0};
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
	uint8_t zeros[16] = {0};

	assert_ok(desk->token->ops->random(desk->token, &out, sizeof(bytes)));
	assert_int_equal(out.len, sizeof(bytes));
	assert_memory_not_equal(bytes + sizeof(bytes) - 16, zeros, 16);
	assert_status(desk->token->ops->random(desk->token, &out, 1), UK_E_DATA_LEN);
}

/* The reset is met at the first command; what comes after it must be as many bytes as ever. */
static void
random_bytes_are_all_there_after_a_reset(void **state)
{
	struct desk *desk = *state;
	static const size_t lengths[] = {8, 32, 1000};
	const uint8_t zeros[8] = {0};
	struct token_info info;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		uint8_t bytes[1000] = {0};
		struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));

		assert_ok(desk->token->ops->info(desk->token, &info));
		desk_reset_by_other(desk);
		assert_ok(desk->token->ops->random(desk->token, &out, lengths[i]));
		assert_int_equal(out.len, lengths[i]);
		assert_memory_not_equal(bytes, zeros, 8);
		assert_memory_not_equal(bytes + lengths[i] - 8, zeros, 8);
	}
}

#define ON(model, test)                                                                           \
	{                                                                                         \
#test " [" model "]", test, desk_setup, desk_teardown, (void *)(uintptr_t)(model) \
	}
#define ON_ALL(test) ON("V0", test), ON("VC", test), ON("V1", test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_ALL(readers_are_listed_without_a_word_to_the_key),
		ON_ALL(device_data_says_that_the_key_is_virtual),
		ON_ALL(a_key_and_its_certificates_are_listed_cheaply),
		ON_ALL(a_certificate_in_many_chunks_is_put_together),
		ON_ALL(public_keys_are_those_of_the_certificates),
		ON_ALL(login_and_sign_takes_three_commands_and_again_one),
		ON_ALL(sm2_signatures_check_out),
		ON_ALL(rsa_signatures_check_out),
		ON_ALL(signing_without_login_is_refused),
		ON_ALL(ten_wrong_pins_count_down_and_lock),
		ON("V0", a_pin_of_a_length_that_cannot_be_right_costs_no_try),
		ON_ALL(new_pins_of_every_length_work),
		ON_ALL(an_administrator_unlocks_a_locked_pin),
		ON_ALL(unblocking_still_works_after_the_admin_pin_changed),
		ON_ALL(verify_once_allows_exactly_one_signature),
		ON("V0", verify_once_is_over_after_half_a_second),
		ON("VC", verify_once_is_over_after_half_a_second),
		ON_ALL(random_bytes_come_in_any_number),
		ON("V0", random_bytes_are_all_there_after_a_reset),
	};

	return cmocka_run_group_tests_name("token", tests, desk_group_setup, desk_group_teardown);
}
