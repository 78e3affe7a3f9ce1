/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PINs: what each call costs, who is logged in, and for how long. */
#include "tests/skf/seat.h"

#include <string.h>
#include <unistd.h>

#define NEW_PIN "246802"

static const struct desk_key sm2_key = {.alg = "sm2"};

static void
wrong_pins_count_down_to_locked(void **state)
{
	HAPPLICATION app = seat_fresh(&seat_desk, &sm2_key);
	ULONG left = 99;

	for (ULONG i = SEAT_TRIES - 1; i > 0; i--) {
		assert_sar(SKF_VerifyPIN(app, USER_TYPE, T("000000"), &left), SAR_PIN_INCORRECT);
		assert_int_equal(left, i);
		assert_int_equal(seat_tries(app, USER_TYPE), i);
	}
	assert_sar(SKF_VerifyPIN(app, USER_TYPE, T("000000"), &left), SAR_PIN_LOCKED);
	assert_int_equal(left, 0);
	left = 99;
	assert_sar(SKF_VerifyPIN(app, USER_TYPE, T(DESK_PIN), &left), SAR_PIN_LOCKED);
	assert_int_equal(left, 0);
	assert_sar(SKF_VerifyPIN(app, ADMIN_TYPE, T(DESK_ADMIN_PIN), &left), SAR_OK);

	/* ... until the administrator's PIN opens it, at no try of its own. */
	assert_sar(SKF_UnblockPIN(app, T("wrong-0000"), T(NEW_PIN), &left), SAR_PIN_INCORRECT);
	assert_int_equal(left, SEAT_TRIES - 1);
	assert_sar(SKF_UnblockPIN(app, T(DESK_ADMIN_PIN), T(NEW_PIN), &left), SAR_OK);
	assert_int_equal(seat_tries(app, USER_TYPE), SEAT_TRIES);
	assert_int_equal(seat_tries(app, ADMIN_TYPE), SEAT_TRIES);
	assert_sar(seat_verify(app, USER_TYPE, DESK_PIN), SAR_PIN_INCORRECT);
	assert_sar(seat_verify(app, USER_TYPE, NEW_PIN), SAR_OK);
}

static void
what_cannot_be_a_pin_costs_nothing(void **state)
{
	HAPPLICATION app = seat_fresh(&seat_desk, &sm2_key);
	ULONG left = 99;
	BOOL first;

	assert_sar(SKF_VerifyPIN(app, USER_TYPE, T("12345"), &left), SAR_PIN_LEN_RANGE);
	assert_sar(SKF_VerifyPIN(app, USER_TYPE, T(""), &left), SAR_PIN_LEN_RANGE);
	assert_sar(SKF_VerifyPIN(app, USER_TYPE, T("12345678901234567"), &left), SAR_PIN_LEN_RANGE);
	assert_sar(SKF_VerifyPIN(app, USER_TYPE, NULL, &left), SAR_INVALIDPARAMERR);
	assert_sar(SKF_VerifyPIN(app, USER_TYPE, T("000000"), NULL), SAR_INVALIDPARAMERR);
	assert_sar(SKF_VerifyPIN(app, 2, T("000000"), &left), SAR_USER_TYPE_INVALID);
	assert_sar(SKF_ChangePIN(app, USER_TYPE, T("000000"), T("12345"), &left),
		   SAR_PIN_LEN_RANGE);
	assert_sar(SKF_ChangePIN(app, USER_TYPE, T("000000"), NULL, &left), SAR_INVALIDPARAMERR);
	assert_sar(SKF_ChangePIN(app, USER_TYPE, NULL, T(NEW_PIN), &left), SAR_INVALIDPARAMERR);
	assert_sar(SKF_ChangePIN(app, 7, T("000000"), T(NEW_PIN), &left), SAR_USER_TYPE_INVALID);
	assert_sar(SKF_UnblockPIN(app, T("12345"), T(NEW_PIN), &left), SAR_PIN_LEN_RANGE);
	assert_sar(SKF_UnblockPIN(app, T("wrong-0000"), T("1"), &left), SAR_PIN_LEN_RANGE);
	assert_sar(SKF_UnblockPIN(app, NULL, T(NEW_PIN), &left), SAR_INVALIDPARAMERR);
	assert_sar(SKF_GetPINInfo(app, 5, &left, &left, &first), SAR_USER_TYPE_INVALID);
	assert_int_equal(seat_tries(app, USER_TYPE), SEAT_TRIES);
	assert_int_equal(seat_tries(app, ADMIN_TYPE), SEAT_TRIES);
	assert_int_equal(desk_command_count(&seat_desk, 0, 0x18), 0);
}

static void
each_call_sends_a_pin_once(void **state)
{
	HAPPLICATION app = seat_fresh(&seat_desk, &sm2_key);

	assert_sar(seat_verify(app, USER_TYPE, "000000"), SAR_PIN_INCORRECT);
	assert_int_equal(desk_command_count(&seat_desk, 0, 0x18), 1);
	assert_sar(seat_verify(app, USER_TYPE, DESK_PIN), SAR_OK);
	assert_int_equal(desk_command_count(&seat_desk, 0, 0x18), 2);
}

static void
a_pin_is_changed_by_who_knows_it(void **state)
{
	HAPPLICATION app = seat_fresh(&seat_desk, &sm2_key);
	ULONG left = 99;

	assert_sar(SKF_ChangePIN(app, USER_TYPE, T("000000"), T(NEW_PIN), &left),
		   SAR_PIN_INCORRECT);
	assert_int_equal(left, SEAT_TRIES - 1);
	assert_sar(SKF_ChangePIN(app, USER_TYPE, T(DESK_PIN), T(NEW_PIN), &left), SAR_OK);
	assert_int_equal(seat_tries(app, USER_TYPE), SEAT_TRIES);
	assert_sar(seat_verify(app, USER_TYPE, NEW_PIN), SAR_OK);
	assert_sar(SKF_ChangePIN(app, ADMIN_TYPE, T(DESK_ADMIN_PIN), T("admin-1357"), &left),
		   SAR_OK);
	assert_sar(seat_verify(app, ADMIN_TYPE, "admin-1357"), SAR_OK);
}

/* ---- who is logged in ---- */

static ULONG
make(HAPPLICATION app, const char *name)
{
	HCONTAINER con = NULL;

	return SKF_CreateContainer(app, T(name), &con);
}

static void
a_login_is_the_application_s_however_often_opened(void **state)
{
	HAPPLICATION app = seat_fresh(&seat_desk, &sm2_key);
	HAPPLICATION again;

	assert_sar(make(app, "a"), SAR_USER_NOT_LOGGED_IN);
	assert_sar(seat_verify(app, ADMIN_TYPE, DESK_ADMIN_PIN), SAR_OK);
	assert_sar(make(app, "a"), SAR_USER_NOT_LOGGED_IN);
	assert_sar(seat_verify(app, USER_TYPE, DESK_PIN), SAR_OK);
	assert_sar(make(app, "a"), SAR_OK);

	/* Neither closing nor disconnecting takes it. */
	assert_sar(SKF_CloseApplication(app), SAR_OK);
	again = seat_application(seat_device(&seat_desk, 0));
	assert_sar(make(again, "b"), SAR_OK);
	assert_sar(seat_verify(again, USER_TYPE, "000000"), SAR_PIN_INCORRECT);
	assert_sar(make(again, "c"), SAR_USER_NOT_LOGGED_IN);
	assert_sar(seat_verify(again, USER_TYPE, DESK_PIN), SAR_OK);
	assert_sar(SKF_ClearSecureState(again), SAR_OK);
	assert_sar(make(again, "c"), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_ClearSecureState(again), SAR_OK);
	assert_int_equal(desk_status(&seat_desk, 0, "logged_in"), 0);
}

static int
use_in_child(void *data)
{
	HAPPLICATION app;
	DEVHANDLE dev = NULL;
	ULONG sar;

	/* The parent's handles are not ours. */
	if (make(data, "x") != SAR_INVALIDHANDLEERR)
		return 200;
	if (SKF_ConnectDev(seat_device_name(&seat_desk, 0), &dev) != SAR_OK ||
	    SKF_OpenApplication(dev, T(SEAT_APPLICATION), &app) != SAR_OK)
		return 201;
	sar = make(app, "x");
	/* Nor is the parent's login ours to clear. */
	if (SKF_ClearSecureState(app) != SAR_OK)
		return 202;
	return (int)(sar & 0xff);
}

static int
log_in_and_out_in_child(void *data)
{
	HAPPLICATION app;
	DEVHANDLE dev = NULL;

	(void)data;
	if (SKF_ConnectDev(seat_device_name(&seat_desk, 0), &dev) != SAR_OK ||
	    SKF_OpenApplication(dev, T(SEAT_APPLICATION), &app) != SAR_OK ||
	    seat_verify(app, USER_TYPE, DESK_PIN) != SAR_OK || make(app, "x") != SAR_OK)
		return 203;
	return (int)(SKF_ClearSecureState(app) & 0xff);
}

static void
another_process_proves_its_own_pin(void **state)
{
	HAPPLICATION app = seat_user(&seat_desk, &sm2_key);

	assert_int_equal(seat_in_child(use_in_child, app), SAR_USER_NOT_LOGGED_IN & 0xff);
	assert_sar(make(app, "y"), SAR_OK);
	assert_int_equal(seat_in_child(log_in_and_out_in_child, NULL), 0);
	assert_sar(make(app, "z"), SAR_OK);
}

/* The module and the library keep each other's logins: their locks are the same files. */
static void
the_module_and_the_library_log_out_apart(void **state)
{
	HAPPLICATION app = seat_user(&seat_desk, &sm2_key);
	CK_SESSION_HANDLE session = desk_session(&seat_desk, 0);
	struct desk_signature signature;
	unsigned char digest[32] = {1};

	assert_rv(desk_login(&seat_desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_sar(SKF_ClearSecureState(app), SAR_OK);
	assert_rv(desk_sign(&seat_desk, session, CKM_VENDOR_SM2_SIGN, digest, sizeof(digest),
			    &signature),
		  CKR_OK);
	assert_sar(seat_verify(app, USER_TYPE, DESK_PIN), SAR_OK);
	assert_rv(seat_desk.f->C_Logout(session), CKR_OK);
	assert_sar(make(app, "a"), SAR_OK);
	assert_sar(SKF_ClearSecureState(app), SAR_OK);
	assert_int_equal(desk_status(&seat_desk, 0, "logged_in"), 0);
	assert_rv(seat_desk.f->C_CloseSession(session), CKR_OK);
}

/* A program of its own, which logs in and returns from main. */
static int
leave(char *device)
{
	HAPPLICATION app;
	DEVHANDLE dev = NULL;

	if (SKF_ConnectDev(device, &dev) != SAR_OK ||
	    SKF_OpenApplication(dev, T(SEAT_APPLICATION), &app) != SAR_OK ||
	    seat_verify(app, USER_TYPE, DESK_PIN) != SAR_OK || make(app, "left") != SAR_OK)
		return 1;
	return 0;
}

static int
run_leave(void *data)
{
	(void)execl("/proc/self/exe", "leave", (char *)data, (char *)NULL);
	return 2;
}

static void
a_program_that_ends_takes_its_login_along(void **state)
{
	HAPPLICATION app = seat_user(&seat_desk, &sm2_key);
	LPSTR device = seat_device_name(&seat_desk, 0);

	/* ... unless somebody else is logged in. */
	assert_int_equal(seat_in_child(run_leave, device), 0);
	assert_int_equal(desk_status(&seat_desk, 0, "logged_in"), 1);
	assert_sar(SKF_DeleteContainer(app, T("left")), SAR_OK);
	assert_sar(SKF_ClearSecureState(app), SAR_OK);
	assert_int_equal(seat_in_child(run_leave, device), 0);
	assert_int_equal(desk_status(&seat_desk, 0, "logged_in"), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(wrong_pins_count_down_to_locked, seat_clear),
		cmocka_unit_test_teardown(what_cannot_be_a_pin_costs_nothing, seat_clear),
		cmocka_unit_test_teardown(each_call_sends_a_pin_once, seat_clear),
		cmocka_unit_test_teardown(a_pin_is_changed_by_who_knows_it, seat_clear),
		cmocka_unit_test_teardown(a_login_is_the_application_s_however_often_opened,
					  seat_clear),
		cmocka_unit_test_teardown(another_process_proves_its_own_pin, seat_clear),
		cmocka_unit_test_teardown(the_module_and_the_library_log_out_apart, seat_clear),
		cmocka_unit_test_teardown(a_program_that_ends_takes_its_login_along, seat_clear),
	};

	if (argc == 2 && strcmp(argv[0], "leave") == 0)
		return leave(argv[1]);
	return cmocka_run_group_tests_name("SKF PINs", tests, seat_up, seat_down);
}
