/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A blank key becomes somebody's, through token.h, and goes blank again. */
#include "drivers/crypto/crypto.h"
#include "tests/driver/desk.h"
#include "tests/driver/envelope.h"

#define DEVICE_KEY "1234567812345678"
#define NEW_KEY    "8765432187654321"
#define APP        "某单位应用"

static const struct token_new_application settings = {
	.name = {(const uint8_t *)APP, sizeof(APP) - 1},
	.admin_pin = {(const uint8_t *)ADMIN_PIN, sizeof(ADMIN_PIN) - 1},
	.user_pin = {(const uint8_t *)USER_PIN, sizeof(USER_PIN) - 1},
	.admin_tries = 5,
	.user_tries = 8,
	.create_file_rights = GM_RIGHT_USER,
};

static void
join_names(void *data, struct uk_span name)
{
	char *text = data;
	size_t used = strlen(text);

	(void)snprintf(text + used, 200 - used, "%.*s;", (int)name.len, (const char *)name.ptr);
}

static void
create_and_login(struct desk *desk)
{
	struct token *token = desk->token;
	unsigned int tries = 99;

	assert_ok(token->ops->create_application(token, str(DEVICE_KEY), &settings));
	assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
}

static void
a_blank_key_says_that_it_is_blank(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_pin_info pin;
	struct token_info info;
	char names[200] = "";
	unsigned int tries = 99;

	assert_status(token->ops->containers(token, join_names, names), UK_E_NO_APPLICATION);
	assert_status(token->ops->pin_info(token, TOKEN_USER, &pin), UK_E_NO_APPLICATION);
	assert_status(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries),
		      UK_E_NO_APPLICATION);
	assert_ok(token->ops->applications(token, join_names, names));
	assert_string_equal(names, "");
	assert_string_equal(token_application(token), "");
	assert_ok(token->ops->info(token, &info));
	assert_ok(token->ops->clear(token));
}

static void
a_wrong_device_key_creates_nothing(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	char names[200] = "";

	assert_status(token->ops->create_application(token, str(NEW_KEY), &settings),
		      UK_E_AUTH_FAILED);
	assert_status(token->ops->create_application(token, str("short"), &settings),
		      UK_E_DATA_LEN);
	assert_ok(token->ops->applications(token, join_names, names));
	assert_string_equal(names, "");
	assert_int_equal(desk_count_ins(desk, GM_INS_DEV_AUTH), 1);
}

static void
an_application_is_created_used_and_deleted(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_pin_info pin;
	char names[200] = "";

	create_and_login(desk);
	assert_string_equal(token_application(token), APP);
	assert_ok(token->ops->pin_info(token, TOKEN_USER, &pin));
	assert_int_equal(pin.max, 8);
	assert_true(pin.is_default);
	assert_ok(token->ops->pin_info(token, TOKEN_ADMIN, &pin));
	assert_int_equal(pin.max, 5);
	assert_status(token->ops->create_application(token, str(DEVICE_KEY), &settings),
		      UK_E_EXISTS);
	assert_status(token->ops->delete_application(token, str(NEW_KEY), settings.name),
		      UK_E_AUTH_FAILED);
	assert_ok(token->ops->delete_application(token, str(DEVICE_KEY), settings.name));
	assert_string_equal(token_application(token), "");
	assert_status(token->ops->containers(token, join_names, names), UK_E_NO_APPLICATION);
}

static void
the_device_key_changes(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;

	assert_status(token->ops->change_device_key(token, str(NEW_KEY), str(NEW_KEY)),
		      UK_E_AUTH_FAILED);
	assert_ok(token->ops->change_device_key(token, str(DEVICE_KEY), str(NEW_KEY)));
	assert_status(token->ops->create_application(token, str(DEVICE_KEY), &settings),
		      UK_E_AUTH_FAILED);
	assert_ok(token->ops->create_application(token, str(NEW_KEY), &settings));
}

static void
the_label_changes(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_info info;

	assert_ok(token->ops->set_label(token, str("VIRTUAL 财务室")));
	assert_ok(token->ops->info(token, &info));
	assert_string_equal(info.label, "VIRTUAL 财务室");
	assert_status(token->ops->set_label(token, str("123456789012345678901234567890123")),
		      UK_E_DATA_LEN);
}

static void
an_sm2_pair_is_made_with_both_certificates(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_public_key made;
	struct token_public_key key;
	uint8_t digest[GM_SM3_LEN] = {7};
	uint8_t rs[64];
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));
	static uint8_t der[TOKEN_CERT_MAX];
	struct uk_writer cert = uk_writer_of(der, sizeof(der));
	static const struct {
		enum token_pair pair;
		const char *name;
	} certs[] = {{TOKEN_SIGN, "sm2-sign"}, {TOKEN_ENCRYPT, "sm2-enc"}};

	create_and_login(desk);
	assert_status(token->ops->generate(token, str("none"), TOKEN_KEY_SM2, 256, &made),
		      UK_E_NOT_FOUND);
	assert_ok(token->ops->create_container(token, str("容器一")));
	assert_status(token->ops->create_container(token, str("容器一")), UK_E_EXISTS);
	assert_status(token->ops->public_key(token, str("容器一"), TOKEN_SIGN, &key),
		      UK_E_NO_KEY_PAIR);
	assert_status(token->ops->generate(token, str("容器一"), TOKEN_KEY_SM2, 384, &made),
		      UK_E_KEY_SIZE);
	assert_ok(token->ops->generate(token, str("容器一"), TOKEN_KEY_SM2, 256, &made));
	assert_ok(token->ops->public_key(token, str("容器一"), TOKEN_SIGN, &key));
	assert_memory_equal(made.x, key.x, 32);
	assert_memory_equal(made.y, key.y, 32);
	assert_ok(token->ops->sign_sm2(token, str("容器一"), uk_span_of(digest, 32), &out));
	assert_ok(crypto_sm2_verify(key.x, key.y, uk_span_of(digest, 32), uk_span_of(rs, 64)));

	if (strcmp(desk->model, "VC") == 0) {
		unsigned int tries;

		assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
	}
	for (size_t i = 0; i < ARRAY_SIZE(certs); i++) {
		const struct desk_file *file = desk_cert(certs[i].name);

		assert_ok(token->ops->import_certificate(token, str("容器一"), certs[i].pair,
							 uk_span_of(file->bytes, file->len)));
	}
	for (size_t i = 0; i < ARRAY_SIZE(certs); i++) {
		const struct desk_file *file = desk_cert(certs[i].name);

		cert.len = 0;
		assert_ok(token->ops->certificate(token, str("容器一"), certs[i].pair, &cert));
		assert_int_equal(cert.len, file->len);
		assert_memory_equal(der, file->bytes, file->len);
	}
	assert_ok(token->ops->delete_container(token, str("容器一")));
	assert_status(token->ops->public_key(token, str("容器一"), TOKEN_SIGN, &key),
		      UK_E_NOT_FOUND);
	assert_status(token->ops->delete_container(token, str("容器一")), UK_E_NOT_FOUND);
}

static void
rsa_pairs_are_made_in_both_sizes(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;

	create_and_login(desk);
	for (unsigned int bits = 1024; bits <= 2048; bits *= 2) {
		struct token_public_key made;
		struct token_public_key key;
		uint8_t signature[GM_RSA_MAX];
		struct uk_writer out = uk_writer_of(signature, sizeof(signature));
		unsigned int tries;

		assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
		assert_ok(token->ops->create_container(token, str("rsa")));
		assert_ok(token->ops->generate(token, str("rsa"), TOKEN_KEY_RSA, bits, &made));
		assert_ok(token->ops->public_key(token, str("rsa"), TOKEN_SIGN, &key));
		assert_int_equal(key.bits, bits);
		assert_int_equal(made.exponent, key.exponent);
		assert_memory_equal(made.modulus, key.modulus, bits / 8);
		assert_ok(token->ops->sign_rsa(token, str("rsa"), str("message"), &out));
		assert_ok(crypto_rsa_verify(uk_span_of(key.modulus, bits / 8), key.exponent,
					    str("message"), uk_writer_span(&out)));
		assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
		assert_ok(token->ops->delete_container(token, str("rsa")));
	}
}

static void
enveloped_sm2_pairs_come_in_both_alignments(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;

	create_and_login(desk);
	for (int low = 0; low < 2; low++) {
		const char *name = low ? "low" : "high";
		struct token_public_key made;
		struct token_public_key key;
		struct token_envelope env;

		assert_ok(token->ops->create_container(token, str(name)));
		assert_ok(token->ops->generate(token, str(name), TOKEN_KEY_SM2, 256, &made));
		env = envelope_sm2(&made, low == 1);
		assert_ok(token->ops->import_sm2(token, str(name), &env));
		assert_ok(token->ops->public_key(token, str(name), TOKEN_ENCRYPT, &key));
		assert_memory_equal(key.x, env.x, 32);
		assert_memory_equal(key.y, env.y, 32);
		env.c3[0] ^= 1;
		assert_int_not_equal(token->ops->import_sm2(token, str(name), &env), UK_OK);
		env.sym_alg = GM_ALG_SM1_ECB;
		assert_status(token->ops->import_sm2(token, str(name), &env), UK_E_ENVELOPE);
	}
}

static void
a_wrapped_rsa_pair_comes_in(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_public_key made;
	struct token_public_key key;
	struct envelope_rsa env;

	create_and_login(desk);
	assert_ok(token->ops->create_container(token, str("rsa")));
	assert_ok(token->ops->generate(token, str("rsa"), TOKEN_KEY_RSA, 2048, &made));
	env = envelope_rsa(&made);
	assert_ok(token->ops->import_rsa(token, str("rsa"),
					 uk_span_of(env.wrapped, env.wrapped_len),
					 uk_span_of(env.blob, sizeof(env.blob))));
	assert_ok(token->ops->public_key(token, str("rsa"), TOKEN_ENCRYPT, &key));
	assert_int_equal(key.bits, 2048);
	assert_memory_equal(key.modulus, env.modulus, 256);
	assert_status(token->ops->import_rsa(token, str("rsa"),
					     uk_span_of(env.wrapped, env.wrapped_len),
					     uk_span_of(env.blob, 100)),
		      UK_E_ENVELOPE);
}

static void
nothing_is_written_without_login(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_public_key key;
	const struct desk_file *cert = desk_cert("sm2-sign");
	unsigned int tries;

	assert_ok(token->ops->create_application(token, str(DEVICE_KEY), &settings));
	assert_status(token->ops->create_container(token, str("c")), UK_E_NOT_LOGGED_IN);
	assert_status(token->ops->delete_container(token, str("c")), UK_E_NOT_LOGGED_IN);
	assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
	assert_ok(token->ops->create_container(token, str("c")));
	assert_ok(token->ops->clear(token));
	assert_status(token->ops->generate(token, str("c"), TOKEN_KEY_SM2, 256, &key),
		      UK_E_NOT_LOGGED_IN);
	assert_status(token->ops->import_certificate(token, str("c"), TOKEN_SIGN,
						     uk_span_of(cert->bytes, cert->len)),
		      UK_E_NOT_LOGGED_IN);
}

#define ON(model, test)                                                      \
	{                                                                    \
#test " [" model "]", test, desk_setup_blank, desk_teardown, \
			(void *)(uintptr_t)(model)                           \
	}
#define ON_ALL(test) ON("V0", test), ON("VC", test), ON("V1", test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_ALL(a_blank_key_says_that_it_is_blank),
		ON_ALL(a_wrong_device_key_creates_nothing),
		ON_ALL(an_application_is_created_used_and_deleted),
		ON_ALL(the_device_key_changes),
		ON_ALL(the_label_changes),
		ON_ALL(an_sm2_pair_is_made_with_both_certificates),
		ON_ALL(rsa_pairs_are_made_in_both_sizes),
		ON_ALL(enveloped_sm2_pairs_come_in_both_alignments),
		ON_ALL(a_wrapped_rsa_pair_comes_in),
		ON("V0", nothing_is_written_without_login),
	};

	return cmocka_run_group_tests_name("issue", tests, desk_group_setup, desk_group_teardown);
}
