/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How APDUs travel to HID and mass-storage keys: the examples of gm-keys 2.6, and hostile answers.
 */
#include "drivers/ifd/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint8_t stream_room[HID_STREAM_MAX], answer_room[HID_STREAM_MAX];

/* The reports of a command of len bytes 80 01 02 ...; how many there are. */
static size_t
reports_of(size_t len, uint8_t (*reports)[HID_REPORT], size_t cap)
{
	static uint8_t apdu[FRAME_APDU_MAX];
	struct uk_writer out = uk_writer_of(stream_room, sizeof(stream_room));
	struct hid_command command;
	uint8_t report[HID_REPORT];
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		apdu[i] = (uint8_t)(0x80 + i);
	hid_put_command(&out, 7, uk_span_of(apdu, len));
	assert_false(out.overflow);
	command = (struct hid_command){.stream = uk_writer_span(&out)};
	while (hid_take_report(&command, report)) {
		if (count < cap)
			memcpy(reports[count], report, HID_REPORT);
		count++;
	}
	return count;
}

static void
commands_have_the_tags_that_were_seen_on_a_gm3000(void **state)
{
	uint8_t reports[2][HID_REPORT];

	/* GetDevInfo, 7 bytes; VerifyPIN, 25; one report holds 40 */
	assert_int_equal(reports_of(7, reports, 2), 1);
	assert_int_equal(reports[0][0], 0xde);
	assert_int_equal(reports_of(25, reports, 2), 1);
	assert_int_equal(reports[0][0], 0xf0);
	assert_int_equal(reports_of(40, reports, 2), 1);
	assert_int_equal(reports[0][0], 0xff);
	/* ECCSignData, 43 bytes */
	assert_int_equal(reports_of(43, reports, 2), 2);
	assert_int_equal(reports[0][0], 0xbf);
	assert_int_equal(reports[1][0], 0x43);
}

static void
a_command_lies_where_it_must(void **state)
{
	static const uint8_t head[] = {0xde, 0xfe, 0x01, 0, 0,  0, 0, 0, 0,    0, 0, 0,    0,
				       0,    0,    0,    0, 10, 0, 0, 7, 0x12, 0, 7, 0x80, 0x81};
	uint8_t reports[1][HID_REPORT];

	assert_int_equal(reports_of(7, reports, 1), 1);
	assert_memory_equal(reports[0], head, sizeof(head));
	for (size_t i = 1 + HID_HEAD + FRAME_HEADER + 7; i < HID_REPORT; i++)
		assert_int_equal(reports[0][i], 0);
}

static void
a_long_command_has_middle_reports(void **state)
{
	uint8_t reports[4][HID_REPORT];

	assert_int_equal(reports_of(40 + 63 + 63 + 1, reports, 4), 4);
	assert_int_equal(reports[0][0], 0xbf);
	assert_int_equal(reports[1][0], 0x3f);
	assert_int_equal(reports[2][0], 0x3f);
	assert_int_equal(reports[3][0], 0x41);
	/* the length in three bytes, and in the two that count */
	assert_int_equal(reports[0][1 + 16], 170);
	assert_int_equal(reports_of(FRAME_APDU_MAX, NULL, 0), (HID_STREAM_MAX + 62) / 63);
}

static void
nothing_and_too_much_are_no_commands(void **state)
{
	static const uint8_t apdu[FRAME_APDU_MAX + 1] = {0x80};
	static uint8_t room[HID_STREAM_MAX + 100];
	struct uk_writer out = uk_writer_of(room, sizeof(room));

	frame_put_apdu(&out, uk_span_of(apdu, 0));
	assert_true(out.overflow);
	out = uk_writer_of(room, sizeof(room));
	frame_put_apdu(&out, uk_span_of(apdu, sizeof(apdu)));
	assert_true(out.overflow);
}

/* ---- answers ---- */

/* A stream of data and 9000 as a GM3000 makes it; outer: what it says for the payload's length. */
static struct uk_span
answer_stream(uint8_t seq, size_t data_len, size_t outer)
{
	struct uk_writer out = uk_writer_of(stream_room, sizeof(stream_room));

	uk_put_u16(&out, UK_BIG_ENDIAN, 0xaaaa);
	uk_put_u16(&out, UK_LITTLE_ENDIAN, (uint16_t)outer);
	uk_put_fill(&out, 0, 15);
	uk_put_u8(&out, seq);
	uk_put_u8(&out, 0x12);
	uk_put_u16(&out, UK_BIG_ENDIAN, (uint16_t)(data_len + 2));
	uk_put_fill(&out, 0x5a, data_len);
	uk_put_u16(&out, UK_BIG_ENDIAN, 0x9000);
	return uk_writer_span(&out);
}

/* Cuts the stream into reports and puts them together again. */
static enum uk_status
carry(struct uk_span stream, struct hid_answer *answer)
{
	struct hid_command command = {.stream = stream};
	uint8_t report[HID_REPORT];
	enum uk_status st = UK_OK;

	*answer = (struct hid_answer){.stream = uk_writer_of(answer_room, sizeof(answer_room))};
	while (st == UK_OK && hid_take_report(&command, report))
		st = hid_add_report(answer, uk_span_of(report, sizeof(report)));
	return st;
}

static void
answers_of_every_length_come_through(void **state)
{
	static const size_t lengths[] = {0, 10, 18, 38, 39, 40, 101, 102, 2048, 65533};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct hid_answer answer;
		struct uk_span reply;

		assert_int_equal(carry(answer_stream(9, lengths[i], 0), &answer), UK_OK);
		assert_int_equal(hid_take_answer(&answer, 9, &reply), UK_OK);
		assert_int_equal(reply.len, lengths[i] + 2);
		assert_int_equal(reply.ptr[reply.len - 2], 0x90);
	}
}

static void
the_inner_length_counts_not_the_outer(void **state)
{
	static const size_t outer[] = {0, 12, 18, 0xffff};

	for (size_t i = 0; i < ARRAY_SIZE(outer); i++) {
		struct hid_answer answer;
		struct uk_span reply;

		assert_int_equal(carry(answer_stream(1, 10, outer[i]), &answer), UK_OK);
		assert_int_equal(hid_take_answer(&answer, 1, &reply), UK_OK);
		assert_int_equal(reply.len, 12);
	}
}

static void
an_answer_to_an_earlier_command_is_told_apart(void **state)
{
	struct hid_answer answer;
	struct uk_span reply;

	assert_int_equal(carry(answer_stream(8, 10, 15), &answer), UK_OK);
	assert_int_equal(hid_take_answer(&answer, 9, &reply), UK_E_NOT_FOUND);
}

static void
reports_out_of_order_are_refused(void **state)
{
	static const uint8_t first[HID_REPORT] = {0xbf}, middle[HID_REPORT] = {0x3f},
			     empty[HID_REPORT] = {0xc0}, only[HID_REPORT] = {0xd9};
	static const struct {
		const uint8_t *reports[3];
		size_t good;
	} rows[] = {
		{{middle}, 0},       {{empty}, 0},        {{first, first}, 1},
		{{first, empty}, 1}, {{only, middle}, 1}, {{first, middle, first}, 2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct hid_answer answer = {.stream =
						    uk_writer_of(answer_room, sizeof(answer_room))};

		for (size_t k = 0; k < 3 && rows[i].reports[k] != NULL; k++)
			assert_int_equal(
				hid_add_report(&answer, uk_span_of(rows[i].reports[k], HID_REPORT)),
				k < rows[i].good ? UK_OK : UK_E_REPLY);
	}
}

static void
a_short_report_is_refused(void **state)
{
	struct hid_answer answer = {.stream = uk_writer_of(answer_room, sizeof(answer_room))};
	static const uint8_t report[] = {0xc5, 1, 2, 3, 4};

	assert_int_equal(hid_add_report(&answer, uk_span_of(report, 0)), UK_E_REPLY);
	assert_int_equal(hid_add_report(&answer, uk_span_of(report, sizeof(report))), UK_E_REPLY);
}

static void
an_endless_answer_ends_at_the_room(void **state)
{
	struct hid_answer answer = {.stream = uk_writer_of(answer_room, 200)};
	uint8_t report[HID_REPORT] = {0xbf};
	enum uk_status st = hid_add_report(&answer, uk_span_of(report, sizeof(report)));
	unsigned int count = 1;

	report[0] = 0x3f;
	for (; st == UK_OK; count++)
		st = hid_add_report(&answer, uk_span_of(report, sizeof(report)));
	assert_int_equal(st, UK_E_REPLY);
	assert_int_equal(count, 4);
}

static void
answers_cut_anywhere_are_refused(void **state)
{
	struct uk_span stream = answer_stream(3, 20, 25), reply;

	for (size_t len = 1; len < stream.len; len++) {
		struct hid_answer answer;

		assert_int_equal(carry(uk_span_of(stream.ptr, len), &answer), UK_OK);
		assert_int_equal(hid_take_answer(&answer, 3, &reply), UK_E_REPLY);
	}
}

/* ---- mass storage ---- */

static void
storage_commands_lie_where_they_must(void **state)
{
	static const uint8_t send[] = {'U', 'S', 'B', 'C', 4,    3, 2,   1,   10,  0,   0,
				       0,   0,   0,   16,  0xfe, 1, 'G', 'M', 'C', 'A', 'P',
				       'I', 'D', 'F', 'S', 0,    0, 0,   0,   0};
	uint8_t room[STORAGE_CBW_LEN];
	struct uk_writer out = uk_writer_of(room, sizeof(room));

	storage_put_command(&out, 0x01020304, STORAGE_SEND, 10);
	assert_int_equal(uk_writer_span(&out).len, STORAGE_CBW_LEN);
	assert_memory_equal(room, send, sizeof(send));
	out = uk_writer_of(room, sizeof(room));
	storage_put_command(&out, 5, STORAGE_RECEIVE, 4096);
	assert_int_equal(room[12], 0x80);
	assert_int_equal(room[16], 2);
}

static enum uk_status
status_of(uint32_t tag, uint32_t residue, uint8_t status, size_t len)
{
	uint8_t room[STORAGE_CSW_LEN];
	struct uk_writer out = uk_writer_of(room, sizeof(room));
	enum storage_status is;
	uint32_t left;

	uk_put(&out, uk_span_str("USBS"));
	uk_put_u32(&out, UK_LITTLE_ENDIAN, tag);
	uk_put_u32(&out, UK_LITTLE_ENDIAN, residue);
	uk_put_u8(&out, status);
	return storage_take_status(uk_span_of(room, len), 77, 512, &is, &left);
}

static void
storage_statuses_are_checked(void **state)
{
	assert_int_equal(status_of(77, 0, 0, STORAGE_CSW_LEN), UK_OK);
	assert_int_equal(status_of(77, 512, 1, STORAGE_CSW_LEN), UK_OK);
	assert_int_equal(status_of(77, 999, 2, STORAGE_CSW_LEN), UK_OK);
	assert_int_equal(status_of(77, 513, 0, STORAGE_CSW_LEN), UK_E_REPLY);
	assert_int_equal(status_of(76, 0, 0, STORAGE_CSW_LEN), UK_E_REPLY);
	assert_int_equal(status_of(77, 0, 3, STORAGE_CSW_LEN), UK_E_REPLY);
	for (size_t len = 0; len < STORAGE_CSW_LEN; len++)
		assert_int_equal(status_of(77, 0, 0, len), UK_E_REPLY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_have_the_tags_that_were_seen_on_a_gm3000),
		cmocka_unit_test(a_command_lies_where_it_must),
		cmocka_unit_test(a_long_command_has_middle_reports),
		cmocka_unit_test(nothing_and_too_much_are_no_commands),
		cmocka_unit_test(answers_of_every_length_come_through),
		cmocka_unit_test(the_inner_length_counts_not_the_outer),
		cmocka_unit_test(an_answer_to_an_earlier_command_is_told_apart),
		cmocka_unit_test(reports_out_of_order_are_refused),
		cmocka_unit_test(a_short_report_is_refused),
		cmocka_unit_test(an_endless_answer_ends_at_the_room),
		cmocka_unit_test(answers_cut_anywhere_are_refused),
		cmocka_unit_test(storage_commands_lie_where_they_must),
		cmocka_unit_test(storage_statuses_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
