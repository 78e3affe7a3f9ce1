/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PIN keys, cryptograms and MACs against the byte vectors of gm-keys 2.5 rule 8. */
#include "virtual/key/crypto.h"
#include "virtual/key/protect.h"
#include "virtual/key/sm2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

static const uint8_t random8[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static void
assert_hex(const uint8_t *bytes, size_t len, const char *expected)
{
	char text[129] = "";

	assert_true(2 * len < sizeof(text));
	for (size_t i = 0; i < len; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(text, expected);
}

static void
pin_key_is_sha1_of_the_padded_pin(void **unused)
{
	uint8_t key[16];

	assert_true(vk_pin_key(uk_span_str("123456"), key));
	assert_hex(key, sizeof(key), "f41b44dbecccaccfbb4ccf6a7fc4921c");
	assert_false(vk_pin_key(uk_span_str("12345"), key));
	assert_false(vk_pin_key(uk_span_str("12345678901234567"), key));
}

static void
verify_block_as_on_hardware(void **unused)
{
	uint8_t key[16], block[16];

	assert_true(vk_pin_key(uk_span_str("123456"), key));
	assert_true(vk_verify_block(VK_PAD_LEN80, key, random8, block));
	assert_hex(block, sizeof(block), "0566e5eb3b4a1e76864236fb8bef7594");
	assert_true(vk_verify_block(VK_PAD_ZERO, key, random8, block));
	assert_true(memcmp(block, "\x05\x66\xe5\xeb", 4) != 0);
}

static void
new_pin_and_mac_of_family_v1(void **unused)
{
	static const uint8_t enc[16] = {0xf3, 0xde, 0x5a, 0x44, 0xdb, 0xa8, 0x11, 0xa1,
					0x09, 0xe7, 0x84, 0xef, 0x96, 0x4d, 0x65, 0x3c};
	static const uint8_t header[4] = {0x84, 0x16, 0x00, 0x01};
	uint8_t key[16], data[18] = {0x10, 0x00}, mac[4];
	UK_SECRET pin = {0};

	assert_true(vk_pin_key(uk_span_str("123456"), key));
	assert_int_equal(vk_new_pin_take(VK_PAD_ZERO, key, uk_span_of(enc, 16), &pin), GM_SW_OK);
	assert_int_equal(pin.len, 6);
	assert_memory_equal(pin.bytes, "654321", 6);
	assert_int_equal(vk_new_pin_take(VK_PAD_LEN80, key, uk_span_of(enc, 16), &pin),
			 GM_SW_WRONG_DATA);
	memcpy(data + 2, enc, 16);
	assert_true(vk_command_mac(key, random8, header, uk_span_of(data, 18), mac));
	assert_hex(mac, sizeof(mac), "baf0c0f7");
}

/* Names and numbers of GM/T 0003.5's example are not at hand: d = 1 gives the generator. */
static void
point_of_one_is_the_generator(void **unused)
{
	uint8_t d[32] = {0}, point[64];

	assert_false(vk_sm2_public(d, point));
	d[31] = 1;
	assert_true(vk_sm2_public(d, point));
	assert_hex(point, 32, "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7");
	memset(d, 0xff, sizeof(d));
	assert_false(vk_sm2_public(d, point));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pin_key_is_sha1_of_the_padded_pin),
		cmocka_unit_test(verify_block_as_on_hardware),
		cmocka_unit_test(new_pin_and_mac_of_family_v1),
		cmocka_unit_test(point_of_one_is_the_generator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
