/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys coming and going: each is told once, to one waiter, and none is lost. */
#include "tests/skf/seat.h"

#include <pthread.h>
#include <string.h>

static const struct desk_key sm2_key = {.alg = "sm2"};

struct waiter {
	pthread_t thread;
	ULONG sar, event, len;
	char name[256];
};

static void *
wait_run(void *data)
{
	struct waiter *waiter = data;

	waiter->len = sizeof(waiter->name);
	waiter->sar = SKF_WaitForDevEvent(waiter->name, &waiter->len, &waiter->event);
	return NULL;
}

static void
wait_begin(struct waiter *waiter)
{
	*waiter = (struct waiter){.event = 99};
	assert_int_equal(pthread_create(&waiter->thread, NULL, wait_run, waiter), 0);
}

static void
wait_end(struct waiter *waiter, ULONG event, unsigned int reader)
{
	assert_int_equal(pthread_join(waiter->thread, NULL), 0);
	assert_sar(waiter->sar, SAR_OK);
	assert_int_equal(waiter->event, event);
	assert_string_equal(waiter->name, seat_device_name(&seat_desk, reader));
	assert_int_equal(waiter->len, strlen(waiter->name) + 1);
}

/* What a program has seen for itself is where events begin. */
static void
look(void)
{
	ULONG len = 0;

	assert_sar(SKF_EnumDev(TRUE, NULL, &len), SAR_OK);
}

static void
a_key_s_coming_and_going_are_told(void **state)
{
	struct waiter waiter;

	look();
	wait_begin(&waiter);
	desk_plug(&seat_desk, 0, &sm2_key);
	wait_end(&waiter, DEV_EVENT_INSERTED, 0);
	wait_begin(&waiter);
	desk_pull(&seat_desk, 0);
	wait_end(&waiter, DEV_EVENT_REMOVED, 0);
}

static void
events_wait_until_somebody_asks(void **state)
{
	struct waiter waiter;
	char name[256];
	ULONG event = 0;
	ULONG len = 3;

	look();
	desk_plug(&seat_desk, 0, &sm2_key);
	desk_plug(&seat_desk, 1, &sm2_key);
	name[0] = 'x';
	assert_sar(SKF_WaitForDevEvent(name, &len, &event), SAR_BUFFER_TOO_SMALL);
	assert_int_equal(name[0], 'x');
	assert_int_equal(event, 0);
	wait_begin(&waiter);
	wait_end(&waiter, DEV_EVENT_INSERTED, 0);
	wait_begin(&waiter);
	wait_end(&waiter, DEV_EVENT_INSERTED, 1);
	/* Out and in again meanwhile is both. */
	desk_pull(&seat_desk, 1);
	desk_plug(&seat_desk, 1, &sm2_key);
	wait_begin(&waiter);
	wait_end(&waiter, DEV_EVENT_REMOVED, 1);
	wait_begin(&waiter);
	wait_end(&waiter, DEV_EVENT_INSERTED, 1);
	desk_pull(&seat_desk, 0);
	desk_pull(&seat_desk, 1);
	wait_begin(&waiter);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	assert_int_equal(waiter.event, DEV_EVENT_REMOVED);
	wait_begin(&waiter);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	assert_int_equal(waiter.event, DEV_EVENT_REMOVED);
}

static void *
cancel_until(void *data)
{
	while (__atomic_load_n((int *)data, __ATOMIC_ACQUIRE) == 0)
		(void)SKF_CancelWaitForDevEvent();
	return NULL;
}

static void
waits_can_be_cancelled(void **state)
{
	struct waiter waiters[3];
	pthread_t canceller;
	int done = 0;

	look();
	for (size_t i = 0; i < ARRAY_SIZE(waiters); i++)
		wait_begin(&waiters[i]);
	/* A wait that has not begun yet is not cancelled: so again and again. */
	assert_int_equal(pthread_create(&canceller, NULL, cancel_until, &done), 0);
	for (size_t i = 0; i < ARRAY_SIZE(waiters); i++) {
		assert_int_equal(pthread_join(waiters[i].thread, NULL), 0);
		assert_sar(waiters[i].sar, SAR_NOT_EVENTERR);
		assert_int_equal(waiters[i].event, 99);
	}
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(canceller, NULL), 0);
	/* The next one is heard of. */
	wait_begin(&waiters[0]);
	desk_plug(&seat_desk, 0, &sm2_key);
	wait_end(&waiters[0], DEV_EVENT_INSERTED, 0);
	desk_pull(&seat_desk, 0);
	wait_begin(&waiters[0]);
	wait_end(&waiters[0], DEV_EVENT_REMOVED, 0);
}

static void
the_length_of_a_name_can_be_asked_for(void **state)
{
	ULONG len = 0;
	ULONG event;
	char name[8];

	assert_sar(SKF_WaitForDevEvent(NULL, &len, &event), SAR_OK);
	assert_true(len >= 128);
	assert_sar(SKF_WaitForDevEvent(name, NULL, &event), SAR_INVALIDPARAMERR);
	assert_sar(SKF_WaitForDevEvent(name, &len, NULL), SAR_INVALIDPARAMERR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_key_s_coming_and_going_are_told, seat_clear),
		cmocka_unit_test_teardown(events_wait_until_somebody_asks, seat_clear),
		cmocka_unit_test_teardown(waits_can_be_cancelled, seat_clear),
		cmocka_unit_test_teardown(the_length_of_a_name_can_be_asked_for, seat_clear),
	};

	return cmocka_run_group_tests_name("SKF events", tests, seat_up, seat_down);
}
