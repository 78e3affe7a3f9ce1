/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys coming and going, other programs on the same key, and hosts that fork or wait. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/process.h"
#include "tests/rig/rig.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUSY_MS 600

static struct desk desk;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};

static int
desk_up(void **state)
{
	desk_start(&desk, 2);
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static CK_RV
sign_something(CK_SESSION_HANDLE session)
{
	unsigned char digest[32] = {3};
	struct desk_signature signature;

	return desk_sign(&desk, session, CKM_VENDOR_SM2_SIGN, digest, sizeof(digest), &signature);
}

static CK_ULONG
slots_with_a_key(void)
{
	CK_ULONG count = 0;

	assert_rv(desk.f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	return count;
}

static void
a_pulled_key_ends_its_sessions_and_comes_back(void **state)
{
	CK_SLOT_ID slot = desk_slot(&desk, 0);

	for (int i = 0; i < 5; i++) {
		CK_SESSION_HANDLE session;
		CK_SESSION_INFO info;
		CK_TOKEN_INFO token;

		desk_plug(&desk, 0, &sm2_key);
		assert_int_equal(slots_with_a_key(), 1);
		assert_int_equal(desk_slot(&desk, 0), slot);
		session = desk_session(&desk, 0);
		assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
		assert_rv(sign_something(session), CKR_OK);
		desk_pull(&desk, 0);

		assert_rv(desk.f->C_GetSessionInfo(session, &info), CKR_DEVICE_REMOVED);
		assert_rv(desk.f->C_GetTokenInfo(slot, &token), CKR_TOKEN_NOT_PRESENT);
		assert_int_equal(slots_with_a_key(), 0);
		assert_rv(desk.f->C_CloseSession(session), CKR_OK);
		assert_rv(desk.f->C_CloseSession(session), CKR_SESSION_HANDLE_INVALID);
	}
}

static void
a_key_swapped_unnoticed_is_not_taken_for_the_old_one(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	desk_pull(&desk, 0);
	desk_plug(&desk, 0, &sm2_key);
	/* No call of ours in between: the first one must notice. */
	assert_rv(desk.f->C_FindObjectsInit(session, NULL, 0), CKR_DEVICE_REMOVED);
	session = desk_session(&desk, 0);
	assert_rv(sign_something(session), CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(sign_something(session), CKR_OK);
	desk_pull(&desk, 0);
}

/* Another program on the same key, without our module. */
static SCARDHANDLE
stranger_connect(void)
{
	SCARDHANDLE card;
	DWORD protocol;

	assert_int_equal(SCardConnect(rig_context(desk.rig), rig_reader(desk.rig, 0),
				      SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &protocol),
			 SCARD_S_SUCCESS);
	return card;
}

static void
after_a_foreign_reset_sessions_stay_open_and_are_public(void **state)
{
	CK_SESSION_HANDLE session;
	CK_SESSION_INFO info;
	SCARDHANDLE card;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	card = stranger_connect();
	assert_int_equal(SCardDisconnect(card, SCARD_RESET_CARD), SCARD_S_SUCCESS);

	assert_rv(sign_something(session), CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk.f->C_GetSessionInfo(session, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(sign_something(session), CKR_OK);
	desk_pull(&desk, 0);
}

static void
a_foreign_reset_between_reads_goes_unnoticed(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_int_equal(SCardDisconnect(stranger_connect(), SCARD_RESET_CARD), SCARD_S_SUCCESS);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
	assert_int_equal(SCardDisconnect(stranger_connect(), SCARD_RESET_CARD), SCARD_S_SUCCESS);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	desk_pull(&desk, 0);
}

static void *
sign_once(void *data)
{
	return (void *)sign_something(*(CK_SESSION_HANDLE *)data);
}

/* Another program that keeps a key to itself for a while holds up that key's users only. */
static void
a_foreign_transaction_delays_one_key_and_breaks_nothing(void **state)
{
	CK_SESSION_HANDLE busy, idle;
	SCARDHANDLE card;
	pthread_t signer;
	void *rv;
	long start;

	desk_plug(&desk, 0, &sm2_key);
	desk_plug(&desk, 1, &sm2_key);
	busy = desk_session(&desk, 0);
	idle = desk_session(&desk, 1);
	assert_rv(desk_login(&desk, busy, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk_login(&desk, idle, CKU_USER, DESK_PIN), CKR_OK);
	card = stranger_connect();
	assert_int_equal(SCardBeginTransaction(card), SCARD_S_SUCCESS);
	start = process_clock_ms();
	assert_int_equal(pthread_create(&signer, NULL, sign_once, &busy), 0);
	process_sleep_ms(100);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(slots_with_a_key(), 2);
		assert_rv(sign_something(idle), CKR_OK);
	}
	if (process_clock_ms() - start > BUSY_MS)
		fail_msg("%ld ms for another key", process_clock_ms() - start);
	process_sleep_ms(BUSY_MS);
	assert_int_equal(SCardEndTransaction(card, SCARD_LEAVE_CARD), SCARD_S_SUCCESS);
	(void)pthread_join(signer, &rv);
	assert_rv((CK_RV)rv, CKR_OK);
	assert_true(process_clock_ms() - start >= BUSY_MS);
	(void)SCardDisconnect(card, SCARD_LEAVE_CARD);
	desk_pull(&desk, 0);
	desk_pull(&desk, 1);
}

static void
a_login_of_one_process_does_not_serve_another(void **state)
{
	CK_SESSION_HANDLE session;
	pid_t child;
	int status;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	child = fork();
	if (child == 0) {
		CK_SESSION_HANDLE own;
		CK_RV rv;

		/* The parent's state is not the child's. */
		if (desk.f->C_FindObjectsInit(session, NULL, 0) != CKR_CRYPTOKI_NOT_INITIALIZED)
			_exit(1);
		if (desk.f->C_Initialize(NULL) != CKR_OK)
			_exit(2);
		own = desk_session(&desk, 0);
		rv = sign_something(own);
		if (rv != CKR_USER_NOT_LOGGED_IN)
			_exit(3);
		if (desk_login(&desk, own, CKU_USER, DESK_PIN) != CKR_OK)
			_exit(4);
		if (sign_something(own) != CKR_OK)
			_exit(5);
		/* Logging out here must not log the parent out of the key. */
		if (desk.f->C_Logout(own) != CKR_OK)
			_exit(6);
		_exit(desk.f->C_Finalize(NULL) == CKR_OK ? 0 : 7);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_rv(sign_something(session), CKR_OK);
	desk_pull(&desk, 0);
}

static void
the_last_logout_logs_the_key_out(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_int_equal(desk_command_count(&desk, 0, 0x1c), 0);
	assert_rv(desk.f->C_CloseSession(session), CKR_OK);
	assert_int_equal(desk_command_count(&desk, 0, 0x1c), 1);
	desk_pull(&desk, 0);
}

/* ---- waiting ---- */

struct waiter {
	pthread_t thread;
	CK_RV rv;
	CK_SLOT_ID slot;
};

static void *
waiter_run(void *data)
{
	struct waiter *waiter = data;

	waiter->rv = desk.f->C_WaitForSlotEvent(0, &waiter->slot, NULL);
	return NULL;
}

static void
drain_events(void)
{
	CK_SLOT_ID slot;

	while (desk.f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL) == CKR_OK)
		;
}

static void
a_wait_ends_when_a_key_is_plugged_in(void **state)
{
	struct waiter waiter;

	drain_events();
	assert_int_equal(pthread_create(&waiter.thread, NULL, waiter_run, &waiter), 0);
	(void)usleep(50 * 1000);
	desk_plug(&desk, 1, &sm2_key);
	(void)pthread_join(waiter.thread, NULL);
	assert_rv(waiter.rv, CKR_OK);
	assert_int_equal(waiter.slot, desk_slot(&desk, 1));
	desk_pull(&desk, 1);
}

static void
a_wait_ends_when_the_host_finalizes(void **state)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

	for (int i = 0; i < 10; i++) {
		struct waiter waiter;

		drain_events();
		assert_int_equal(pthread_create(&waiter.thread, NULL, waiter_run, &waiter), 0);
		(void)usleep((unsigned int)i * 3000);
		assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
		(void)pthread_join(waiter.thread, NULL);
		assert_rv(waiter.rv, CKR_CRYPTOKI_NOT_INITIALIZED);
		assert_rv(desk.f->C_Initialize(&args), CKR_OK);
	}
}

/* ---- many things at once ---- */

static void *
signer_run(void *data)
{
	CK_SESSION_HANDLE session = *(CK_SESSION_HANDLE *)data;

	for (int i = 0; i < 50; i++) {
		CK_MECHANISM mechanism = {CKM_VENDOR_SM2_SIGN_NO_DER, NULL, 0};
		CK_OBJECT_HANDLE key = desk_find(&desk, session, CKO_PRIVATE_KEY, 0);
		unsigned char signature[64], digest[32] = {(unsigned char)i};
		CK_ULONG len = sizeof(signature);

		if (desk.f->C_SignInit(session, &mechanism, key) != CKR_OK ||
		    desk.f->C_Sign(session, digest, sizeof(digest), signature, &len) != CKR_OK)
			return data;
	}
	return NULL;
}

static void
four_threads_sign_on_one_key(void **state)
{
	CK_SESSION_HANDLE sessions[4];
	pthread_t threads[4];

	desk_plug(&desk, 0, &sm2_key);
	for (size_t i = 0; i < ARRAY_SIZE(sessions); i++)
		sessions[i] = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, sessions[0], CKU_USER, DESK_PIN), CKR_OK);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, signer_run, &sessions[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *failed;

		(void)pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pulled_key_ends_its_sessions_and_comes_back),
		cmocka_unit_test(a_key_swapped_unnoticed_is_not_taken_for_the_old_one),
		cmocka_unit_test(after_a_foreign_reset_sessions_stay_open_and_are_public),
		cmocka_unit_test(a_foreign_reset_between_reads_goes_unnoticed),
		cmocka_unit_test(a_foreign_transaction_delays_one_key_and_breaks_nothing),
		cmocka_unit_test(a_login_of_one_process_does_not_serve_another),
		cmocka_unit_test(the_last_logout_logs_the_key_out),
		cmocka_unit_test(a_wait_ends_when_a_key_is_plugged_in),
		cmocka_unit_test(a_wait_ends_when_the_host_finalizes),
		cmocka_unit_test(four_threads_sign_on_one_key),
	};

	return cmocka_run_group_tests_name("hot-plug and neighbours", tests, desk_up, desk_down);
}
