/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that are pulled, reset, answer wrongly, or are used by somebody else at the same time. */
#include "tests/driver/desk.h"
#include "tests/rig/process.h"

static void
ignore_name(void *data, struct uk_span name)
{
	(void)data;
	(void)name;
}

/* ---- operations, as rows ---- */

static enum uk_status
do_info(struct token *token)
{
	struct token_info info;

	return token->ops->info(token, &info);
}

static enum uk_status
do_applications(struct token *token)
{
	return token->ops->applications(token, ignore_name, NULL);
}

static enum uk_status
do_containers(struct token *token)
{
	return token->ops->containers(token, ignore_name, NULL);
}

static enum uk_status
do_pin_info(struct token *token)
{
	struct token_pin_info info;

	return token->ops->pin_info(token, TOKEN_USER, &info);
}

static enum uk_status
do_certificate(struct token *token)
{
	static uint8_t der[TOKEN_CERT_MAX];
	struct uk_writer out = uk_writer_of(der, sizeof(der));
	enum uk_status st = token->ops->certificate(token, str(SM2_CONTAINER), TOKEN_SIGN, &out);

	assert_true(st == UK_OK || out.len == 0);
	return st;
}

static enum uk_status
do_public_key(struct token *token)
{
	struct token_public_key key;

	return token->ops->public_key(token, str(RSA_CONTAINER), TOKEN_SIGN, &key);
}

static enum uk_status
do_random(struct token *token)
{
	uint8_t bytes[200];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));

	return token->ops->random(token, &out, sizeof(bytes));
}

static enum uk_status
do_verify(struct token *token)
{
	unsigned int tries = 99;

	return token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries);
}

static enum uk_status
do_verify_wrong(struct token *token)
{
	unsigned int tries = 99;

	return token->ops->verify(token, TOKEN_USER, str(WRONG_PIN), &tries);
}

static enum uk_status
do_sign(struct token *token)
{
	uint8_t digest[GM_SM3_LEN] = {1};
	uint8_t rs[64];
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));

	return token->ops->sign_sm2(token, str(SM2_CONTAINER), uk_span_of(digest, sizeof(digest)),
				    &out);
}

static enum uk_status
do_sign_rsa(struct token *token)
{
	uint8_t rs[256];
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));

	return token->ops->sign_rsa(token, str(RSA_CONTAINER), str("a DigestInfo"), &out);
}

static enum uk_status
do_once(struct token *token)
{
	unsigned int tries = 99;
	enum uk_status st = token->ops->verify_once(token, str(USER_PIN), &tries);

	if (st == UK_OK)
		st = do_sign(token);
	token->ops->release(token);
	return st;
}

static const struct {
	const char *name;
	enum uk_status (*run)(struct token *token);
	bool login; /* needed first */
} rows[] = {
	{"info", do_info, false},
	{"applications", do_applications, false},
	{"containers", do_containers, false},
	{"pin_info", do_pin_info, false},
	{"certificate", do_certificate, false},
	{"public_key", do_public_key, false},
	{"random", do_random, false},
	{"verify", do_verify, false},
	{"sign_sm2", do_sign, true},
	{"sign_rsa", do_sign_rsa, true},
	{"verify_once", do_once, false},
};

static void
fault(struct desk *desk, const char *where, unsigned int at, const char *kind)
{
	char line[100];

	(void)snprintf(line, sizeof(line), "fault %s %02x %s", where, at, kind);
	if (strcmp(where, "at") == 0)
		(void)snprintf(line, sizeof(line), "fault at %u %s", at, kind);
	desk_tell(desk, line);
}

static void
come_back(struct desk *desk)
{
	assert_true(rig_await(desk->rig, 0, false, 3000));
	desk_tell(desk, "plug");
	assert_true(rig_await(desk->rig, 0, true, 3000));
	desk_reopen(desk);
}

/* ---- pulled ---- */

static void
pulled_at_any_command_every_operation_says_removed(void **state)
{
	struct desk *desk = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned int n = 1;; n++) {
			enum uk_status st;

			if (rows[i].login)
				assert_ok(do_verify(desk->token));
			fault(desk, "at", n, n % 2 ? "pull-before" : "pull-after");
			st = rows[i].run(desk->token);
			if (st == UK_OK && do_info(desk->token) == UK_OK)
				break;
			if (st == UK_OK) /* in the clearing up, which has nothing to say */
				st = UK_E_REMOVED;
			if (st != UK_E_REMOVED)
				print_error("%s, command %u\n", rows[i].name, n);
			assert_status(st, UK_E_REMOVED);
			assert_status(do_info(desk->token), UK_E_REMOVED);
			come_back(desk);
			assert_true(n < 10);
		}
		desk_tell(desk, "fault clear");
		desk_reopen(desk);
	}
	assert_int_equal(desk_tries(desk, "user"), 10);
}

static void
pulling_the_key_before_the_pin_is_sent_costs_no_try(void **state)
{
	struct desk *desk = *state;

	for (unsigned int n = 1; n <= 3; n++) { /* open, random, verify */
		fault(desk, "at", n, "pull-before");
		assert_status(do_verify_wrong(desk->token), UK_E_REMOVED);
		come_back(desk);
		assert_int_equal(desk_tries(desk, "user"), 10);
	}
	/* Once the key has seen it, it counts; and it is not sent again. */
	(void)desk_count(desk);
	fault(desk, "ins", GM_INS_VERIFY_PIN, "pull-after");
	assert_status(do_verify_wrong(desk->token), UK_E_REMOVED);
	come_back(desk);
	assert_int_equal(desk_count_ins(desk, GM_INS_VERIFY_PIN), 1);
	assert_int_equal(desk_tries(desk, "user"), 9);
}

/* ---- reset by another program ---- */

static void
after_a_reset_signing_says_so_and_a_new_login_works(void **state)
{
	struct desk *desk = *state;

	assert_ok(do_verify(desk->token));
	assert_ok(do_sign(desk->token));
	desk_reset_by_other(desk);
	assert_false(desk->token->login_lost);
	(void)desk_count(desk);
	assert_status(do_sign(desk->token), UK_E_RESET);
	assert_true(desk->token->login_lost);
	assert_int_equal(desk_count(desk), 0);
	assert_status(do_sign(desk->token), UK_E_NOT_LOGGED_IN);
	assert_int_equal(desk_count_ins(desk, GM_INS_VERIFY_PIN), 0);
	assert_ok(do_verify(desk->token));
	assert_false(desk->token->login_lost);
	assert_ok(do_sign(desk->token));
}

static void
after_a_reset_reading_and_login_just_go_on(void **state)
{
	struct desk *desk = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].login)
			continue;
		assert_ok(do_certificate(desk->token));
		desk_reset_by_other(desk);
		if (rows[i].run(desk->token) != UK_OK)
			fail_msg("%s after a reset", rows[i].name);
	}
}

static void
a_reset_takes_the_administrators_right(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	unsigned int tries = 99;

	assert_ok(token->ops->verify(token, TOKEN_ADMIN, str(ADMIN_PIN), &tries));
	desk_reset_by_other(desk);
	assert_status(token->ops->unblock(token, str("fresh-pin"), &tries), UK_E_RESET);
	assert_status(token->ops->unblock(token, str("fresh-pin"), &tries), UK_E_NOT_LOGGED_IN);
	assert_int_equal(desk_count_ins(desk, GM_INS_UNBLOCK_PIN), 0);
}

/* ---- two programs ---- */

static void
another_programs_logout_is_noticed(void **state)
{
	struct desk *desk = *state;
	struct token *other = desk_second_token(desk);

	assert_ok(do_verify(desk->token));
	assert_ok(do_containers(other));
	assert_ok(other->ops->clear(other));
	assert_false(desk->token->login_lost);
	assert_status(do_sign(desk->token), UK_E_NOT_LOGGED_IN);
	assert_true(desk->token->login_lost);
	token_close(other);
}

static void
a_key_that_another_program_opened_for_itself_says_busy(void **state)
{
	struct desk *desk = *state;
	const char *options[] = {"--reopen-error", NULL};
	struct token *other;

	assert_true(rig_pull(desk->rig, 0));
	assert_true(rig_plug(desk->rig, 0, desk->key_state, options));
	desk_reopen(desk);
	other = desk_second_token(desk);
	assert_ok(do_certificate(desk->token));
	assert_ok(do_certificate(desk->token));
	assert_status(do_certificate(other), UK_E_BUSY);
	token_close(other);
}

/* ---- status words ---- */

static void
nothing_with_a_pin_is_sent_twice(void **state)
{
	struct desk *desk = *state;
	static const struct {
		const char *kind;
		enum uk_status wanted;
	} answers[] = {
		{"sw 63c5", UK_E_PIN_WRONG},   {"sw 63c0", UK_E_PIN_LOCKED},
		{"sw 6983", UK_E_PIN_LOCKED},  {"sw 6c10", UK_E_CARD},
		{"sw 6984", UK_E_RANDOM_USED}, {"sw 6988", UK_E_MAC},
		{"sw 698a", UK_E_RESET},       {"sw 6982", UK_E_NOT_LOGGED_IN},
		{"sw 6700", UK_E_DATA_LEN},    {"sw 6f00", UK_E_CARD},
		{"empty", UK_E_TIMEOUT},       {"cut 1", UK_E_TIMEOUT},
		{"noise 4 7", UK_E_REPLY},     {"sw 6a9e", UK_E_REPLY},
	};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		enum uk_status st;

		(void)desk_count(desk);
		fault(desk, "ins", GM_INS_VERIFY_PIN, answers[i].kind);
		st = do_verify(desk->token);
		/* how the reader reports what is no answer at all is its own affair */
		if (answers[i].wanted == UK_E_TIMEOUT)
			assert_true(st == UK_E_TIMEOUT || st == UK_E_REPLY || st == UK_E_REMOVED);
		else
			assert_status(st, answers[i].wanted);
		assert_int_equal(desk_count_ins(desk, GM_INS_VERIFY_PIN), 1);
		desk_tell(desk, "fault clear");
		/* after no answer at all the reader starts the key anew */
		assert_true(rig_await(desk->rig, 0, true, 3000));
		desk_reopen(desk);
	}
	assert_int_equal(desk_tries(desk, "user"), 10);
}

static void
tries_are_told_as_the_key_told_them(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	unsigned int tries = 99;

	fault(desk, "ins", GM_INS_VERIFY_PIN, "sw 63c5");
	assert_status(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries), UK_E_PIN_WRONG);
	assert_int_equal(tries, 5);
	fault(desk, "ins", GM_INS_CHANGE_PIN, "sw 63c0");
	assert_status(
		token->ops->change_pin(token, TOKEN_USER, str(USER_PIN), str("new-pin"), &tries),
		UK_E_PIN_LOCKED);
	assert_int_equal(tries, 0);
	tries = 99;
	fault(desk, "ins", GM_INS_GEN_RANDOM, "sw 63c1");
	assert_int_not_equal(
		token->ops->change_pin(token, TOKEN_USER, str(USER_PIN), str("new-pin"), &tries),
		UK_OK);
	assert_int_equal(desk_count_ins(desk, GM_INS_CHANGE_PIN), 1);
}

static void
a_container_that_others_closed_is_opened_once_more(void **state)
{
	struct desk *desk = *state;

	assert_ok(do_verify(desk->token));
	assert_ok(do_sign(desk->token));
	if (strcmp(desk->model, "VC") == 0)
		assert_ok(do_verify(desk->token));
	(void)desk_count(desk);
	fault(desk, "ins", GM_INS_ECC_SIGN_DATA, "sw 6a94");
	assert_ok(do_sign(desk->token));
	assert_int_equal(desk_count(desk), 4); /* sign, open, open, sign */
	fault(desk, "at", 1, "sw 698a");
	fault(desk, "at", 4, "sw 698a");
	assert_status(do_sign(desk->token), UK_E_NOT_OPEN);
	assert_int_equal(desk_count(desk), 4);
	assert_int_equal(desk_count_ins(desk, GM_INS_CLOSE_APPLICATION), 0);
	assert_int_equal(desk_count_ins(desk, GM_INS_CLOSE_CONTAINER), 0);
}

static void
a_wrong_le_is_put_right_where_that_is_harmless(void **state)
{
	struct desk *desk = *state;

	assert_ok(do_pin_info(desk->token));
	(void)desk_count(desk);
	fault(desk, "ins", GM_INS_GET_PIN_INFO, "sw 6c03");
	assert_ok(do_pin_info(desk->token));
	assert_int_equal(desk_count(desk), 2);
	fault(desk, "at", 1, "sw 6c03");
	fault(desk, "at", 2, "sw 6c03");
	assert_status(do_pin_info(desk->token), UK_E_CARD);
	assert_int_equal(desk_count(desk), 2);
}

/* ---- hostile answers ---- */

static void
hostile_answers_end_in_an_error_and_never_worse(void **state)
{
	struct desk *desk = *state;
	static const char *const kinds[] = {
		"empty",     "cut 1",      "cut 5",        "junk 1",  "junk 300", "random 40 1",
		"noise 3 2", "noise 68 4", "noise 9000 5", "flip 0",  "sw 9000",  "sw 61ff",
		"sw 6a9e",   "sw 6cff",    "sw 0000",      "sw 63c2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			for (unsigned int n = 1; n <= 3; n++) {
				if (rows[i].login)
					assert_ok(do_verify(desk->token));
				fault(desk, "at", n, kinds[k]);
				/* Whatever comes of it: bounded, and no sanitizer report. */
				(void)!rows[i].run(desk->token);
				desk_tell(desk, "fault clear");
				if (!rig_await(desk->rig, 0, true, 3000))
					fail_msg("%s, %s", rows[i].name, kinds[k]);
				desk_reopen(desk);
			}
		}
	}
	assert_ok(do_verify(desk->token));
	assert_ok(do_sign(desk->token));
	assert_int_equal(desk_tries(desk, "user"), 10);
}

static void
a_key_that_answers_more_and_more_is_stopped(void **state)
{
	struct desk *desk = *state;
	const char *options[] = {"--max-answer", "5", NULL};

	/* 5 bytes at a time are more chunks than any certificate needs */
	assert_true(rig_pull(desk->rig, 0));
	assert_true(rig_plug(desk->rig, 0, desk->key_state, options));
	desk_reopen(desk);
	assert_status(do_certificate(desk->token), UK_E_REPLY);
	assert_true(desk_count(desk) < 100);
}

#define ON(model, test)                                                                           \
	{                                                                                         \
#test " [" model "]", test, desk_setup, desk_teardown, (void *)(uintptr_t)(model) \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON("V0", pulled_at_any_command_every_operation_says_removed),
		ON("V0", pulling_the_key_before_the_pin_is_sent_costs_no_try),
		ON("V1", pulling_the_key_before_the_pin_is_sent_costs_no_try),
		ON("V0", after_a_reset_signing_says_so_and_a_new_login_works),
		ON("V1", after_a_reset_signing_says_so_and_a_new_login_works),
		ON("V0", after_a_reset_reading_and_login_just_go_on),
		ON("V0", a_reset_takes_the_administrators_right),
		ON("V0", another_programs_logout_is_noticed),
		ON("V0", a_key_that_another_program_opened_for_itself_says_busy),
		ON("V0", nothing_with_a_pin_is_sent_twice),
		ON("V0", tries_are_told_as_the_key_told_them),
		ON("V0", a_container_that_others_closed_is_opened_once_more),
		ON("VC", a_container_that_others_closed_is_opened_once_more),
		ON("V0", a_wrong_le_is_put_right_where_that_is_harmless),
		ON("V0", hostile_answers_end_in_an_error_and_never_worse),
		ON("V0", a_key_that_answers_more_and_more_is_stopped),
	};

	return cmocka_run_group_tests_name("faults", tests, desk_group_setup, desk_group_teardown);
}
