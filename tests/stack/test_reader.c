/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader driver in the real pcscd, with toy keys that behave well and badly. */
#include "tests/rig/process.h"
#include "tests/rig/rig.h"
#include "tests/stack/toy_key.h"

#include <reader.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEN_MS    500
#define RECOVER_MS 4000
#define REPLY_MAX  (65536 + 2)

static const BYTE select_command[] = {0x00, 0xa4, 0x04, 0x00};

static SCARDHANDLE
connect_reader(struct rig *rig, unsigned int reader)
{
	SCARDHANDLE card;
	DWORD protocol;

	assert_int_equal(SCardConnect(rig_context(rig), rig_reader(rig, reader), SCARD_SHARE_SHARED,
				      SCARD_PROTOCOL_T1, &card, &protocol),
			 SCARD_S_SUCCESS);
	assert_int_equal(protocol, SCARD_PROTOCOL_T1);
	return card;
}

static LONG
transmit(SCARDHANDLE card, const BYTE *command, DWORD len, BYTE *reply, DWORD *reply_len)
{
	return SCardTransmit(card, SCARD_PCI_T1, command, len, NULL, reply, reply_len);
}

/* A command that any well-behaved key answers with 9000. */
static void
assert_key_works(struct rig *rig, unsigned int reader)
{
	SCARDHANDLE card = connect_reader(rig, reader);
	BYTE reply[258];
	DWORD len = sizeof(reply);

	assert_int_equal(transmit(card, select_command, sizeof(select_command), reply, &len),
			 SCARD_S_SUCCESS);
	assert_int_equal(len, 2);
	assert_int_equal(reply[0], 0x90);
	SCardDisconnect(card, SCARD_LEAVE_CARD);
}

static void
plugging_and_pulling_is_seen_within_half_a_second(void **state)
{
	struct rig *rig = *state;

	for (int round = 0; round < 10; round++) {
		pid_t key = toy_key_plug(rig_socket(rig, 0), TOY_HONEST);

		assert_true(rig_await(rig, 0, true, SEEN_MS));
		assert_key_works(rig, 0);
		toy_key_pull(key);
		assert_true(rig_await(rig, 0, false, SEEN_MS));
	}
}

/* pcscd counts the events: a pull shorter than two looks must count as well. */
static void
a_key_swapped_quickly_counts_as_pulled_and_plugged(void **state)
{
	struct rig *rig = *state;
	SCARD_READERSTATE row = {.szReader = rig_reader(rig, 0)};
	pid_t key = toy_key_plug(rig_socket(rig, 0), TOY_HONEST);
	SCARDHANDLE card;
	BYTE reply[258];
	DWORD len = sizeof(reply), before;

	assert_true(rig_await(rig, 0, true, SEEN_MS));
	card = connect_reader(rig, 0);
	assert_int_equal(SCardGetStatusChange(rig_context(rig), 0, &row, 1), SCARD_S_SUCCESS);
	before = row.dwEventState >> 16;

	toy_key_pull(key);
	key = toy_key_plug(rig_socket(rig, 0), TOY_HONEST);
	process_sleep_ms(SEEN_MS);

	row.dwCurrentState = SCARD_STATE_UNAWARE;
	assert_int_equal(SCardGetStatusChange(rig_context(rig), 0, &row, 1), SCARD_S_SUCCESS);
	assert_true(row.dwEventState & SCARD_STATE_PRESENT);
	assert_int_equal(row.dwEventState >> 16, before + 2);
	assert_int_equal(transmit(card, select_command, sizeof(select_command), reply, &len),
			 SCARD_W_REMOVED_CARD);
	SCardDisconnect(card, SCARD_LEAVE_CARD);
	assert_key_works(rig, 0);
	toy_key_pull(key);
	assert_true(rig_await(rig, 0, false, SEEN_MS));
}

/* 80 01 P1 P2: so many bytes please; extended Le. */
static void
assert_reply_of(SCARDHANDLE card, size_t wanted)
{
	const BYTE command[] = {0x80, 0x01, (BYTE)(wanted >> 8), (BYTE)wanted, 0, 0, 0};
	BYTE *reply = calloc(1, REPLY_MAX);
	DWORD len = REPLY_MAX;

	assert_non_null(reply);
	assert_int_equal(transmit(card, command, sizeof(command), reply, &len), SCARD_S_SUCCESS);
	assert_int_equal(len, wanted + 2);
	for (size_t i = 0; i < wanted; i++)
		assert_int_equal(reply[i], (BYTE)(i * 7));
	free(reply);
}

static void
extended_replies_and_commands_pass_whole(void **state)
{
	static BYTE long_command[4 + 3 + 8192] = {0x00, 0xd6, 0, 0, 0, 0x20, 0x00};
	struct rig *rig = *state;
	pid_t key = toy_key_plug(rig_socket(rig, 0), TOY_HONEST);
	SCARDHANDLE card;
	BYTE reply[258];
	DWORD len = sizeof(reply);

	assert_true(rig_await(rig, 0, true, SEEN_MS));
	card = connect_reader(rig, 0);
	assert_reply_of(card, 0);
	assert_reply_of(card, 256);
	assert_reply_of(card, 2048);
	assert_reply_of(card, 65533);
	assert_int_equal(transmit(card, long_command, sizeof(long_command), reply, &len),
			 SCARD_S_SUCCESS);
	SCardDisconnect(card, SCARD_LEAVE_CARD);
	toy_key_pull(key);
	assert_true(rig_await(rig, 0, false, SEEN_MS));
}

/* Part 10 of PC/SC: how a driver learns that it may use extended length. */
static void
the_reader_tells_its_apdu_size(void **state)
{
	struct rig *rig = *state;
	BYTE features[64], properties[64];
	DWORD len, protocol, code;
	SCARDHANDLE card;

	assert_int_equal(SCardConnect(rig_context(rig), rig_reader(rig, 1), SCARD_SHARE_DIRECT, 0,
				      &card, &protocol),
			 SCARD_S_SUCCESS);
	assert_int_equal(SCardControl(card, CM_IOCTL_GET_FEATURE_REQUEST, NULL, 0, features,
				      sizeof(features), &len),
			 SCARD_S_SUCCESS);
	assert_int_equal(len, 6);
	assert_int_equal(features[0], FEATURE_GET_TLV_PROPERTIES);
	assert_int_equal(features[1], 4);
	code = (DWORD)features[2] << 24 | (DWORD)features[3] << 16 | (DWORD)features[4] << 8 |
	       features[5];
	assert_int_equal(SCardControl(card, code, NULL, 0, properties, sizeof(properties), &len),
			 SCARD_S_SUCCESS);
	assert_true(len >= 6);
	assert_int_equal(properties[0], PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize);
	assert_memory_equal(properties + 1, "\x04\x00\x00\x01\x00", 5); /* 65536 */
	assert_int_not_equal(SCardControl(card, SCARD_CTL_CODE(1), NULL, 0, properties,
					  sizeof(properties), &len),
			     SCARD_S_SUCCESS);
	SCardDisconnect(card, SCARD_LEAVE_CARD);
}

/* One to three bytes would be controls of the link, or nothing at all. */
static void
stumps_of_commands_never_reach_the_key(void **state)
{
	struct rig *rig = *state;
	pid_t key = toy_key_plug(rig_socket(rig, 0), TOY_HONEST);
	SCARDHANDLE card;

	assert_true(rig_await(rig, 0, true, SEEN_MS));
	card = connect_reader(rig, 0);
	for (DWORD stump = 1; stump < 4; stump++) {
		BYTE reply[258];
		DWORD len = sizeof(reply);

		assert_int_not_equal(transmit(card, select_command, stump, reply, &len),
				     SCARD_S_SUCCESS);
	}
	SCardDisconnect(card, SCARD_LEAVE_CARD);
	assert_key_works(rig, 0);
	toy_key_pull(key);
	assert_true(rig_await(rig, 0, false, SEEN_MS));
}

/* What a program may see of each bad manner: an error in time, never an answer. */
static const struct {
	enum toy_manner manner;
	bool atr; /* the key shows an ATR, so a program can connect */
} bad_manners[] = {
	{TOY_NO_ATR, false},
	{TOY_EMPTY_ATR, false},
	{TOY_LONG_ATR, false},
	{TOY_GREETS, true}, /* and its greeting is taken for the ATR */
	{TOY_HANGS_UP_AT_ONCE, false},
	{TOY_HANGS_UP_AT_COMMAND, true},
	{TOY_EMPTY_REPLY, true},
	{TOY_ONE_BYTE_REPLY, true},
	{TOY_CUT_REPLY, true},
	{TOY_STALLED_REPLY, true},
	{TOY_HUGE_REPLY, true},
	{TOY_SILENT, true},
};

static void
assert_command_fails(struct rig *rig)
{
	SCARDHANDLE card = connect_reader(rig, 0);
	long start = process_clock_ms();
	BYTE reply[258];
	DWORD len = sizeof(reply);

	assert_int_not_equal(transmit(card, select_command, sizeof(select_command), reply, &len),
			     SCARD_S_SUCCESS);
	assert_true(process_clock_ms() - start < 2000);
	SCardDisconnect(card, SCARD_LEAVE_CARD);
}

static void
bad_manners_end_in_an_error_and_the_next_key_works(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_manners); i++) {
		pid_t key = toy_key_plug(rig_socket(rig, 0), bad_manners[i].manner);

		print_message("manner %d\n", (int)bad_manners[i].manner);
		if (bad_manners[i].atr) {
			assert_true(rig_await(rig, 0, true, SEEN_MS));
			assert_command_fails(rig);
		} else {
			process_sleep_ms(200);
		}
		toy_key_pull(key);
		assert_true(rig_await(rig, 0, false, RECOVER_MS));
		assert_true(rig_alive(rig));

		key = toy_key_plug(rig_socket(rig, 0), TOY_HONEST);
		assert_true(rig_await(rig, 0, true, RECOVER_MS));
		assert_key_works(rig, 0);
		toy_key_pull(key);
		assert_true(rig_await(rig, 0, false, SEEN_MS));
	}
}

/* The surplus answer must not be taken for the answer to the next command. */
static void
a_second_answer_is_never_taken_for_the_next_one(void **state)
{
	struct rig *rig = *state;
	pid_t key = toy_key_plug(rig_socket(rig, 0), TOY_TWO_REPLIES);
	BYTE reply[258];
	DWORD len = sizeof(reply);
	SCARDHANDLE card;

	assert_true(rig_await(rig, 0, true, SEEN_MS));
	card = connect_reader(rig, 0);
	assert_int_equal(transmit(card, select_command, sizeof(select_command), reply, &len),
			 SCARD_S_SUCCESS);
	process_sleep_ms(20);
	len = sizeof(reply);
	assert_int_not_equal(transmit(card, select_command, sizeof(select_command), reply, &len),
			     SCARD_S_SUCCESS);
	SCardDisconnect(card, SCARD_LEAVE_CARD);
	toy_key_pull(key);
	assert_true(rig_await(rig, 0, false, SEEN_MS));
}

static int
start_rig(void **state)
{
	/* silent keys are given up after a minute otherwise */
	setenv("OPENUKEY_IFD_TIMEOUT_MS", "400", 1);
	*state = rig_start(2);
	return *state == NULL ? -1 : 0;
}

static int
stop_rig(void **state)
{
	rig_stop(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plugging_and_pulling_is_seen_within_half_a_second),
		cmocka_unit_test(a_key_swapped_quickly_counts_as_pulled_and_plugged),
		cmocka_unit_test(extended_replies_and_commands_pass_whole),
		cmocka_unit_test(the_reader_tells_its_apdu_size),
		cmocka_unit_test(stumps_of_commands_never_reach_the_key),
		cmocka_unit_test(bad_manners_end_in_an_error_and_the_next_key_works),
		cmocka_unit_test(a_second_answer_is_never_taken_for_the_next_one),
	};

	return cmocka_run_group_tests(tests, start_rig, stop_rig);
}
