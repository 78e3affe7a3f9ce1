/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys coming and going, and the service itself going. */
#include "tests/driver/desk.h"
#include "tests/rig/process.h"

#include <pthread.h>

struct wait {
	struct desk *desk;
	struct token_reader seen[TOKEN_READERS_MAX];
	size_t count;
	int timeout_ms;
	enum uk_status st;
	long took_ms;
	pthread_t thread;
};

static void *
wait_run(void *data)
{
	struct wait *wait = data;
	long start = process_clock_ms();

	wait->st = token_bus_wait(wait->desk->bus, wait->seen, wait->count, wait->timeout_ms);
	wait->took_ms = process_clock_ms() - start;
	return NULL;
}

static void
wait_start(struct wait *wait, struct desk *desk, int timeout_ms)
{
	wait->desk = desk;
	wait->timeout_ms = timeout_ms;
	assert_ok(token_bus_list(desk->bus, wait->seen, TOKEN_READERS_MAX, &wait->count));
	assert_int_equal(pthread_create(&wait->thread, NULL, wait_run, wait), 0);
}

static enum uk_status
wait_end(struct wait *wait)
{
	assert_int_equal(pthread_join(wait->thread, NULL), 0);
	return wait->st;
}

static void
pulling_and_plugging_end_the_wait(void **state)
{
	struct desk *desk = *state;
	struct wait wait;
	uint32_t events;

	wait_start(&wait, desk, 10000);
	events = wait.seen[0].events;
	assert_true(wait.seen[0].present && wait.seen[0].ours);
	assert_true(rig_pull(desk->rig, 0));
	assert_ok(wait_end(&wait));
	assert_true(wait.took_ms < 3000);

	wait_start(&wait, desk, 10000);
	assert_false(wait.seen[0].present);
	assert_null(wait.seen[0].model);
	assert_int_not_equal(wait.seen[0].events, events);
	assert_true(rig_plug(desk->rig, 0, desk->key_state, NULL));
	assert_ok(wait_end(&wait));
	assert_true(wait.took_ms < 3000);
}

static void
what_changed_before_the_wait_ends_it_at_once(void **state)
{
	struct desk *desk = *state;
	struct wait wait;
	size_t count;

	assert_ok(token_bus_list(desk->bus, wait.seen, TOKEN_READERS_MAX, &count));
	desk_replug(desk);
	assert_ok(token_bus_wait(desk->bus, wait.seen, count, -1));
	assert_ok(token_bus_wait(desk->bus, wait.seen, 0, -1));
}

static void
a_wait_times_out(void **state)
{
	struct desk *desk = *state;
	struct token_info info;
	struct wait wait;

	wait_start(&wait, desk, 300);
	/* using the key is no change */
	assert_ok(desk->token->ops->info(desk->token, &info));
	desk_reopen(desk);
	assert_status(wait_end(&wait), UK_E_TIMEOUT);
	assert_true(wait.took_ms >= 290 && wait.took_ms < 1500);
	assert_status(token_bus_wait(desk->bus, wait.seen, wait.count, 0), UK_E_TIMEOUT);
}

static void
cancel_ends_all_waits_at_once_and_for_good(void **state)
{
	struct desk *desk = *state;

	for (int round = 0; round < 20; round++) {
		struct wait waits[3];
		long start;

		for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
			wait_start(&waits[i], desk, -1);
		process_sleep_ms(round % 4 * 5); /* also before they are blocked */
		start = process_clock_ms();
		token_bus_cancel(desk->bus);
		for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
			assert_status(wait_end(&waits[i]), UK_E_CANCELLED);
		assert_true(process_clock_ms() - start < 500);
		/* those to come as well, until the next list */
		assert_status(token_bus_wait(desk->bus, waits[0].seen, waits[0].count, -1),
			      UK_E_CANCELLED);
	}
}

static void
a_foreign_card_is_present_but_not_ours(void **state)
{
	struct desk *desk = *state;
	struct token_reader reader = desk->reader;
	struct token *token = NULL;

	reader.ours = false;
	reader.model = NULL;
	assert_status(token_open(desk->bus, &reader, &token), UK_E_UNKNOWN_KEY);
	reader = desk->reader;
	(void)snprintf(reader.name, sizeof(reader.name), "No such reader");
	assert_status(token_open(desk->bus, &reader, &token), UK_E_NO_KEY);
	assert_null(token);
}

/* Last: it ends the rig's pcscd. */
static void
without_the_service_everything_says_so(void **state)
{
	struct desk *desk = *state;
	struct token_reader readers[TOKEN_READERS_MAX];
	struct token_info info;
	struct wait wait;
	size_t count;
	struct token_bus *bus;

	wait_start(&wait, desk, -1);
	process_sleep_ms(50);
	rig_stop(desk->rig);
	assert_ok(wait_end(&wait));
	assert_status(token_bus_list(desk->bus, readers, ARRAY_SIZE(readers), &count),
		      UK_E_NO_SERVICE);
	assert_status(desk->token->ops->info(desk->token, &info), UK_E_REMOVED);
	assert_status(token_bus_open(&bus), UK_E_NO_SERVICE);
	assert_status(token_bus_wait(desk->bus, readers, 0, 100), UK_E_TIMEOUT);
	token_close(desk->token);
	token_bus_close(desk->bus);
	free(desk);
}

#define TEST(test)                                                               \
	{                                                                        \
#test, test, desk_setup, desk_teardown, (void *)(uintptr_t) "V0" \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pulling_and_plugging_end_the_wait),
		TEST(what_changed_before_the_wait_ends_it_at_once),
		TEST(a_wait_times_out),
		TEST(cancel_ends_all_waits_at_once_and_for_good),
		TEST(a_foreign_card_is_present_but_not_ours),
		{"without_the_service_everything_says_so", without_the_service_everything_says_so,
		 desk_setup, NULL, (void *)(uintptr_t) "V0"},
	};

	return cmocka_run_group_tests_name("bus", tests, desk_group_setup, NULL);
}
