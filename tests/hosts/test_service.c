/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The smart card service goes, comes back and sleeps under a running host; few readers and many. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/process.h"
#include "tests/rig/rig.h"

#include <pthread.h>
#include <string.h>

#define READERS    10
#define RECOVER_MS 10000
#define SLEEP_MS   1500
#define BOUND_MS   5000

static struct desk desk;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};

static CK_RV
sign_something(CK_SESSION_HANDLE session)
{
	CK_MECHANISM mechanism = {CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER, NULL, 0};
	CK_OBJECT_CLASS class_ = CKO_PRIVATE_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)},
				   {CKA_SIGN, &yes, sizeof(yes)}};
	unsigned char message[] = "text", signature[DESK_SIGNATURE_MAX];
	CK_ULONG len = sizeof(signature), count = 0;
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_RV rv = desk.f->C_FindObjectsInit(session, template, ARRAY_SIZE(template));

	if (rv == CKR_OK)
		rv = desk.f->C_FindObjects(session, &key, 1, &count);
	if (rv == CKR_OK)
		rv = desk.f->C_FindObjectsFinal(session);
	if (rv == CKR_OK)
		rv = desk.f->C_SignInit(session, &mechanism, key);
	if (rv == CKR_OK)
		rv = desk.f->C_Sign(session, message, 4, signature, &len);
	if (rv == CKR_OK && !oracle_verify("sm2", "SM3", message, 4, signature, len))
		rv = CKR_SIGNATURE_INVALID;
	return rv;
}

/* As a host would: looks for a key, opens, logs in, signs. */
static CK_RV
whole_way(unsigned int reader)
{
	CK_SESSION_HANDLE session;
	CK_ULONG count = 0;
	CK_RV rv = desk.f->C_GetSlotList(CK_TRUE, NULL, &count);

	if (rv == CKR_OK)
		rv = desk.f->C_OpenSession(desk_slot(&desk, reader),
					   CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					   &session);
	if (rv == CKR_OK)
		rv = desk_login(&desk, session, CKU_USER, DESK_PIN);
	return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN ? sign_something(session) : rv;
}

static void
works_again_soon(unsigned int reader)
{
	long deadline = process_clock_ms() + RECOVER_MS;
	CK_RV rv = whole_way(reader);

	while (rv != CKR_OK && process_clock_ms() < deadline) {
		process_sleep_ms(50);
		rv = whole_way(reader);
	}
	assert_rv(rv, CKR_OK);
}

static CK_ULONG
slots(CK_BBOOL with_key)
{
	CK_ULONG count = 0;

	assert_rv(desk.f->C_GetSlotList(with_key, NULL, &count), CKR_OK);
	return count;
}

static void
a_service_that_was_restarted_serves_the_same_host(void **state)
{
	CK_SLOT_ID slot = desk_slot(&desk, 0);

	desk_plug(&desk, 0, &sm2_key);
	for (int i = 0; i < 3; i++) {
		CK_SESSION_HANDLE session;
		CK_SESSION_INFO info;

		works_again_soon(0);
		session = desk_session(&desk, 0);
		rig_end(desk.rig);
		assert_rv(sign_something(session), CKR_DEVICE_REMOVED);
		assert_int_equal(slots(CK_TRUE), 0);
		assert_true(slots(CK_FALSE) >= 1);
		assert_rv(desk.f->C_GetSessionInfo(session, &info), CKR_DEVICE_REMOVED);
		assert_true(rig_begin(desk.rig));
		assert_true(rig_await(desk.rig, 0, true, RECOVER_MS));
		works_again_soon(0);
		assert_int_equal(desk_slot(&desk, 0), slot);
		assert_rv(desk.f->C_CloseAllSessions(slot), CKR_OK);
	}
	desk_pull(&desk, 0);
}

/* Nobody asked for anything while it was away. */
static void
a_restart_nobody_noticed_ends_the_sessions(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	works_again_soon(0);
	session = desk_session(&desk, 0);
	rig_end(desk.rig);
	assert_true(rig_begin(desk.rig));
	assert_true(rig_await(desk.rig, 0, true, RECOVER_MS));
	assert_rv(sign_something(session), CKR_DEVICE_REMOVED);
	works_again_soon(0);
	assert_rv(desk.f->C_CloseAllSessions(desk_slot(&desk, 0)), CKR_OK);
	desk_pull(&desk, 0);
}

struct waiter {
	CK_SLOT_ID wanted;
	CK_RV rv;
};

static void *
waiter_run(void *data)
{
	struct waiter *waiter = data;

	CK_SLOT_ID slot;

	/* The restart itself may be told as an event of slots that had keys once. */
	do
		waiter->rv = desk.f->C_WaitForSlotEvent(0, &slot, NULL);
	while (waiter->rv == CKR_OK && slot != waiter->wanted);
	return NULL;
}

static void
a_host_that_waits_survives_a_restart(void **state)
{
	struct waiter waiter = {.wanted = desk_slot(&desk, 1)};
	CK_SLOT_ID slot;
	pthread_t thread;

	while (desk.f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL) == CKR_OK)
		;
	assert_int_equal(pthread_create(&thread, NULL, waiter_run, &waiter), 0);
	process_sleep_ms(100);
	rig_end(desk.rig);
	process_sleep_ms(100);
	assert_true(rig_begin(desk.rig));
	desk_plug(&desk, 1, &sm2_key);
	(void)pthread_join(thread, NULL);
	assert_rv(waiter.rv, CKR_OK);
	works_again_soon(1);
	assert_rv(desk.f->C_CloseAllSessions(desk_slot(&desk, 1)), CKR_OK);
	desk_pull(&desk, 1);
}

static void *
thaw(void *data)
{
	process_sleep_ms(SLEEP_MS);
	rig_freeze(desk.rig, false);
	return data;
}

static void
a_sleep_delays_and_breaks_nothing(void **state)
{
	CK_SESSION_HANDLE session;
	pthread_t thread;
	long begin;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	rig_freeze(desk.rig, true);
	assert_int_equal(pthread_create(&thread, NULL, thaw, NULL), 0);
	begin = process_clock_ms();
	assert_rv(sign_something(session), CKR_OK);
	assert_in_range(process_clock_ms() - begin, SLEEP_MS / 2, BOUND_MS);
	(void)pthread_join(thread, NULL);
	assert_rv(desk.f->C_CloseSession(session), CKR_OK);
	desk_pull(&desk, 0);
}

static void
readers_without_keys_are_empty_slots(void **state)
{
	CK_SESSION_HANDLE session;
	CK_TOKEN_INFO info;

	assert_int_equal(slots(CK_FALSE), READERS);
	assert_int_equal(slots(CK_TRUE), 0);
	for (CK_SLOT_ID slot = 0; slot < READERS; slot++) {
		assert_rv(desk.f->C_GetTokenInfo(slot, &info), CKR_TOKEN_NOT_PRESENT);
		assert_rv(desk.f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
			  CKR_TOKEN_NOT_PRESENT);
	}
}

static void
ten_keys_in_ten_readers_all_sign(void **state)
{
	for (unsigned int i = 0; i < READERS; i++)
		desk_plug(&desk, i, &sm2_key);
	assert_int_equal(slots(CK_TRUE), READERS);
	for (unsigned int i = 0; i < READERS; i++)
		assert_rv(whole_way(i), CKR_OK);
	desk_pull(&desk, 4);
	assert_int_equal(slots(CK_TRUE), READERS - 1);
	for (unsigned int i = 0; i < READERS; i++)
		if (i != 4)
			assert_rv(whole_way(i), CKR_OK);
	for (unsigned int i = 0; i < READERS; i++)
		assert_rv(desk.f->C_CloseAllSessions(desk_slot(&desk, i)), CKR_OK);
	for (unsigned int i = 0; i < READERS; i++)
		if (i != 4)
			desk_pull(&desk, i);
}

static int
desk_up(void **state)
{
	desk_start(&desk, READERS);
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_without_keys_are_empty_slots),
		cmocka_unit_test(a_service_that_was_restarted_serves_the_same_host),
		cmocka_unit_test(a_restart_nobody_noticed_ends_the_sessions),
		cmocka_unit_test(a_host_that_waits_survives_a_restart),
		cmocka_unit_test(a_sleep_delays_and_breaks_nothing),
		cmocka_unit_test(ten_keys_in_ten_readers_all_sign),
	};

	return cmocka_run_group_tests_name("service", tests, desk_up, desk_down);
}
