/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every row of commands.def without its right, in the wrong class, with the wrong parameters. */
#include "tests/virtual/client.h"

#include <stdio.h>
#include <sys/socket.h>

enum access { ANYONE, FILE_RIGHT, CREATE, USER, DEVICE, OLD_PIN, ADMIN };
enum log_policy { LOG_DATA, LOG_HEADER, LOG_SECRET };

#define FILE                            FILE_RIGHT
#define COMMAND(name, ins, access, log) {#name, (ins), (access), (log)},
static const struct row {
	const char *name;
	uint8_t ins;
	enum access access;
	enum log_policy log;
} rows[] = {
#include "common/commands.def"
};
#undef COMMAND
#undef FILE

static uint8_t
class_of(uint8_t ins)
{
	return ins == 0x12 || ins == 0x16 || ins == 0x1a ? GM_CLA_MAC : GM_CLA_PLAIN;
}

/* Parameters that the command takes. */
static uint16_t
p1p2_of(uint8_t ins, const struct ids *ids)
{
	switch (ins) {
	case 0x10:
	case 0x12:
		return 0x0002;
	case 0x30:
	case 0x32:
	case 0x34:
	case 0x36:
		return (uint16_t)(ids->bytes[0] << 8 | ids->bytes[1]);
	case 0x54:
		return 0x0100;
	case 0x58:
	case 0x5e:
	case 0x74:
		return 0x0200;
	default:
		return 0;
	}
}

static uint16_t
try_row(struct key *key, const struct row *row, uint8_t cla, uint16_t p1p2, const struct ids *ids)
{
	return key_command(key, (uint32_t)cla << 24 | (uint32_t)row->ins << 16 | p1p2,
			   ids_both(ids), UK_LE_MAX);
}

static void
commands_ask_for_their_right(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, true);
	assert_sw(client_create_container(key, &ids, "c"), 0x9000);
	/* a reset ends all rights; opened again, but nobody has logged in */
	assert_int_equal(send(key->fd, "\0\1\2", 3, MSG_NOSIGNAL), 3);
	assert_sw(client_open_app(key, APPLICATION, &ids), 0x9000);
	assert_sw(client_open_container(key, &ids, "c"), 0x9000);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint16_t sw = try_row(key, &rows[i], class_of(rows[i].ins),
				      p1p2_of(rows[i].ins, &ids), &ids);

		if (rows[i].access == ANYONE || rows[i].access == OLD_PIN) {
			if (sw == 0x6982 || sw == 0x6d00)
				fail_msg("%s answers %04x to anybody", rows[i].name, sw);
		} else if (rows[i].access != FILE_RIGHT && sw != 0x6982) {
			fail_msg("%s answers %04x without its right", rows[i].name, sw);
		}
		if (rows[i].ins == 0x28 || rows[i].ins == 0x44) { /* those closed something */
			assert_sw(client_open_app(key, APPLICATION, &ids), 0x9000);
			assert_sw(client_open_container(key, &ids, "c"), 0x9000);
		}
	}
	key_free(key);
}

static void
user_is_no_administrator_and_neither_is_the_factory(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, false);
	assert_sw(client_verify(key, &ids, GM_PIN_ADMIN, ADMIN_PIN), 0x9000);
	assert_sw(client_create_container(key, &ids, "c"), 0x6982);
	assert_sw(client_create_file(key, &ids, "f", 1, 0, 0), 0x6982);
	assert_sw(key_send(key, 0x1c, 0, ids_app(&ids), UK_LE_NONE), 0x9000);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, USER_PIN), 0x9000);
	assert_sw(client_unblock(key, &ids, ADMIN_PIN, "123123"), 0x6982);
	assert_int_equal(send(key->fd, "\0\1\2", 3, MSG_NOSIGNAL), 3);
	assert_sw(key_send(key, 0x24, 0, uk_span_str(APPLICATION), UK_LE_NONE), 0x6982);
	key_free(key);
}

static void
wrong_class_and_parameters_are_refused(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, true);
	assert_sw(client_create_container(key, &ids, "c"), 0x9000);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t cla = class_of(rows[i].ins), ins = rows[i].ins;
		uint8_t other = cla == GM_CLA_MAC ? GM_CLA_PLAIN : GM_CLA_MAC;

		assert_sw(try_row(key, &rows[i], other, 0, &ids), 0x6e00);
		assert_sw(try_row(key, &rows[i], 0xc0, 0, &ids), 0x6e00);
		if (ins >= 0x30 && ins <= 0x36)
			assert_sw(try_row(key, &rows[i], cla, 0x7777, &ids), 0x698a);
		else
			assert_sw(try_row(key, &rows[i], cla, 0x7700, &ids), 0x6a86);
	}
	for (unsigned int ins = 0; ins < 256; ins++) {
		bool known = ins == ISO_INS_GET_RESPONSE;

		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			known = known || rows[i].ins == ins;
		if (!known)
			assert_sw(key_send(key, (uint8_t)ins, 0, uk_span_of(NULL, 0), UK_LE_MAX),
				  0x6d00);
	}
	key_free(key);
}

static void
lengths_out_of_range_are_refused(void **unused)
{
	static const uint8_t junk[8192] = {0};
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, true);
	assert_sw(client_verify(key, &ids, GM_PIN_ADMIN, ADMIN_PIN), 0x9000);
	assert_sw(client_create_container(key, &ids, "c"), 0x9000);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t ins = rows[i].ins;
		struct uk_writer out = client_data();
		uint16_t sw;

		uk_put(&out, ids_both(&ids));
		uk_put(&out, uk_span_of(junk, sizeof(junk) - 4));
		sw = key_command(key,
				 (uint32_t)class_of(ins) << 24 | (uint32_t)ins << 16 |
					 p1p2_of(ins, &ids),
				 uk_writer_span(&out), UK_LE_MAX);
		/* all of them but the few that carry data of any length */
		if (sw == 0x9000 || sw == 0x6982 || sw == SW_PULLED)
			fail_msg("%s answers %04x to 8192 bytes", rows[i].name, sw);
	}
	assert_sw(key_send(key, 0x22, 0, uk_span_of(NULL, 0), UK_LE_MAX), 0x9000);
	assert_memory_equal(key->data.ptr, APPLICATION, 6);
	key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_ask_for_their_right),
		cmocka_unit_test(user_is_no_administrator_and_neither_is_the_factory),
		cmocka_unit_test(wrong_class_and_parameters_are_refused),
		cmocka_unit_test(lengths_out_of_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
