/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key that wants the PIN before each signature: C_Login with CKU_CONTEXT_SPECIFIC. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/process.h"
#include "tests/rig/rig.h"

#include <dirent.h>
#include <pthread.h>
#include <string.h>

#define HELD_MS    500 /* how long a PIN may hold the key */
#define SLACK_MS   400 /* pcscd looks every 100 ms whether a card is free, this machine is shared */
#define AT_ONCE_MS 250

static struct desk desk;

static const struct desk_key each_use = {.alg = "sm2", .model = "VC"};
static const struct desk_key ordinary = {.alg = "sm2", .model = "V0"};

static int
desk_up(void **state)
{
	desk_start(&desk, 1);
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static void
sign_init(CK_SESSION_HANDLE session)
{
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_SIGN, NULL, 0};

	assert_rv(desk.f->C_SignInit(session, &mechanism,
				     desk_find(&desk, session, CKO_PRIVATE_KEY, 0)),
		  CKR_OK);
}

static CK_RV
sign(CK_SESSION_HANDLE session)
{
	unsigned char signature[DESK_SIGNATURE_MAX], digest[32] = {7};
	CK_ULONG len = sizeof(signature);

	return desk.f->C_Sign(session, digest, sizeof(digest), signature, &len);
}

static CK_ULONG
tries_left(void)
{
	struct openukey_pin_info info;

	assert_rv(desk.uk->get_pin_info(desk_slot(&desk, 0), CKU_USER, &info), CKR_OK);
	return info.left;
}

/* Another program that wants the key for itself for a moment; how long it waited. */
static long
stranger_waits_ms(void)
{
	long start = process_clock_ms();
	SCARDHANDLE card;
	DWORD protocol;
	LONG rc;

	assert_int_equal(SCardConnect(rig_context(desk.rig), rig_reader(desk.rig, 0),
				      SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &protocol),
			 SCARD_S_SUCCESS);
	rc = SCardBeginTransaction(card);
	start = process_clock_ms() - start;
	assert_int_equal(rc, SCARD_S_SUCCESS);
	(void)SCardEndTransaction(card, SCARD_LEAVE_CARD);
	(void)SCardDisconnect(card, SCARD_LEAVE_CARD);
	return start;
}

static size_t
threads_count(void)
{
	DIR *tasks = opendir("/proc/self/task");
	size_t count = 0;

	assert_non_null(tasks);
	while (readdir(tasks) != NULL)
		count++;
	(void)closedir(tasks);
	return count;
}

/* ---- what may be asked ---- */

static void
a_pin_for_one_signature_wants_that_signature(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &each_use);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN),
		  CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN),
		  CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(desk_command_count(&desk, 0, 0x18), 1);
	desk_pull(&desk, 0);

	session = desk_user(&desk, &ordinary);
	sign_init(session);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN),
		  CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(sign(session), CKR_OK);
	desk_pull(&desk, 0);
}

static void
a_wrong_pin_costs_one_try_and_the_signature_may_still_be_made(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &each_use);
	CK_ULONG left = tries_left();

	sign_init(session);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, "000000"), CKR_PIN_INCORRECT);
	assert_int_equal(tries_left(), left - 1);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, "12"), CKR_PIN_LEN_RANGE);
	assert_int_equal(tries_left(), left - 1);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN), CKR_OK);
	assert_rv(sign(session), CKR_OK);
	assert_int_equal(tries_left(), left);
	desk_pull(&desk, 0);
}

/* ---- half a second ---- */

static void
a_host_that_never_signs_holds_the_key_for_half_a_second(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &each_use);
	long waited;

	sign_init(session);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN), CKR_OK);
	waited = stranger_waits_ms();
	if (waited > HELD_MS + SLACK_MS)
		fail_msg("held for %ld ms", waited);
	/* And what was proved is over, on the key as well. */
	assert_int_equal(desk_command_count(&desk, 0, 0x1c), 1);
	assert_rv(sign(session), CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	sign_init(session);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN), CKR_OK);
	assert_rv(sign(session), CKR_OK);
	desk_pull(&desk, 0);
}

static void
a_signature_made_or_given_up_lets_go_at_once(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &each_use);

	for (int give_up = 0; give_up < 2; give_up++) {
		sign_init(session);
		assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN), CKR_OK);
		if (give_up)
			assert_rv(desk.f->C_SignInit(session, NULL, 0), CKR_OK);
		else
			assert_rv(sign(session), CKR_OK);
		assert_true(stranger_waits_ms() < AT_ONCE_MS);
	}
	desk_pull(&desk, 0);
}

/* The watch over one signature does not cut short the next. */
static void
signatures_one_after_the_other_are_not_cut_short(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &each_use);

	for (int i = 0; i < 4; i++) {
		sign_init(session);
		assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN), CKR_OK);
		process_sleep_ms(HELD_MS * 3 / 5);
		assert_rv(sign(session), CKR_OK);
	}
	desk_pull(&desk, 0);
}

static void
a_host_may_finalize_meanwhile(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &each_use);

	sign_init(session);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN), CKR_OK);
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_true(stranger_waits_ms() < AT_ONCE_MS);
	assert_rv(desk.f->C_Initialize(NULL), CKR_OK);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	process_sleep_ms(HELD_MS + SLACK_MS);
	sign_init(session);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN), CKR_OK);
	desk_pull(&desk, 0);
	process_sleep_ms(HELD_MS + SLACK_MS);
	assert_rv(sign(session), CKR_DEVICE_REMOVED);
}

/* It has no thread that could let go in time: its own next call does. */
static void
a_host_that_forbids_threads_gets_none(void **state)
{
	CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS |
						   CKF_OS_LOCKING_OK};
	CK_SESSION_HANDLE session;
	CK_TOKEN_INFO info;
	size_t threads;

	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(&arguments), CKR_OK);
	session = desk_user(&desk, &each_use);
	threads = threads_count();
	sign_init(session);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN), CKR_OK);
	assert_int_equal(threads_count(), threads);
	process_sleep_ms(HELD_MS + SLACK_MS);
	assert_rv(desk.f->C_GetTokenInfo(desk_slot(&desk, 0), &info), CKR_OK);
	assert_true(stranger_waits_ms() < AT_ONCE_MS);
	assert_rv(sign(session), CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(NULL), CKR_OK);
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pin_for_one_signature_wants_that_signature),
		cmocka_unit_test(a_wrong_pin_costs_one_try_and_the_signature_may_still_be_made),
		cmocka_unit_test(a_host_that_never_signs_holds_the_key_for_half_a_second),
		cmocka_unit_test(a_signature_made_or_given_up_lets_go_at_once),
		cmocka_unit_test(signatures_one_after_the_other_are_not_cut_short),
		cmocka_unit_test(a_host_may_finalize_meanwhile),
		cmocka_unit_test(a_host_that_forbids_threads_gets_none),
	};

	return cmocka_run_group_tests_name("each use", tests, desk_up, desk_down);
}
