/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PIN cryptograms against byte vectors that were computed elsewhere (gm-keys 2.5, item 8). */
#include "drivers/gm/pin.h"
#include "tests/unit/unit.h"

#include "common/gm.h"

#define RANDOM "0102030405060708"
#define KEY    "f41b44dbecccaccfbb4ccf6a7fc4921c"

static const struct token_model verified = {.info = {.pin_min = 6, .pin_max = 16}};
static const struct token_model unverified = {.info = {.pin_min = 6, .pin_max = 13},
					      .new_pin = GM_NEW_PIN_UNVERIFIED};

static void
the_key_of_123456_is_the_one_seen_on_hardware(void **state)
{
	UK_SECRET key = {0};

	(void)state;
	assert_ok(gm_pin_key(str("123456"), &key));
	assert_bytes(uk_secret_peek(&key), HEX(KEY));
	assert_int_equal(gm_pin_key(str("12345678901234567"), &key), UK_E_PIN_LEN);
}

static void
verify_blocks_follow_the_models_rule(void **state)
{
	UK_SECRET block = {0};

	(void)state;
	assert_ok(gm_pin_verify_block(GM_VERIFY_LEN_80, HEX(KEY).ptr, HEX(RANDOM).ptr, &block));
	assert_bytes(uk_secret_peek(&block), HEX("0566e5eb3b4a1e76864236fb8bef7594"));
	assert_ok(gm_pin_verify_block(GM_VERIFY_PLAIN, HEX(KEY).ptr, HEX(RANDOM).ptr, &block));
	assert_int_equal(block.len, GM_BLOCK_LEN);
	assert_memory_not_equal(block.bytes, HEX("0566e5eb3b4a1e76864236fb8bef7594").ptr, 16);
}

static void
a_new_pin_and_its_mac_match_the_vector(void **state)
{
	UK_SECRET cryptogram = {0};
	struct uk_apdu cmd = {.cla = 0x84, .ins = GM_INS_CHANGE_PIN, .p2 = GM_PIN_USER};
	struct uk_writer data = uk_apdu_writer(&cmd);
	uint8_t mac[GM_MAC_LEN];

	(void)state;
	assert_ok(gm_pin_encrypt_new(GM_NEW_PIN_V1_ZERO, HEX(KEY).ptr, str("654321"), &cryptogram));
	assert_bytes(uk_secret_peek(&cryptogram), HEX("f3de5a44dba811a109e784ef964d653c"));
	uk_put(&data, HEX("1000"));
	uk_put(&data, uk_secret_peek(&cryptogram));
	assert_ok(gm_pin_mac(HEX(KEY).ptr, HEX(RANDOM).ptr, &cmd, uk_writer_span(&data), mac));
	assert_bytes(uk_span_of(mac, sizeof(mac)), HEX("baf0c0f7"));
}

static void
len_80_takes_a_second_block_from_14_bytes_on(void **state)
{
	static const char pin[] = "0123456789abcdef";
	UK_SECRET cryptogram = {0};

	(void)state;
	for (size_t len = GM_PIN_MIN; len <= GM_PIN_MAX; len++) {
		struct uk_span span = uk_span_of(pin, len);

		assert_ok(gm_pin_encrypt_new(GM_NEW_PIN_LEN_80, HEX(KEY).ptr, span, &cryptogram));
		assert_int_equal(cryptogram.len, len <= 13 ? 16 : 32);
		assert_ok(gm_pin_encrypt_new(GM_NEW_PIN_V1_ZERO, HEX(KEY).ptr, span, &cryptogram));
		assert_int_equal(cryptogram.len, 16);
	}
}

static void
lengths_are_checked_before_anything_is_sent(void **state)
{
	static const char pin[] = "0123456789abcdefg";

	(void)state;
	for (size_t len = 0; len < sizeof(pin); len++) {
		struct uk_span span = uk_span_of(pin, len);

		assert_int_equal(gm_pin_check(span), len >= 6 && len <= 16 ? UK_OK : UK_E_PIN_LEN);
		assert_int_equal(gm_pin_check_new(&verified, span),
				 len >= 6 && len <= 16 ? UK_OK : UK_E_PIN_LEN);
		assert_int_equal(gm_pin_check_new(&unverified, span),
				 len >= 6 && len <= 13 ? UK_OK : UK_E_PIN_LEN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_of_123456_is_the_one_seen_on_hardware),
		cmocka_unit_test(verify_blocks_follow_the_models_rule),
		cmocka_unit_test(a_new_pin_and_its_mac_match_the_vector),
		cmocka_unit_test(len_80_takes_a_second_block_from_14_bytes_on),
		cmocka_unit_test(lengths_are_checked_before_anything_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
