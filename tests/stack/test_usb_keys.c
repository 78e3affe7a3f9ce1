/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys that are no CCID devices, plugged and unplugged: our reader driver makes readers of them,
 * under unmodified libusb and pcscd. The devices (virtual/usb) were written from gm-keys 2.6 by
 * somebody who had not seen the driver.
 */
#include "tests/rig/process.h"
#include "tests/stack/card.h"
#include "tests/stack/usb_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *kind;

static void
a_plugged_key_brings_its_reader_and_takes_it_away(void **state)
{
	usb_life_comes_and_goes(*state, "OpenUKey Virtual");
}

static void
two_keys_work_beside_each_other(void **state)
{
	usb_life_two_keys(*state);
}

/* Every length around the edges of reports and packets. */
static void
replies_of_every_length_arrive_whole(void **state)
{
	static const size_t lens[] = {1,   37,  38,  39,  40,   41,   42,  58,  59,
				      60,  61,  62,  63,  64,   65,   101, 102, 103,
				      104, 105, 163, 166, 1000, 2048, 4000};
	struct rig *rig = *state;
	SCARDHANDLE card;

	assert_true(rig_plug(rig, 0, usb_life_path(rig, 0), NULL));
	card = card_connect(rig, 0);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
		card_assert_random(card, lens[i]);
	card_disconnect(card);
	assert_true(rig_pull(rig, 0));
}

/* SetLabel is not needed for it: an unknown command with data is answered all the same. */
static void
commands_of_every_length_arrive_whole(void **state)
{
	struct rig *rig = *state;
	SCARDHANDLE card;

	assert_true(rig_plug(rig, 0, usb_life_path(rig, 0), NULL));
	card = card_connect(rig, 0);
	for (size_t len = 1; len <= 600; len += len < 130 ? 1 : 47) {
		BYTE command[7 + 600] = {0x80, 0xfd, 0, 0, 0, (BYTE)(len >> 8), (BYTE)len};
		BYTE reply[16];

		assert_int_equal(card_send(card, command, 7 + len, reply, sizeof(reply)), 2);
		assert_int_equal(reply[0], 0x6d);
	}
	card_disconnect(card);
	assert_true(rig_pull(rig, 0));
}

static void
a_key_may_take_its_time(void **state)
{
	usb_life_slow_key(*state, 400);
}

static void
a_key_pulled_at_a_command_is_an_error(void **state)
{
	usb_life_pulled_at_a_command(*state);
}

/* ---- faults of the bus ---- */

#define JOB_COMMANDS 2
#define JOB_RANDOM   300

/* Connects, sends two commands; whether both were answered as they should. */
static bool
job(struct rig *rig)
{
	static const BYTE random_300[] = {0x80, 0x50, 0, 0, 0, JOB_RANDOM >> 8, JOB_RANDOM & 0xff};
	BYTE reply[1024];
	SCARDHANDLE card;
	DWORD protocol;
	bool good;

	if (SCardConnect(rig_context(rig), rig_reader(rig, 0), SCARD_SHARE_SHARED,
			 SCARD_PROTOCOL_T1, &card, &protocol) != SCARD_S_SUCCESS)
		return false;
	good = card_send(card, card_get_dev_info, sizeof(card_get_dev_info), reply,
			 sizeof(reply)) == 288 + 2 &&
	       card_send(card, random_300, sizeof(random_300), reply, sizeof(reply)) ==
		       JOB_RANDOM + 2;
	card_disconnect(card);
	return good;
}

/* How many commands have reached the key. */
static unsigned long
commands_at_key(struct rig *rig)
{
	static const char member[] = "\"commands\":";
	char answer[1024];
	const char *at;

	assert_true(rig_ask(rig, 0, "count", answer, sizeof(answer)));
	at = strstr(answer, member);
	assert_non_null(at);
	return strtoul(at + strlen(member), NULL, 10);
}

static unsigned long
transfers_of_a_job(struct rig *rig)
{
	char answer[32];

	assert_true(job(rig)); /* whatever comes first after plugging in */
	assert_true(rig_tell_port(rig, 0, "fault 0 none", NULL, 0));
	assert_true(job(rig));
	assert_true(rig_tell_port(rig, 0, "count", answer, sizeof(answer)));
	return strtoul(answer, NULL, 10);
}

/* Until the reader works again: a key that was pulled may come as a new one. */
static bool
works_again(struct rig *rig)
{
	long deadline = process_clock_ms() + 30000;

	while (process_clock_ms() < deadline) {
		if (rig_await(rig, 0, true, USB_LIFE_SEEN_MS) && job(rig))
			return true;
		process_sleep_ms(20);
	}
	return false;
}

static void
spoil_a_job(struct rig *rig, unsigned long at, const char *fault)
{
	unsigned long before = commands_at_key(rig), after;
	char line[64];
	long began = process_clock_ms();

	(void)snprintf(line, sizeof(line), "fault %lu %s", at, fault);
	assert_true(rig_tell_port(rig, 0, line, NULL, 0));
	(void)job(rig);
	after = commands_at_key(rig);
	assert_true(rig_tell_port(rig, 0, "fault 0 none", NULL, 0));
	assert_true(rig_alive(rig));
	if (after - before > JOB_COMMANDS)
		fail_msg("%s: %lu commands reached the key", line, after - before);
	if (!works_again(rig))
		fail_msg("%s: the reader is dead", line);
	if (process_clock_ms() - began > 100000)
		fail_msg("%s: took %ld ms", line, process_clock_ms() - began);
}

/* All in long runs; one of so many in others. */
static unsigned long
step(void)
{
	return getenv("OPENUKEY_TEST_LONG") != NULL ? 1 : 6;
}

static void
whatever_happens_to_a_transfer_the_reader_recovers_and_nothing_is_sent_twice(void **state)
{
	static const char *const faults[] = {
		"stall",    "protocol", "checksum", "babble", "lose",    "short 0", "short 1",
		"short 12", "flip 0",   "flip 2",   "flip 4", "flip 12", "flip 20", "flip 22",
	};
	struct rig *rig = *state;
	unsigned long count;

	assert_true(rig_plug(rig, 0, usb_life_path(rig, 0), NULL));
	count = transfers_of_a_job(rig);
	assert_in_range(count, 4, 60);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		for (unsigned long at = 1 + i % step(); at <= count; at += step())
			spoil_a_job(rig, at, faults[i]);
	assert_true(rig_pull(rig, 0));
}

#define NOISE_SAMPLE 12
#define NOISE_LONG   600

/* Answers changed, cut or made up; the seed is in the message when one of them is too much. */
static void
whatever_the_key_answers_the_reader_recovers(void **state)
{
	struct rig *rig = *state;
	unsigned long most = step() == 1 ? NOISE_LONG : NOISE_SAMPLE, count;

	assert_true(rig_plug(rig, 0, usb_life_path(rig, 0), NULL));
	count = transfers_of_a_job(rig);
	for (unsigned long seed = 1; seed <= most; seed++) {
		char fault[32];

		(void)snprintf(fault, sizeof(fault), "noise %lu", seed);
		spoil_a_job(rig, 1 + seed * 7 % (count / 2), fault);
	}
	assert_true(rig_pull(rig, 0));
}

static void
a_key_pulled_at_any_transfer_is_found_again(void **state)
{
	struct rig *rig = *state;
	unsigned long count;

	assert_true(rig_plug(rig, 0, usb_life_path(rig, 0), NULL));
	count = transfers_of_a_job(rig);
	for (unsigned long at = 1; at <= count; at += 1 + step() / 4)
		spoil_a_job(rig, at, "unplug");
	assert_true(rig_pull(rig, 0));
}

static void
a_transfer_that_never_ends_is_given_up(void **state)
{
	struct rig *rig = *state;
	long began;

	assert_true(rig_plug(rig, 0, usb_life_path(rig, 0), NULL));
	(void)transfers_of_a_job(rig);
	spoil_a_job(rig, 1, "hang");
	spoil_a_job(rig, 2, "hang");
	/* nor is a key listened to for ever that has something to say now and then */
	began = process_clock_ms();
	spoil_a_job(rig, 2, "drip");
	assert_in_range(process_clock_ms() - began, 0, 30000);
	assert_true(rig_pull(rig, 0));
}

static int
start_kind(void **state)
{
	*state = rig_start_port(kind);
	return *state == NULL ? -1 : 0;
}

static int
stop_rig(void **state)
{
	rig_stop(*state);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plugged_key_brings_its_reader_and_takes_it_away),
		cmocka_unit_test(two_keys_work_beside_each_other),
		cmocka_unit_test(replies_of_every_length_arrive_whole),
		cmocka_unit_test(commands_of_every_length_arrive_whole),
		cmocka_unit_test(a_key_may_take_its_time),
		cmocka_unit_test(a_key_pulled_at_a_command_is_an_error),
		cmocka_unit_test(
			whatever_happens_to_a_transfer_the_reader_recovers_and_nothing_is_sent_twice),
		cmocka_unit_test(whatever_the_key_answers_the_reader_recovers),
		cmocka_unit_test(a_key_pulled_at_any_transfer_is_found_again),
		cmocka_unit_test(a_transfer_that_never_ends_is_given_up),
	};

	/* A lost report is never answered. */
	setenv("OPENUKEY_IFD_TIMEOUT_MS", "700", 1);
	kind = argc > 1 ? argv[1] : "usb-hid";
	if (argc > 2)
		cmocka_set_test_filter(argv[2]);
	return cmocka_run_group_tests(tests, start_kind, stop_rig);
}
