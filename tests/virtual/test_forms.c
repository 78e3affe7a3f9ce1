/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Length forms, chaining, GET RESPONSE, parts of certificates, hostile frames. */
#include "tests/virtual/client.h"

#include <string.h>
#include <sys/socket.h>

#define RAW(text) uk_span_of((text), sizeof(text) - 1)

static void
both_length_forms(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, false);
	assert_sw(key_raw(key, RAW("\x80\x22\0\0")), 0x9000);
	assert_int_equal(key->data.len, 7);
	assert_sw(key_raw(key, RAW("\x80\x22\0\0\0")), 0x9000);
	assert_int_equal(key->data.len, 7);
	assert_sw(key_raw(key, RAW("\x80\x22\0\0\0\0\0")), 0x9000);
	assert_int_equal(key->data.len, 7);
	assert_sw(key_raw(key, RAW("\x80\x26\0\0\5Tests\x0a")), 0x9000);
	assert_int_equal(key->data.len, 10);
	assert_sw(key_raw(key, RAW("\x80\x26\0\0\5Tests")), 0x9000);
	assert_int_equal(key->data.len, 10);
	assert_sw(key_raw(key, RAW("\x80\x26\0\0\0\0\5Tests\0\x0a")), 0x9000);
	assert_int_equal(key->data.len, 10);
	assert_sw(key_raw(key, RAW("\x80\x26\0\0\0\0\5Tests")), 0x9000);
	assert_int_equal(key->data.len, 10);
	/* Le too small: the short form keeps the rest, the extended one has no way to ask */
	assert_sw(key_raw(key, RAW("\x80\x26\0\0\5Tests\x04")), 0x6106);
	assert_int_equal(key->data.len, 4);
	assert_sw(key_raw(key, RAW("\0\xc0\0\0\x06")), 0x9000);
	assert_int_equal(key->data.len, 6);
	assert_memory_equal(key->data.ptr + 4, ids.bytes, 2);
	assert_sw(key_raw(key, RAW("\x80\x26\0\0\0\0\5Tests\0\4")), 0x6c00);
	key_free(key);
}

static void
damaged_commands_are_refused(void **unused)
{
	static const struct {
		const char *bytes;
		size_t len;
	} frames[] = {
		{"\x80\x22", 2},
		{"\x80\x22\0", 3},
		{"\x80\x22\0\0\0\0", 6},
		{"\x80\x26\0\0\6Tests", 10},
		{"\x80\x26\0\0\4Tests\0", 11},
		{"\x80\x26\0\0\0\0\6Tests", 12},
		{"\x80\x26\0\0\0\0\4Tests", 12},
		{"\x80\x26\0\0\0\0\0Tests", 12},
		{"\x80\x26\0\0\0\xff\xffTests", 12},
	};
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, false);
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		assert_sw(key_raw(key, uk_span_of(frames[i].bytes, frames[i].len)), 0x6700);
	/* frames that are no command are not answered and do no harm */
	assert_int_equal(send(key->fd, "\0\0\0\1\x77\0\1\0", 8, MSG_NOSIGNAL), 8);
	assert_sw(key_send(key, 0x22, 0, uk_span_of(NULL, 0), UK_LE_MAX), 0x9000);
	key_free(key);
}

/* Sends data of any length in short commands of so many bytes each; all but the last are chained.
 */
static uint16_t
send_chained(struct key *key, uint32_t header, struct uk_span data, size_t part_len)
{
	uint8_t bytes[5 + 255];
	struct uk_span part;

	for (;;) {
		bool last = data.len <= part_len;
		struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
		uint16_t sw;

		assert_true(uk_take(&data, last ? data.len : part_len, &part));
		uk_put_u32(&out, UK_BIG_ENDIAN, last ? header : header | 0x10000000u);
		uk_put_u8(&out, (uint8_t)part.len);
		uk_put(&out, part);
		sw = key_raw(key, uk_writer_span(&out));
		if (last || sw != 0x9000)
			return sw;
		assert_int_equal(key->data.len, 0);
	}
}

static void
long_data_in_chained_commands(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	uint8_t cert[1500];
	struct uk_writer out = client_data();
	struct ids ids;

	for (size_t i = 0; i < sizeof(cert); i++)
		cert[i] = (uint8_t)(i * 7);
	client_personalise(key, &ids, true);
	assert_sw(client_create_container(key, &ids, "c"), 0x9000);
	uk_put(&out, ids_both(&ids));
	uk_put_u8(&out, 1);
	uk_put_u32(&out, UK_BIG_ENDIAN, sizeof(cert));
	uk_put(&out, uk_span_of(cert, sizeof(cert)));
	assert_sw(send_chained(key, 0x804c0000, uk_writer_span(&out), 255), 0x9000);

	/* and back, in parts of 256 bytes: 6A9E, the command repeated */
	uk_put_u32(&out, UK_BIG_ENDIAN, 0); /* (another use of the same room) */
	for (size_t at = 0; at < 4 + sizeof(cert); at += 256) {
		uint8_t command[10] = {0x80, 0x4e, 1, 0, 4};
		bool last = at + 256 >= 4 + sizeof(cert);

		memcpy(command + 5, ids.bytes, 4);
		assert_sw(key_raw(key, uk_span_of(command, 10)), last ? 0x9000 : 0x6a9e);
		assert_int_equal(key->data.len, last ? 4 + sizeof(cert) - at : 256);
		if (at == 0)
			assert_memory_equal(key->data.ptr, "\0\0\5\xdc", 4);
		assert_memory_equal(key->data.ptr + (at == 0 ? 4 : 0),
				    cert + (at == 0 ? 0 : at - 4), last ? 4 : 252);
	}
	key_free(key);
}

static void
a_chain_that_breaks_is_forgotten(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, false);
	assert_sw(key_raw(key, RAW("\x90\x26\0\0\2Te")), 0x9000);
	assert_sw(key_raw(key, RAW("\x80\x26\0\0\3sts")), 0x9000);
	assert_sw(key_raw(key, RAW("\x90\x26\0\0\2Te")), 0x9000);
	assert_sw(key_raw(key, RAW("\x80\x22\0\0\0")), 0x9000);
	assert_sw(key_raw(key, RAW("\x80\x26\0\0\3sts")), 0x6a88);
	for (unsigned int i = 0; i < 32; i++) {
		uint8_t part[5 + 255] = {0x90, 0x4c, 0, 0, 255};

		assert_sw(key_raw(key, uk_span_of(part, sizeof(part))), 0x9000);
	}
	assert_sw(send_chained(key, 0x904c0000, uk_span_of(client_data().ptr, 255), 255), 0x6700);
	assert_sw(key_raw(key, RAW("\x80\x26\0\0\5Tests")), 0x9000);
	key_free(key);
}

static void
answers_over_256_bytes_come_by_get_response(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	uint8_t info[288];

	assert_sw(key_raw(key, RAW("\x80\x04\0\0\0")), 0x6120);
	assert_int_equal(key->data.len, 256);
	memcpy(info, key->data.ptr, 256);
	assert_sw(key_raw(key, RAW("\x80\xc0\0\0\x10")), 0x6110);
	memcpy(info + 256, key->data.ptr, 16);
	assert_sw(key_raw(key, RAW("\0\xc0\0\0\0")), 0x9000);
	assert_int_equal(key->data.len, 16);
	memcpy(info + 272, key->data.ptr, 16);
	assert_sw(key_send(key, 0x04, 0, uk_span_of(NULL, 0), UK_LE_MAX), 0x9000);
	assert_int_equal(key->data.len, 288);
	assert_memory_equal(key->data.ptr, info, 288);
	/* nothing waits any more, and another command throws away what waited */
	assert_sw(key_raw(key, RAW("\x80\xc0\0\0\0")), 0x6700);
	assert_sw(key_raw(key, RAW("\x80\x04\0\0\0")), 0x6120);
	assert_sw(key_raw(key, RAW("\x80\x22\0\0\0")), 0x9000);
	assert_sw(key_raw(key, RAW("\x80\xc0\0\0\0")), 0x6700);
	key_free(key);
}

static void
parts_of_one_certificate_at_a_time(void **unused)
{
	static const char *const options[] = {"--max-answer", "100", NULL};
	struct key *key = key_blank("V1", options);
	uint8_t cert[250] = {1};
	struct ids ids;

	client_personalise(key, &ids, true);
	assert_sw(client_create_container(key, &ids, "c"), 0x9000);
	assert_sw(client_import_cert(key, &ids, 1, uk_span_of(cert, 250)), 0x9000);
	assert_sw(client_import_cert(key, &ids, 0, uk_span_of(cert, 150)), 0x9000);
	assert_sw(key_send(key, 0x4e, 0x0100, ids_both(&ids), UK_LE_MAX), 0x6a9e);
	assert_int_equal(key->data.len, 100);
	assert_memory_equal(key->data.ptr, "\xfa\0\0\0\1", 5);
	/* the other one begins anew; so does the first after another command */
	assert_sw(key_send(key, 0x4e, 0x0000, ids_both(&ids), UK_LE_MAX), 0x6a9e);
	assert_memory_equal(key->data.ptr, "\x96\0\0\0\1", 5);
	assert_sw(key_send(key, 0x4e, 0x0000, ids_both(&ids), UK_LE_MAX), 0x9000);
	assert_int_equal(key->data.len, 54);
	assert_sw(key_send(key, 0x4e, 0x0100, ids_both(&ids), UK_LE_MAX), 0x6a9e);
	assert_sw(key_send(key, 0x22, 0, uk_span_of(NULL, 0), UK_LE_MAX), 0x9000);
	assert_sw(key_send(key, 0x4e, 0x0100, ids_both(&ids), UK_LE_MAX), 0x6a9e);
	assert_memory_equal(key->data.ptr, "\xfa\0\0\0\1", 5);
	assert_sw(key_send(key, 0x4e, 0x0100, ids_both(&ids), UK_LE_MAX), 0x6a9e);
	assert_sw(key_send(key, 0x4e, 0x0100, ids_both(&ids), UK_LE_MAX), 0x9000);
	key_free(key);
}

static void
a_frame_in_pieces_and_two_at_once(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	static const char two[] = "\0\4\x80\x22\0\0\0\4\x80\xfe\0\0";

	for (size_t i = 0; i < 6; i++)
		assert_int_equal(send(key->fd, two + i, 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(key->fd, key->reply, 4, MSG_WAITALL), 4);
	assert_memory_equal(key->reply, "\0\2\x90\0", 4);
	assert_int_equal(send(key->fd, two, 12, MSG_NOSIGNAL), 12);
	assert_int_equal(recv(key->fd, key->reply, 8, MSG_WAITALL), 8);
	assert_memory_equal(key->reply, "\0\2\x90\0\0\2\x6d\0", 8);
	key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_length_forms),
		cmocka_unit_test(damaged_commands_are_refused),
		cmocka_unit_test(long_data_in_chained_commands),
		cmocka_unit_test(a_chain_that_breaks_is_forgotten),
		cmocka_unit_test(answers_over_256_bytes_come_by_get_response),
		cmocka_unit_test(parts_of_one_certificate_at_a_time),
		cmocka_unit_test(a_frame_in_pieces_and_two_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
