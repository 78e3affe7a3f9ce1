/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many at one key: processes of threads that sign through SKF and through PKCS#11 at once. Every
 * signature is right, nobody's login is another's, and the last to leave clears it.
 * OPENUKEY_TEST_LONG: four processes of eight threads; else two of four.
 */
#include "tests/skf/seat.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 8

static const struct desk_key sm2_key = {.alg = "sm2"};

/* One process of the crowd; nothing here may fail the test by itself, as it is a child's. */
static struct {
	char device[256];
	int threads, signatures;
	DEVHANDLE dev;
	HAPPLICATION app;
	HCONTAINER con;
	ECCPUBLICKEYBLOB key;
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_OBJECT_HANDLE object;
} crew;

static bool
right(const BYTE *digest, const BYTE *rs)
{
	BYTE copy[32];
	ECCSIGNATUREBLOB blob = {0};

	memcpy(copy, digest, sizeof(copy));
	memcpy(blob.r + 32, rs, 32);
	memcpy(blob.s + 32, rs + 32, 32);
	return SKF_ECCVerify(crew.dev, &crew.key, copy, sizeof(copy), &blob) == SAR_OK;
}

static bool
sign_skf(BYTE *digest)
{
	ECCSIGNATUREBLOB blob;
	BYTE rs[64];

	if (SKF_ECCSignData(crew.con, digest, 32, &blob) != SAR_OK)
		return false;
	memcpy(rs, blob.r + 32, 32);
	memcpy(rs + 32, blob.s + 32, 32);
	return right(digest, rs);
}

static bool
sign_p11(CK_SESSION_HANDLE session, BYTE *digest)
{
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_SIGN_NO_DER, NULL, 0};
	BYTE rs[64];
	CK_ULONG len = sizeof(rs);

	return crew.f->C_SignInit(session, &mechanism, crew.object) == CKR_OK &&
	       crew.f->C_Sign(session, digest, 32, rs, &len) == CKR_OK && right(digest, rs);
}

static void *
thread_run(void *data)
{
	uintptr_t number = (uintptr_t)data;
	CK_SESSION_HANDLE session = 0;
	BYTE digest[32];

	if (number % 2 == 1 &&
	    crew.f->C_OpenSession(crew.slot, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK)
		return (void *)1;
	for (int i = 0; i < crew.signatures; i++) {
		memset(digest, (int)number * 16 + i, sizeof(digest));
		if (!(number % 2 == 1 ? sign_p11(session, digest) : sign_skf(digest)))
			return (void *)(uintptr_t)(2 + number % 2);
	}
	return NULL;
}

static bool
begin_p11(void)
{
	CK_OBJECT_CLASS class_ = CKO_PRIVATE_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)},
				   {CKA_SIGN, &yes, sizeof(yes)}};
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_SESSION_HANDLE session;
	CK_UTF8CHAR pin[] = DESK_PIN;
	CK_ULONG count = 1;

	return crew.f->C_Initialize(&args) == CKR_OK &&
	       crew.f->C_GetSlotList(CK_TRUE, &crew.slot, &count) == CKR_OK && count == 1 &&
	       crew.f->C_OpenSession(crew.slot, CKF_SERIAL_SESSION, NULL, NULL, &session) ==
		       CKR_OK &&
	       crew.f->C_Login(session, CKU_USER, pin, strlen(DESK_PIN)) == CKR_OK &&
	       crew.f->C_FindObjectsInit(session, template, 2) == CKR_OK &&
	       crew.f->C_FindObjects(session, &crew.object, 1, &count) == CKR_OK && count == 1 &&
	       crew.f->C_FindObjectsFinal(session) == CKR_OK;
}

static bool
begin_skf(void)
{
	ULONG len = sizeof(crew.key);

	return SKF_ConnectDev(crew.device, &crew.dev) == SAR_OK &&
	       SKF_OpenApplication(crew.dev, T(SEAT_APPLICATION), &crew.app) == SAR_OK &&
	       seat_verify(crew.app, USER_TYPE, DESK_PIN) == SAR_OK &&
	       SKF_OpenContainer(crew.app, T(DESK_CONTAINER), &crew.con) == SAR_OK &&
	       SKF_ExportPublicKey(crew.con, TRUE, (BYTE *)&crew.key, &len) == SAR_OK;
}

/* What went wrong, or 0. */
static int
crew_run(void *data)
{
	pthread_t threads[THREADS_MAX];
	int wrong = 0;

	(void)data;
	if (!begin_skf())
		return 10;
	if (!begin_p11())
		return 11;
	for (int i = 0; i < crew.threads; i++)
		if (pthread_create(&threads[i], NULL, thread_run, (void *)(uintptr_t)i) != 0)
			return 12;
	for (int i = 0; i < crew.threads; i++) {
		void *result = NULL;

		(void)pthread_join(threads[i], &result);
		wrong = result != NULL ? (int)(uintptr_t)result : wrong;
	}
	/* In turns they leave by the one door or by the other first. */
	if (SKF_ClearSecureState(crew.app) != SAR_OK || crew.f->C_Finalize(NULL) != CKR_OK)
		return 13;
	return wrong;
}

static void
every_signature_of_a_crowd_is_right(void **state)
{
	bool many = getenv("OPENUKEY_TEST_LONG") != NULL;
	int processes = many ? 4 : 2;
	int children[4];

	(void)state;
	crew.threads = many ? 8 : 4;
	crew.signatures = many ? 100 : 15;
	crew.f = seat_desk.f;
	desk_plug(&seat_desk, 0, &sm2_key);
	(void)strncpy(crew.device, seat_device_name(&seat_desk, 0), sizeof(crew.device) - 1);
	for (int i = 0; i < processes; i++)
		children[i] = seat_child_begin(crew_run, NULL);
	for (int i = 0; i < processes; i++)
		assert_int_equal(seat_child_end(children[i]), 0);
	assert_int_equal(desk_status(&seat_desk, 0, "logged_in"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_signature_of_a_crowd_is_right, seat_clear),
	};

	return cmocka_run_group_tests_name("SKF in a crowd", tests, seat_up, seat_down);
}
