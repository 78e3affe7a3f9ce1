/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the administrator of the computer has decided, for both interfaces in one file. */
#include "tests/skf/seat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct desk_key sm2_key = {.alg = "sm2"};

/* The library reads it once, so what each test wants is a process's own. */
static int
with_few_tries(void *data)
{
	HAPPLICATION app;
	DEVHANDLE dev = NULL;
	ULONG left = 99;
	BYTE verify[] = {0x80, 0x18, 0, 1, 0};
	BYTE answer[300];
	ULONG len = sizeof(answer);

	(void)data;
	if (SKF_ConnectDev(seat_device_name(&seat_desk, 0), &dev) != SAR_OK ||
	    SKF_OpenApplication(dev, T(SEAT_APPLICATION), &app) != SAR_OK)
		return 1;
	/* Ten, nine and eight tries are enough for min-tries = 8. */
	for (ULONG i = 9; i >= 7; i--)
		if (SKF_VerifyPIN(app, USER_TYPE, T("000000"), &left) != SAR_PIN_INCORRECT ||
		    left != i)
			return 2;
	if (SKF_VerifyPIN(app, USER_TYPE, T(DESK_PIN), &left) != SAR_FAIL)
		return 3;
	if (SKF_ChangePIN(app, USER_TYPE, T(DESK_PIN), T("246802"), &left) != SAR_FAIL)
		return 4;
	/* raw-commands = yes: what is wrong with it, the key says itself. */
	if (SKF_Transmit(dev, verify, sizeof(verify), answer, &len) != SAR_OK || len != 2)
		return 5;
	return SKF_VerifyPIN(app, ADMIN_TYPE, T(DESK_ADMIN_PIN), &left) == SAR_OK ? 0 : 6;
}

static void
the_last_tries_are_kept(void **state)
{
	desk_plug(&seat_desk, 0, &sm2_key);
	assert_int_equal(seat_in_child(with_few_tries, NULL), 0);
	assert_int_equal(seat_tries(seat_application(seat_device(&seat_desk, 0)), USER_TYPE), 7);
}

static int
policy_up(void **state)
{
	static char path[] = "/tmp/openukey-policy-XXXXXX";
	int file = mkstemp(path);
	static const char text[] = "min-tries = 8\nraw-commands = yes\n";

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	assert_int_equal(close(file), 0);
	assert_int_equal(setenv("OPENUKEY_POLICY", path, 1), 0);
	*state = path;
	return seat_up(state);
}

static int
policy_down(void **state)
{
	(void)unlink(getenv("OPENUKEY_POLICY"));
	return seat_down(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_last_tries_are_kept, seat_clear),
	};

	return cmocka_run_group_tests_name("SKF and policy", tests, policy_up, policy_down);
}
