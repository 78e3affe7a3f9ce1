/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every function of the table in the states where it must say no. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#include <string.h>

static struct desk desk;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};

/* Any C_ function: those with fewer arguments do not look at the rest. */
typedef CK_RV (*any_function)(CK_ULONG, void *, void *, void *, void *, void *, void *, void *);

#define NOTHING    0
#define LIBRARY    1
#define SLOT       2
#define SESSION    3
#define SESSION_RW 4
#define USER       5
#define USER_RW    6
#define SO_RW      7

#define FN(name, need) {#name, need, offsetof(CK_FUNCTION_LIST, name)},
static const struct {
	const char *name;
	int need;
	size_t offset;
} functions[] = {
#include "pkcs11/functions.def"
};
#undef FN

static CK_RV
call(size_t row, CK_ULONG first)
{
	any_function function;

	memcpy(&function, (const char *)desk.f + functions[row].offset, sizeof(function));
	assert_non_null(function);
	return function(first, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
}

static void
all_say(int least_need, CK_ULONG first, CK_RV expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		CK_RV rv;

		if (functions[i].need < least_need || strcmp(functions[i].name, "C_Finalize") == 0)
			continue;
		rv = call(i, first);
		if (rv != expected)
			fail_msg("%s gave 0x%lx, not 0x%lx", functions[i].name, rv, expected);
	}
}

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
nothing_works_before_c_initialize_and_after_c_finalize(void **state)
{
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	all_say(LIBRARY, 0, CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_rv(desk.f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_rv(desk.f->C_Initialize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
}

static void
a_session_that_does_not_exist_is_told_as_such(void **state)
{
	static const CK_ULONG handles[] = {0, 1, 0xffffff, (1UL << 24) | 77, ~0UL};

	desk_plug(&desk, 0, &sm2_key);
	for (size_t h = 0; h < ARRAY_SIZE(handles); h++)
		for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
			if (functions[i].need >= SESSION &&
			    call(i, handles[h]) != CKR_SESSION_HANDLE_INVALID)
				fail_msg("%s(0x%lx)", functions[i].name, handles[h]);
	desk_pull(&desk, 0);
}

static void
a_slot_that_does_not_exist_is_told_as_such(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (functions[i].need == SLOT && call(i, 4711) != CKR_SLOT_ID_INVALID)
			fail_msg("%s", functions[i].name);
}

/* Null pointers everywhere: an error of some kind, and no crash. */
static void
null_pointers_are_refused(void **state)
{
	/* what is fine without arguments, or ends the session */
	static const char *const fine[] = {
		"C_CloseSession", "C_Finalize",        "C_Logout",      "C_CloseAllSessions",
		"C_Initialize",   "C_FindObjectsInit", "C_DigestUpdate"};
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		CK_ULONG first = functions[i].need == SLOT ? desk_slot(&desk, 0) : session;
		bool skip = functions[i].need == NOTHING;

		for (size_t k = 0; k < ARRAY_SIZE(fine); k++)
			skip = skip || strcmp(fine[k], functions[i].name) == 0;
		if (skip)
			continue;
		if (functions[i].need == LIBRARY)
			first = 0; /* a pointer */
		if (call(i, first) == CKR_OK)
			fail_msg("%s takes null pointers", functions[i].name);
	}
	assert_rv(desk.f->C_GetFunctionList(NULL), CKR_ARGUMENTS_BAD);
	assert_rv(desk.f->C_CloseSession(session), CKR_OK);
	desk_pull(&desk, 0);
}

static void
initialize_arguments_are_checked(void **state)
{
	CK_C_INITIALIZE_ARGS some = {.CreateMutex = (CK_CREATEMUTEX)(void *)desk_up};
	CK_C_INITIALIZE_ARGS reserved = {.pReserved = &desk};

	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(&some), CKR_ARGUMENTS_BAD);
	assert_rv(desk.f->C_Initialize(&reserved), CKR_ARGUMENTS_BAD);
	assert_rv(desk.f->C_Initialize(NULL), CKR_OK);
	assert_rv(desk.f->C_Finalize(&desk), CKR_ARGUMENTS_BAD);
}

static void
two_call_sizes_are_right(void **state)
{
	CK_MECHANISM_TYPE list[64];
	CK_ULONG count = 0, again;
	CK_SLOT_ID slot;

	desk_plug(&desk, 0, &sm2_key);
	slot = desk_slot(&desk, 0);
	assert_rv(desk.f->C_GetMechanismList(slot, NULL, &count), CKR_OK);
	assert_true(count > 0 && count <= ARRAY_SIZE(list));
	again = count - 1;
	assert_rv(desk.f->C_GetMechanismList(slot, list, &again), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(again, count);
	assert_rv(desk.f->C_GetMechanismList(slot, list, &again), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++) {
		CK_MECHANISM_INFO info;

		assert_rv(desk.f->C_GetMechanismInfo(slot, list[i], &info), CKR_OK);
		for (CK_ULONG k = 0; k < i; k++)
			assert_int_not_equal(list[i], list[k]);
	}
	desk_pull(&desk, 0);
}

static void
a_read_only_session_changes_nothing(void **state)
{
	CK_UTF8CHAR pin[] = DESK_PIN, new_pin[] = "654321";
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	assert_rv(desk.f->C_OpenSession(desk_slot(&desk, 0), CKF_SERIAL_SESSION, NULL, NULL,
					&session),
		  CKR_OK);
	assert_rv(desk.f->C_SetPIN(session, pin, 6, new_pin, 6), CKR_SESSION_READ_ONLY);
	assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_SESSION_READ_ONLY_EXISTS);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_USER_ALREADY_LOGGED_IN);
	assert_rv(desk_login(&desk, session, 9, DESK_PIN), CKR_USER_TYPE_INVALID);
	assert_rv(desk_generate(&desk, session, "sm2", "X"), CKR_SESSION_READ_ONLY);
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_works_before_c_initialize_and_after_c_finalize),
		cmocka_unit_test(a_session_that_does_not_exist_is_told_as_such),
		cmocka_unit_test(a_slot_that_does_not_exist_is_told_as_such),
		cmocka_unit_test(null_pointers_are_refused),
		cmocka_unit_test(initialize_arguments_are_checked),
		cmocka_unit_test(two_call_sizes_are_right),
		cmocka_unit_test(a_read_only_session_changes_nothing),
	};

	return cmocka_run_group_tests_name("conformance", tests, desk_up, desk_down);
}
