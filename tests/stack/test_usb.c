/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole USB key plugged and unplugged: unmodified libusb, libccid and pcscd see a CCID device. */
#include "tests/rig/process.h"
#include "tests/stack/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Exported by pcscd 1.9 within a second on an idle machine; libccid itself takes a fifth. */
#define SEEN_MS 3000

static const char *
state_path(struct rig *rig, unsigned int port)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/usb-%u.key", rig_dir(rig), port);
	return path;
}

static unsigned int
count_readers(struct rig *rig)
{
	char names[4096];
	DWORD len = sizeof(names);
	unsigned int count = 0;

	if (SCardListReaders(rig_context(rig), NULL, names, &len) != SCARD_S_SUCCESS)
		return 0;
	for (const char *name = names; *name != '\0'; name += strlen(name) + 1)
		count++;
	return count;
}

static void
a_plugged_key_brings_its_reader_and_takes_it_away(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(count_readers(rig), 0);
	assert_true(rig_plug(rig, 0, state_path(rig, 0), NULL));
	assert_int_equal(count_readers(rig), 1);
	assert_non_null(strstr(rig_reader(rig, 0), "OpenUKey Virtual Reader"));
	card_assert_virtual(rig, 0);
	for (int round = 0; round < 4; round++) {
		assert_true(rig_tell(rig, 0, "pull"));
		assert_true(rig_await(rig, 0, false, SEEN_MS));
		assert_int_equal(count_readers(rig), 0);
		assert_true(rig_tell(rig, 0, "plug"));
		assert_true(rig_await(rig, 0, true, SEEN_MS));
		card_assert_virtual(rig, 0);
	}
	assert_true(rig_pull(rig, 0));
	assert_int_equal(count_readers(rig), 0);
}

static void
two_keys_work_beside_each_other(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_plug(rig, 0, state_path(rig, 0), NULL));
	assert_true(rig_plug(rig, 2, state_path(rig, 2), NULL));
	card_assert_virtual(rig, 0);
	card_assert_virtual(rig, 2);
	assert_true(rig_pull(rig, 0));
	card_assert_virtual(rig, 2);
	assert_true(rig_plug(rig, 0, state_path(rig, 0), NULL));
	card_assert_virtual(rig, 0);
	assert_true(rig_pull(rig, 2));
	card_assert_virtual(rig, 0);
	assert_true(rig_pull(rig, 0));
}

static void
a_key_pulled_at_a_command_is_an_error(void **state)
{
	static const BYTE command[] = {0x80, 0x04, 0x00, 0x00, 0x00};
	struct rig *rig = *state;
	SCARDHANDLE card;
	BYTE reply[512];

	assert_true(rig_plug(rig, 0, state_path(rig, 0), NULL));
	card = card_connect(rig, 0);
	assert_true(rig_tell(rig, 0, "fault at 1 pull-before"));
	assert_true(card_send(card, command, sizeof(command), reply, sizeof(reply)) < 0);
	card_disconnect(card);
	assert_true(rig_await(rig, 0, false, SEEN_MS));
	assert_true(rig_tell(rig, 0, "plug"));
	assert_true(rig_await(rig, 0, true, SEEN_MS));
	card_assert_virtual(rig, 0);
	assert_true(rig_pull(rig, 0));
}

/* libccid waits three seconds, and longer for a key that asks for time. */
static void
a_key_may_take_its_time(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_plug(rig, 0, state_path(rig, 0), NULL));
	assert_true(rig_tell(rig, 0, "fault at 1 slow 4500"));
	card_assert_virtual(rig, 0);
	assert_true(rig_pull(rig, 0));
}

static void
an_extended_device_passes_long_replies_in_one_piece(void **state)
{
	struct rig *rig = *state;
	SCARDHANDLE card;

	assert_true(rig_plug(rig, 0, state_path(rig, 0), NULL));
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

	assert_true(rig_plug(rig, 0, state_path(rig, 0), NULL));
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
		cmocka_unit_test(a_plugged_key_brings_its_reader_and_takes_it_away),
		cmocka_unit_test(a_key_pulled_at_a_command_is_an_error),
		cmocka_unit_test(a_short_device_says_so_and_takes_short_commands_only),
	};
	int failed = cmocka_run_group_tests(extended, start_extended, stop_rig);

	return failed + cmocka_run_group_tests(short_apdus, start_short, stop_rig);
}
