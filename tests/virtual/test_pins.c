/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PINs and device authentication: tries, locks, change, unblock, randoms. */
#include "tests/virtual/client.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const char *const models[] = {"V0", "VC", "V1"};

static uint8_t
tries_left(struct key *key, const struct ids *ids, uint8_t type)
{
	uint8_t info[3];

	client_pin_info(key, ids, type, info);
	return info[1];
}

static void
ten_wrong_pins_lock_and_the_administrator_unlocks(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		struct key *key = key_blank(models[i], NULL);
		struct ids ids;

		client_personalise(key, &ids, false);
		for (unsigned int left = 9; left < 10; left--) {
			assert_sw(client_verify(key, &ids, GM_PIN_USER, "000000"), 0x63c0 + left);
			assert_int_equal(tries_left(key, &ids, GM_PIN_USER), left);
		}
		assert_sw(client_verify(key, &ids, GM_PIN_USER, USER_PIN), 0x6983);
		assert_sw(client_change_pin(key, &ids, GM_PIN_USER, USER_PIN, "222222"), 0x6983);

		assert_sw(client_unblock(key, &ids, ADMIN_PIN, "newpin"), 0x6982);
		assert_sw(client_verify(key, &ids, GM_PIN_ADMIN, ADMIN_PIN), 0x9000);
		assert_sw(client_unblock(key, &ids, "wrongadm", "newpin"), 0x63c9);
		assert_sw(client_unblock(key, &ids, ADMIN_PIN, "newpin"), 0x9000);
		assert_int_equal(tries_left(key, &ids, GM_PIN_ADMIN), 10);
		assert_int_equal(tries_left(key, &ids, GM_PIN_USER), 10);
		assert_sw(client_verify(key, &ids, GM_PIN_USER, USER_PIN), 0x63c9);
		assert_sw(client_verify(key, &ids, GM_PIN_USER, "newpin"), 0x9000);
		key_free(key);
	}
}

static void
counter_survives_a_restart(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, false);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, "000000"), 0x63c9);
	key_stop(key);
	key_start(key, NULL, NULL);
	assert_sw(client_open_app(key, APPLICATION, &ids), 0x9000);
	assert_int_equal(tries_left(key, &ids, GM_PIN_USER), 9);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, USER_PIN), 0x9000);
	assert_int_equal(tries_left(key, &ids, GM_PIN_USER), 10);
	key_free(key);
}

static void
limits_are_set_when_the_application_is_made(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct app_settings settings = default_settings;
	struct ids ids;
	uint8_t info[3];

	settings.user_tries = 3;
	settings.admin_tries = 15;
	assert_sw(client_dev_auth(key, DEVICE_KEY), 0x9000);
	assert_sw(client_create_app(key, &settings), 0x9000);
	assert_sw(client_open_app(key, APPLICATION, &ids), 0x9000);
	client_pin_info(key, &ids, GM_PIN_USER, info);
	assert_memory_equal(info, "\3\3\1", 3);
	client_pin_info(key, &ids, GM_PIN_ADMIN, info);
	assert_memory_equal(info, "\17\17\1", 3);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, "000000"), 0x63c2);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, "000000"), 0x63c1);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, "000000"), 0x63c0);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, USER_PIN), 0x6983);

	settings.name = "Zero";
	settings.user_tries = 0;
	assert_sw(client_create_app(key, &settings), 0x6a80);
	settings.user_tries = 16;
	assert_sw(client_create_app(key, &settings), 0x6a80);
	settings.user_tries = 10;
	settings.user_pin = "12345";
	assert_sw(client_create_app(key, &settings), 0x6a80);
	key_free(key);
}

static void
changing_the_pin_clears_the_default_flag(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		struct key *key = key_blank(models[i], NULL);
		struct ids ids;
		uint8_t info[3];

		client_personalise(key, &ids, false);
		client_pin_info(key, &ids, GM_PIN_USER, info);
		assert_int_equal(info[2], 1);
		assert_sw(client_change_pin(key, &ids, GM_PIN_USER, "000000", "654321"), 0x63c9);
		assert_sw(client_change_pin(key, &ids, GM_PIN_USER, USER_PIN, "654321"), 0x9000);
		client_pin_info(key, &ids, GM_PIN_USER, info);
		assert_memory_equal(info, "\n\n\0", 3);
		assert_sw(client_verify(key, &ids, GM_PIN_USER, USER_PIN), 0x63c9);
		assert_sw(client_verify(key, &ids, GM_PIN_USER, "654321"), 0x9000);
		assert_sw(client_change_pin(key, &ids, GM_PIN_ADMIN, ADMIN_PIN, "admin-2"), 0x9000);
		assert_sw(client_verify(key, &ids, GM_PIN_ADMIN, "admin-2"), 0x9000);
		key_free(key);
	}
}

static void
unblocking_clears_the_default_flag_and_the_user_right(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;
	uint8_t info[3];

	client_personalise(key, &ids, true);
	assert_sw(client_verify(key, &ids, GM_PIN_ADMIN, ADMIN_PIN), 0x9000);
	assert_sw(client_unblock(key, &ids, ADMIN_PIN, "654321"), 0x9000);
	client_pin_info(key, &ids, GM_PIN_USER, info);
	assert_int_equal(info[2], 0);
	assert_sw(client_create_container(key, &ids, "c"), 0x6982);
	key_free(key);
}

static void
pins_of_six_to_sixteen_bytes(void **unused)
{
	static const char *const pins[] = {"666666", "1234567890123", "12345678901234",
					   "1234567890123456"};
	struct key *key = key_blank("V0", NULL);
	const char *now = USER_PIN;
	struct ids ids;

	client_personalise(key, &ids, false);
	for (size_t i = 0; i < ARRAY_SIZE(pins); i++) {
		assert_sw(client_change_pin(key, &ids, GM_PIN_USER, now, pins[i]), 0x9000);
		now = pins[i];
		assert_sw(client_verify(key, &ids, GM_PIN_USER, now), 0x9000);
	}
	assert_sw(client_change_pin(key, &ids, GM_PIN_USER, now, "55555"), 0x6a80);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, now), 0x9000);
	key_free(key);
}

static void
wrong_padding_of_a_new_pin_is_refused_and_costs_no_try(void **unused)
{
	/* each model is given the other one's rule, and a long block that is not its own */
	static const uint8_t zero[16] = "654321", len80[16] = "\6\0"
							      "654321\x80";
	static const uint8_t unmarked[16] = "\6\0"
					    "654321\x81";
	static const uint8_t twice[32] = "\6\0"
					 "654321\x80";

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		struct key *key = key_blank(models[i], NULL);
		const uint8_t *wrong = key->zero_padding ? len80 : zero;
		struct ids ids;

		client_personalise(key, &ids, false);
		assert_sw(client_new_pin_raw(key, &ids, 0x1601, USER_PIN, uk_span_of(wrong, 16)),
			  0x6a80);
		assert_sw(client_new_pin_raw(key, &ids, 0x1601, USER_PIN, uk_span_of(twice, 32)),
			  key->zero_padding ? 0x6700 : 0x6a80);
		assert_sw(client_new_pin_raw(key, &ids, 0x1601, USER_PIN, uk_span_of(unmarked, 16)),
			  0x6a80);
		assert_int_equal(tries_left(key, &ids, GM_PIN_USER), 10);
		assert_sw(client_verify(key, &ids, GM_PIN_USER, USER_PIN), 0x9000);
		key_free(key);
	}
}

static void
a_random_serves_once(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	uint8_t data[18] = {0}, random[8];
	struct ids ids;

	client_personalise(key, &ids, false);
	memcpy(data, ids.bytes, 2);
	assert_sw(key_send(key, 0x18, 1, uk_span_of(data, 18), UK_LE_NONE), 0x6984);
	assert_sw(client_random(key, random), 0x9000);
	assert_sw(key_send(key, 0x18, 1, uk_span_of(data, 18), UK_LE_NONE), 0x63c9);
	assert_sw(key_send(key, 0x18, 1, uk_span_of(data, 18), UK_LE_NONE), 0x6984);
	/* one of another length replaces it and protects nothing */
	assert_sw(client_random(key, random), 0x9000);
	assert_sw(key_send(key, 0x50, 0, uk_span_of(NULL, 0), 16), 0x9000);
	assert_int_equal(key->data.len, 16);
	assert_sw(key_send(key, 0x18, 1, uk_span_of(data, 18), UK_LE_NONE), 0x6984);
	/* none of these cost a try */
	assert_int_equal(tries_left(key, &ids, GM_PIN_USER), 9);
	/* commands that are not protected leave it alone; a reset does not */
	assert_sw(client_random(key, random), 0x9000);
	assert_sw(key_send(key, 0x22, 0, uk_span_of(NULL, 0), UK_LE_MAX), 0x9000);
	assert_sw(key_send(key, 0x18, 1, uk_span_of(data, 18), UK_LE_NONE), 0x63c8);
	assert_sw(client_random(key, random), 0x9000);
	assert_int_equal(send(key->fd, "\0\1\2", 3, MSG_NOSIGNAL), 3);
	assert_sw(client_open_app(key, APPLICATION, &ids), 0x9000);
	assert_sw(key_send(key, 0x18, 1, uk_span_of(data, 18), UK_LE_NONE), 0x6984);
	key_free(key);
}

static void
rights_end_as_they_should(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, true);
	assert_sw(client_create_container(key, &ids, "a"), 0x9000);
	/* both at once; a change of the PIN is no logout; a failed check of one ends that one */
	assert_sw(client_verify(key, &ids, GM_PIN_ADMIN, ADMIN_PIN), 0x9000);
	assert_sw(client_change_pin(key, &ids, GM_PIN_USER, USER_PIN, "654321"), 0x9000);
	assert_sw(client_create_container(key, &ids, "b"), 0x9000);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, "000000"), 0x63c9);
	assert_sw(client_create_container(key, &ids, "c"), 0x6982);
	assert_sw(client_unblock(key, &ids, ADMIN_PIN, "123123"), 0x9000);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, "123123"), 0x9000);
	/* closing the application keeps them, ClearSecureState ends both */
	assert_sw(key_send(key, 0x28, 0, ids_app(&ids), UK_LE_NONE), 0x9000);
	assert_sw(client_open_app(key, APPLICATION, &ids), 0x9000);
	assert_sw(client_create_container(key, &ids, "c"), 0x9000);
	assert_sw(key_send(key, 0x1c, 0, ids_app(&ids), UK_LE_NONE), 0x9000);
	assert_sw(client_create_container(key, &ids, "d"), 0x6982);
	assert_sw(client_unblock(key, &ids, ADMIN_PIN, "123456"), 0x6982);
	key_free(key);
}

static void
rights_are_of_one_application(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct app_settings settings = default_settings;
	struct ids one, two;

	client_personalise(key, &one, true);
	settings.name = "Another";
	assert_sw(client_create_app(key, &settings), 0x9000);
	assert_sw(client_open_app(key, "Another", &two), 0x9000);
	assert_sw(client_create_container(key, &two, "c"), 0x6982);
	assert_sw(client_create_container(key, &one, "c"), 0x9000);
	assert_sw(client_verify(key, &two, GM_PIN_USER, "000000"), 0x63c9);
	assert_int_equal(tries_left(key, &one, GM_PIN_USER), 10);
	key_free(key);
}

static void
device_key_is_proven_and_changed(void **unused)
{
	struct key *key = key_blank("V1", NULL);

	assert_sw(client_create_app(key, &default_settings), 0x6982);
	assert_sw(client_change_dev_key(key, DEVICE_KEY, "abcdefghijklmnop"), 0x6982);
	assert_sw(client_dev_auth(key, "0000000000000000"), 0x63c9);
	assert_sw(client_dev_auth(key, DEVICE_KEY), 0x9000);
	assert_sw(client_change_dev_key(key, "0000000000000000", "abcdefghijklmnop"), 0x6988);
	assert_sw(client_change_dev_key(key, DEVICE_KEY, "abcdefghijklmnop"), 0x9000);
	assert_sw(client_dev_auth(key, DEVICE_KEY), 0x63c9);
	assert_sw(client_create_app(key, &default_settings), 0x6982);
	assert_sw(client_dev_auth(key, "abcdefghijklmnop"), 0x9000);
	assert_sw(client_create_app(key, &default_settings), 0x9000);
	for (unsigned int left = 9; left < 10; left--)
		assert_sw(client_dev_auth(key, DEVICE_KEY), 0x63c0 + left);
	assert_sw(client_dev_auth(key, "abcdefghijklmnop"), 0x6983);
	key_free(key);
}

static void
state_file_has_no_pin_in_the_clear(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	static uint8_t bytes[1 << 20];
	struct ids ids;
	size_t len;
	FILE *file;

	client_personalise(key, &ids, false);
	assert_sw(client_change_pin(key, &ids, GM_PIN_USER, USER_PIN, "UNLIKELY-PIN"), 0x9000);
	file = fopen(key->state, "re");
	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	assert_true(len > 1000);
	assert_null(memmem(bytes, len, "UNLIKELY-PIN", 12));
	assert_null(memmem(bytes, len, ADMIN_PIN, strlen(ADMIN_PIN)));
	key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_wrong_pins_lock_and_the_administrator_unlocks),
		cmocka_unit_test(counter_survives_a_restart),
		cmocka_unit_test(limits_are_set_when_the_application_is_made),
		cmocka_unit_test(changing_the_pin_clears_the_default_flag),
		cmocka_unit_test(unblocking_clears_the_default_flag_and_the_user_right),
		cmocka_unit_test(pins_of_six_to_sixteen_bytes),
		cmocka_unit_test(wrong_padding_of_a_new_pin_is_refused_and_costs_no_try),
		cmocka_unit_test(a_random_serves_once),
		cmocka_unit_test(rights_end_as_they_should),
		cmocka_unit_test(rights_are_of_one_application),
		cmocka_unit_test(device_key_is_proven_and_changed),
		cmocka_unit_test(state_file_has_no_pin_in_the_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
