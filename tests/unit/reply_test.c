/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What keys answer: the right length and nothing else. */
#include "drivers/gm/reply.h"
#include "drivers/gm/session.h"
#include "tests/unit/unit.h"

static const struct token_model be = {.order = UK_BIG_ENDIAN};
static const struct token_model le = {.order = UK_LITTLE_ENDIAN};
static const struct token_model trims = {.order = UK_BIG_ENDIAN, .trim_cert = true};

static void
device_data_has_288_bytes(void **state)
{
	uint8_t bytes[GM_DEVINFO_LEN + 1] = {1, 0, 2, 1};
	struct token_info info = {0};

	(void)state;
	memcpy(bytes + 4, "Maker", 5);
	memcpy(bytes + 68, "\xe6\xb5\x8b\xff\x1b\xed\xa0\x80 end  ", 14);
	memset(bytes + 132, 'L', 32); /* no NUL */
	bytes[219] = 0x80;            /* total space, last byte */
	bytes[224] = 0x20;            /* APDU data, first byte */
	bytes[230] = 8;
	for (size_t len = 0; len < sizeof(bytes) + 1; len++)
		if (len != GM_DEVINFO_LEN)
			assert_int_equal(gm_read_info(&be, uk_span_of(bytes, len), &info),
					 UK_E_REPLY);
	assert_ok(gm_read_info(&be, uk_span_of(bytes, GM_DEVINFO_LEN), &info));
	assert_int_equal(info.spec[0], 2);
	assert_string_equal(info.manufacturer, "Maker");
	assert_string_equal(info.issuer, "测?"
					 "?"
					 "??"
					 "? end");
	assert_int_equal(strlen(info.label), 32);
	assert_int_equal(info.total_space, 0x80);
	assert_int_equal(info.max_apdu_data, 0x2000);
	assert_int_equal(info.max_containers, 8);
	assert_ok(gm_read_info(&le, uk_span_of(bytes, GM_DEVINFO_LEN), &info));
	assert_int_equal(info.total_space, 0x80000000);
}

static void
small_answers_have_their_length(void **state)
{
	struct gm_application app = {0};
	struct token_pin_info pin = {0};
	uint8_t id[GM_ID_LEN];

	(void)state;
	assert_ok(gm_read_application(&be, HEX("000000100810002010aa"), &app));
	assert_int_equal(app.create_file_rights, 0x10);
	assert_int_equal(app.max_files, 0x20);
	assert_memory_equal(app.id, "\x10\xaa", 2);
	assert_int_equal(gm_read_application(&be, HEX("000000100810002010"), &app), UK_E_REPLY);
	assert_ok(gm_read_pin_info(HEX("0a0301"), &pin));
	assert_true(pin.max == 10 && pin.left == 3 && pin.is_default);
	assert_int_equal(gm_read_pin_info(HEX("0a0b01"), &pin), UK_E_REPLY);
	assert_int_equal(gm_read_pin_info(HEX("0a03"), &pin), UK_E_REPLY);
	assert_ok(gm_read_id(HEX("3001"), id));
	assert_int_equal(gm_read_id(HEX("300100"), id), UK_E_REPLY);
}

static void
lists_end_with_an_empty_name(void **state)
{
	struct uk_span list = uk_span_of("BJCA-Application\0\0junk", 22);
	struct uk_span name;
	enum uk_status st = UK_OK;
	uint8_t endless[200];

	(void)state;
	assert_true(gm_take_list_name(&list, &name, &st));
	assert_bytes(name, str("BJCA-Application"));
	assert_false(gm_take_list_name(&list, &name, &st));
	assert_ok(st);
	memset(endless, 'x', sizeof(endless));
	list = uk_span_of(endless, sizeof(endless));
	assert_false(gm_take_list_name(&list, &name, &st));
	assert_int_equal(st, UK_E_REPLY);
}

/* bits || modulus of 1024 bits || exponent */
static struct uk_span
rsa_reply(uint8_t *room, enum uk_order order, const char *exponent)
{
	struct uk_writer out = uk_writer_of(room, 200);

	uk_put_u32(&out, order, 1024);
	uk_put_fill(&out, 0xc1, 128);
	uk_put(&out, HEX(exponent));
	return uk_writer_span(&out);
}

static void
public_keys_are_told_apart_by_their_bits(void **state)
{
	struct token_public_key key = {0};
	uint8_t bytes[200] = {0, 0, 1, 0};

	(void)state;
	memset(bytes + 4, 1, 32);
	memset(bytes + 36, 2, 32);
	assert_ok(gm_read_public_key(&be, uk_span_of(bytes, 68), &key));
	assert_int_equal(key.type, TOKEN_KEY_SM2);
	assert_true(key.x[31] == 1 && key.y[0] == 2);
	assert_int_equal(gm_read_public_key(&be, uk_span_of(bytes, 67), &key), UK_E_REPLY);
	assert_int_equal(gm_read_public_key(&be, uk_span_of(bytes, 69), &key), UK_E_REPLY);
	assert_int_equal(gm_read_public_key(&le, uk_span_of(bytes, 68), &key), UK_E_REPLY);

	assert_ok(gm_read_public_key(&be, rsa_reply(bytes, UK_BIG_ENDIAN, "00010001"), &key));
	assert_true(key.type == TOKEN_KEY_RSA && key.bits == 1024 && key.exponent == 65537);
	assert_ok(gm_read_public_key(&le, rsa_reply(bytes, UK_LITTLE_ENDIAN, "00010001"), &key));
	assert_int_equal(key.exponent, 65537);
	assert_ok(gm_read_public_key(&le, rsa_reply(bytes, UK_LITTLE_ENDIAN, "01000100"), &key));
	assert_int_equal(key.exponent, 65537);
	assert_int_equal(gm_read_public_key(&be, rsa_reply(bytes, UK_BIG_ENDIAN, "00010000"), &key),
			 UK_E_REPLY);
	assert_int_equal(gm_read_public_key(&be, rsa_reply(bytes, UK_BIG_ENDIAN, "00000001"), &key),
			 UK_E_REPLY);
}

static void
certificates_add_up_to_their_length(void **state)
{
	static const struct {
		const struct token_model *model;
		const char *chunks[4];
		enum uk_status status;
		const char *wanted;
	} cases[] = {
		{&be, {"00000003aabbcc"}, UK_OK, "aabbcc"},
		{&le, {"03000000aabbcc"}, UK_OK, "aabbcc"},
		{&be, {"00000003aa", "bb", "cc"}, UK_OK, "aabbcc"},
		{&be, {"00000003", "aabbcc"}, UK_OK, "aabbcc"},
		{&be, {"00000003aabb"}, UK_E_REPLY, NULL},
		{&be, {"00000003aabbccdd"}, UK_E_REPLY, NULL},
		{&be, {"00000003aa", "bbccdd"}, UK_E_REPLY, NULL},
		{&be, {"00000003aa", "", "bbcc"}, UK_E_REPLY, NULL},
		{&be, {"000000"}, UK_E_REPLY, NULL},
		{&be, {"00000000"}, UK_E_NO_CERT, NULL},
		{&be, {"7fffffffaa"}, UK_E_REPLY, NULL},
		{&be, {"00001fe1aa"}, UK_E_REPLY, NULL},
		{&trims, {"00000003aabbccdd"}, UK_OK, "aabbcc"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t room[16], hex[16];
		struct uk_writer out = uk_writer_of(room, sizeof(room));
		struct gm_cert_reader reader;
		enum uk_status st = UK_OK;

		uk_put(&out, str("kept"));
		gm_cert_begin(&reader, cases[i].model, &out);
		for (size_t k = 0; st == UK_OK && k < 4 && cases[i].chunks[k] != NULL; k++)
			st = gm_cert_chunk(&reader, hex_take(hex, cases[i].chunks[k]),
					   k < 3 && cases[i].chunks[k + 1] != NULL);
		assert_int_equal(st, cases[i].status);
		if (st != UK_OK)
			continue;
		assert_bytes(uk_span_of(room + 4, out.len - 4), hex_take(hex, cases[i].wanted));
	}
}

static void
status_words_have_meanings(void **state)
{
	(void)state;
	assert_int_equal(gm_sw_status(0x9000), UK_OK);
	assert_int_equal(gm_sw_status(0x63c0), UK_E_PIN_LOCKED);
	for (uint16_t sw = 0x63c1; sw <= 0x63cf; sw++)
		assert_int_equal(gm_sw_status(sw), UK_E_PIN_WRONG);
	assert_int_equal(gm_sw_status(0x63d1), UK_E_CARD);
	assert_int_equal(gm_sw_status(0x6982), UK_E_NOT_LOGGED_IN);
	assert_int_equal(gm_sw_status(0x6a96), UK_E_NO_CERT);
	assert_int_equal(gm_sw_status(0x6f00), UK_E_CARD);
	assert_int_equal(gm_sw_status(0x0000), UK_E_CARD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_data_has_288_bytes),
		cmocka_unit_test(small_answers_have_their_length),
		cmocka_unit_test(lists_end_with_an_empty_name),
		cmocka_unit_test(public_keys_are_told_apart_by_their_bits),
		cmocka_unit_test(certificates_add_up_to_their_length),
		cmocka_unit_test(status_words_have_meanings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
