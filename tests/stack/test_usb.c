/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole USB key plugged and unplugged: unmodified libusb, libccid and pcscd see a CCID device. */
#include "tests/stack/card.h"
#include "tests/stack/usb_life.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
a_plugged_key_brings_its_reader_and_takes_it_away(void **state)
{
	usb_life_comes_and_goes(*state, "OpenUKey Virtual Reader");
}

static void
two_keys_work_beside_each_other(void **state)
{
	usb_life_two_keys(*state);
}

static void
a_key_pulled_at_a_command_is_an_error(void **state)
{
	usb_life_pulled_at_a_command(*state);
}

/* libccid waits three seconds, and longer for a key that asks for time. */
static void
a_key_may_take_its_time(void **state)
{
	usb_life_slow_key(*state, 4500);
}

static void
an_extended_device_passes_long_replies_in_one_piece(void **state)
{
	struct rig *rig = *state;
	SCARDHANDLE card;

	assert_true(rig_plug(rig, 0, usb_life_path(rig, 0), NULL));
	card = card_connect(rig, 0);
	assert_int_equal(card_max_apdu_data(card), 65536);
	card_assert_random(card, 2048);
	card_assert_random(card, 54); /* a message of 64 bytes, one packet */
	card_disconnect(card);
	assert_true(rig_pull(rig, 0));
}

static void
a_short_device_says_so_and_takes_short_commands_only(void **state)
{
	static const BYTE random_256[] = {0x80, 0x50, 0, 0, 0};
	BYTE extended[4 + 3 + 300] = {0x80, 0x02, 0, 0, 0, 0x01, 0x2c};
	struct rig *rig = *state;
	BYTE reply[512];
	SCARDHANDLE card;

	assert_true(rig_plug(rig, 0, usb_life_path(rig, 0), NULL));
	card = card_connect(rig, 0);
	assert_int_equal(card_max_apdu_data(card), 0); /* part 10: short ones only */
	assert_int_equal(card_send(card, random_256, sizeof(random_256), reply, sizeof(reply)),
			 256 + 2);
	assert_true(card_send(card, extended, sizeof(extended), reply, sizeof(reply)) < 0);
	card_disconnect(card);
	assert_true(rig_pull(rig, 0));
}

static int
start_extended(void **state)
{
	*state = rig_start_usb(false);
	return *state == NULL ? -1 : 0;
}

static int
start_short(void **state)
{
	*state = rig_start_usb(true);
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
	const struct CMUnitTest extended[] = {
		cmocka_unit_test(a_plugged_key_brings_its_reader_and_takes_it_away),
		cmocka_unit_test(two_keys_work_beside_each_other),
		cmocka_unit_test(a_key_pulled_at_a_command_is_an_error),
		cmocka_unit_test(a_key_may_take_its_time),
		cmocka_unit_test(an_extended_device_passes_long_replies_in_one_piece),
	};
	const struct CMUnitTest short_apdus[] = {
		cmocka_unit_test(a_key_pulled_at_a_command_is_an_error),
		cmocka_unit_test(a_short_device_says_so_and_takes_short_commands_only),
	};
	int failed = cmocka_run_group_tests(extended, start_extended, stop_rig);

	return failed + cmocka_run_group_tests(short_apdus, start_short, stop_rig);
}
