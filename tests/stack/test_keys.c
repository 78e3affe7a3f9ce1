/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Virtual keys that come and go in the readers of the real pcscd. */
#include "tests/rig/process.h"
#include "tests/stack/card.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SEEN_MS 500

static char state_path[128];

static void
plug(struct rig *rig)
{
	assert_true(rig_plug(rig, 0, state_path, NULL));
}

static void
a_key_is_seen_and_gone_within_half_a_second(void **state)
{
	struct rig *rig = *state;

	plug(rig);
	for (int round = 0; round < 10; round++) {
		assert_true(rig_tell(rig, 0, "pull"));
		assert_true(rig_await(rig, 0, false, SEEN_MS));
		assert_true(rig_tell(rig, 0, "plug"));
		assert_true(rig_await(rig, 0, true, SEEN_MS));
		card_assert_virtual(rig, 0);
	}
	assert_true(rig_pull(rig, 0));
}

static void
long_replies_pass_in_one_piece(void **state)
{
	struct rig *rig = *state;
	SCARDHANDLE card;

	plug(rig);
	card = card_connect(rig, 0);
	card_assert_random(card, 2048);
	card_assert_random(card, 256);
	card_disconnect(card);
	assert_true(rig_pull(rig, 0));
}

static void
pulled_at_a_command_is_an_error_and_the_reader_recovers(void **state)
{
	static const char *const moments[] = {"fault at 1 pull-before", "fault at 1 pull-after"};
	struct rig *rig = *state;

	plug(rig);
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		SCARDHANDLE card = card_connect(rig, 0);
		BYTE reply[512];

		assert_true(rig_tell(rig, 0, moments[i]));
		assert_true(card_send(card, card_get_dev_info, sizeof(card_get_dev_info), reply,
				      sizeof(reply)) < 0);
		assert_true(rig_await(rig, 0, false, SEEN_MS));
		card_disconnect(card);
		assert_true(rig_tell(rig, 0, "plug"));
		assert_true(rig_await(rig, 0, true, SEEN_MS));
		card_assert_virtual(rig, 0);
	}
	assert_true(rig_pull(rig, 0));
}

static void *
kill_soon(void *data)
{
	process_sleep_ms(200);
	rig_kill(data, 0);
	return NULL;
}

static void
a_key_pulled_while_it_works_ends_the_command_at_once(void **state)
{
	struct rig *rig = *state;
	long start = process_clock_ms();
	SCARDHANDLE card;
	pthread_t thread;
	BYTE reply[512];

	plug(rig);
	card = card_connect(rig, 0);
	assert_true(rig_tell(rig, 0, "fault at 1 slow 10000"));
	assert_int_equal(pthread_create(&thread, NULL, kill_soon, rig), 0);
	assert_true(card_send(card, card_get_dev_info, sizeof(card_get_dev_info), reply,
			      sizeof(reply)) < 0);
	pthread_join(thread, NULL);
	assert_true(process_clock_ms() - start < 3000);
	assert_true(rig_await(rig, 0, false, SEEN_MS));
	card_disconnect(card);
	plug(rig);
	card_assert_virtual(rig, 0);
	assert_true(rig_pull(rig, 0));
}

static void
sixteen_readers_hold_sixteen_keys(void **state)
{
	struct rig *rig = *state;

	for (unsigned int i = 0; i < RIG_READERS_MAX; i++) {
		char path[128];

		(void)snprintf(path, sizeof(path), "%s/many-%u.key", rig_dir(rig), i);
		assert_true(rig_plug(rig, i, path, NULL));
	}
	for (unsigned int i = 0; i < RIG_READERS_MAX; i++)
		card_assert_virtual(rig, i);
	assert_true(rig_pull(rig, 7));
	card_assert_virtual(rig, 6);
	card_assert_virtual(rig, 8);
	for (unsigned int i = 0; i < RIG_READERS_MAX; i++)
		assert_true(rig_pull(rig, i));
	assert_true(rig_alive(rig));
}

static int
start_rig(void **state)
{
	struct rig *rig = rig_start(RIG_READERS_MAX);

	*state = rig;
	if (rig == NULL)
		return -1;
	(void)snprintf(state_path, sizeof(state_path), "%s/blank.key", rig_dir(rig));
	return 0;
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
		cmocka_unit_test(a_key_is_seen_and_gone_within_half_a_second),
		cmocka_unit_test(long_replies_pass_in_one_piece),
		cmocka_unit_test(pulled_at_a_command_is_an_error_and_the_reader_recovers),
		cmocka_unit_test(a_key_pulled_while_it_works_ends_the_command_at_once),
		cmocka_unit_test(sixteen_readers_hold_sixteen_keys),
	};

	return cmocka_run_group_tests(tests, start_rig, stop_rig);
}
