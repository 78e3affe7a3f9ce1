/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/apdu.h"
#include "tests/unit/unit.h"

static const struct {
	const char *data; /* hex */
	uint32_t le;
	enum uk_apdu_form form;
	const char *wire;
} encodings[] = {
	{"", UK_LE_NONE, UK_APDU_EXTENDED, "80260102"},
	{"", UK_LE_MAX, UK_APDU_EXTENDED, "80260102000000"},
	{"", 8, UK_APDU_EXTENDED, "80260102000008"},
	{"aabb", UK_LE_NONE, UK_APDU_EXTENDED, "80260102000002aabb"},
	{"aabb", 10, UK_APDU_EXTENDED, "80260102000002aabb000a"},
	{"", UK_LE_NONE, UK_APDU_SHORT, "80260102"},
	{"", UK_LE_MAX, UK_APDU_SHORT, "8026010200"},
	{"", 256, UK_APDU_SHORT, "8026010200"},
	{"", 255, UK_APDU_SHORT, "80260102ff"},
	{"aabb", UK_LE_NONE, UK_APDU_SHORT, "8026010202aabb"},
	{"aabb", 10, UK_APDU_SHORT, "8026010202aabb0a"},
};

static void
commands_are_encoded_in_both_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
		struct uk_apdu cmd = {.cla = 0x80, .ins = 0x26, .p1 = 1, .p2 = 2};
		struct uk_writer data = uk_apdu_writer(&cmd);
		uint8_t room[64], hex[64];
		struct uk_writer out = uk_writer_of(room, sizeof(room));

		uk_put(&data, hex_take(hex, encodings[i].data));
		assert_ok(uk_apdu_seal(&cmd, &data));
		cmd.le = encodings[i].le;
		assert_ok(uk_apdu_encode(&cmd, encodings[i].form, &out));
		assert_bytes(uk_writer_span(&out), hex_take(hex, encodings[i].wire));
	}
}

static void
what_does_not_fit_is_refused(void **state)
{
	static struct uk_apdu cmd = {.cla = 0x80};
	struct uk_writer data = uk_apdu_writer(&cmd);
	uint8_t room[UK_APDU_MAX];
	struct uk_writer out = uk_writer_of(room, sizeof(room));

	(void)state;
	uk_put_fill(&data, 1, 256);
	assert_ok(uk_apdu_seal(&cmd, &data));
	assert_int_equal(uk_apdu_encode(&cmd, UK_APDU_SHORT, &out), UK_E_DATA_LEN);
	cmd.le = UK_LE_MAX + 1;
	assert_int_equal(uk_apdu_encode(&cmd, UK_APDU_EXTENDED, &out), UK_E_DATA_LEN);
	uk_put_fill(&data, 1, UK_APDU_DATA_MAX);
	assert_int_equal(uk_apdu_seal(&cmd, &data), UK_E_DATA_LEN);
	cmd.le = UK_LE_NONE;
	out = uk_writer_of(room, 10);
	assert_int_equal(uk_apdu_encode(&cmd, UK_APDU_EXTENDED, &out), UK_E_DATA_LEN);
}

static void
wiping_leaves_no_byte_of_the_data(void **state)
{
	static struct uk_apdu cmd;
	struct uk_writer data = uk_apdu_writer(&cmd);

	(void)state;
	uk_put(&data, str("cryptogram"));
	assert_ok(uk_apdu_seal(&cmd, &data));
	uk_apdu_wipe(&cmd);
	for (size_t i = 0; i < sizeof(cmd.data); i++)
		assert_int_equal(cmd.data[i], 0);
}

static void
answers_end_in_a_status_word(void **state)
{
	struct uk_span data;
	uint16_t sw = 0;

	(void)state;
	assert_ok(uk_reply_split(HEX("01029000"), &data, &sw));
	assert_bytes(data, HEX("0102"));
	assert_int_equal(sw, 0x9000);
	assert_ok(uk_reply_split(HEX("63c9"), &data, &sw));
	assert_int_equal(data.len, 0);
	assert_int_equal(uk_reply_split(HEX("90"), &data, &sw), UK_E_REPLY);
	assert_int_equal(uk_reply_split(uk_span_of(NULL, 0), &data, &sw), UK_E_REPLY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_encoded_in_both_forms),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(wiping_leaves_no_byte_of_the_data),
		cmocka_unit_test(answers_end_in_a_status_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
