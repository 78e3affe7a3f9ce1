/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

static void
taking_more_than_there_is_changes_nothing(void **state)
{
	struct uk_span in = HEX("0102");
	struct uk_span before = in, out = {0};
	uint32_t word = 7;

	(void)state;
	assert_false(uk_take(&in, 3, &out));
	assert_false(uk_take(&in, SIZE_MAX, &out));
	assert_false(uk_take_u32(&in, UK_BIG_ENDIAN, &word));
	assert_true(in.ptr == before.ptr && in.len == before.len && out.ptr == NULL && word == 7);
	assert_true(uk_take(&in, 2, &out));
	assert_int_equal(in.len, 0);
}

static void
integers_come_in_either_order(void **state)
{
	struct uk_span in = HEX("0102030401020304050605");
	uint32_t word;
	uint16_t half;
	uint8_t byte;

	(void)state;
	assert_true(uk_take_u32(&in, UK_BIG_ENDIAN, &word));
	assert_int_equal(word, 0x01020304);
	assert_true(uk_take_u32(&in, UK_LITTLE_ENDIAN, &word));
	assert_int_equal(word, 0x04030201);
	assert_true(uk_take_u16(&in, UK_LITTLE_ENDIAN, &half));
	assert_int_equal(half, 0x0605);
	assert_true(uk_take_u8(&in, &byte));
	assert_int_equal(byte, 5);
	assert_false(uk_take_u8(&in, &byte));
}

static void
names_end_at_a_nul_or_at_the_end(void **state)
{
	struct uk_span in = uk_span_of("one\0\0two", 8);
	struct uk_span name;

	(void)state;
	assert_true(uk_take_name(&in, &name));
	assert_bytes(name, str("one"));
	assert_true(uk_take_name(&in, &name));
	assert_int_equal(name.len, 0);
	assert_true(uk_take_name(&in, &name));
	assert_bytes(name, str("two"));
	assert_false(uk_take_name(&in, &name));
}

static void
an_overflow_sticks_and_leaves_nothing_to_use(void **state)
{
	uint8_t room[6] = {9, 9, 9, 9, 9, 9};
	struct uk_writer out = uk_writer_of(room, 5);

	(void)state;
	uk_put_u32(&out, UK_LITTLE_ENDIAN, 0x01020304);
	uk_put_u16(&out, UK_BIG_ENDIAN, 0x0506);
	assert_true(out.overflow);
	uk_put_u8(&out, 7);
	assert_true(out.overflow);
	assert_int_equal(uk_writer_span(&out).len, 0);
	assert_memory_equal(room, "\x04\x03\x02\x01\x09\x09", 6);
}

static void
padding_never_cuts(void **state)
{
	uint8_t room[8];
	struct uk_writer out = uk_writer_of(room, sizeof(room));

	(void)state;
	uk_put_padded(&out, str("abc"), 5);
	assert_bytes(uk_writer_span(&out), uk_span_of("abc\0\0", 5));
	uk_put_padded(&out, str("abc"), 2);
	assert_true(out.overflow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taking_more_than_there_is_changes_nothing),
		cmocka_unit_test(integers_come_in_either_order),
		cmocka_unit_test(names_end_at_a_nul_or_at_the_end),
		cmocka_unit_test(an_overflow_sticks_and_leaves_nothing_to_use),
		cmocka_unit_test(padding_never_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
