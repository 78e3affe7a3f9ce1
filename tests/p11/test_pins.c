/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a user sees of the PIN: tries falling, the lock, unblocking, changing, and no try lost. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRONG_PIN "999999"
#define NEW_PIN   "szy-2026"
#define PIN_FLAGS                                                                \
	(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED | \
	 CKF_USER_PIN_TO_BE_CHANGED)

static struct desk desk;

static const struct desk_key models[] = {
	{.alg = "sm2", .model = "V0"},
	{.alg = "sm2", .model = "V1"},
	{.alg = "rsa", .model = "VC"},
};

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

static CK_ULONG
tries_left(CK_USER_TYPE user)
{
	struct openukey_pin_info info;

	assert_rv(desk.uk->get_pin_info(desk_slot(&desk, 0), user, &info), CKR_OK);
	return info.left;
}

static CK_RV
set_pin(CK_SESSION_HANDLE session, const char *old_pin, const char *new_pin)
{
	CK_UTF8CHAR old_copy[64], new_copy[64];

	memcpy(old_copy, old_pin, strlen(old_pin));
	memcpy(new_copy, new_pin, strlen(new_pin));
	return desk.f->C_SetPIN(session, old_copy, strlen(old_pin), new_copy, strlen(new_pin));
}

static CK_RV
init_pin(CK_SESSION_HANDLE session, const char *pin)
{
	CK_UTF8CHAR copy[64];

	memcpy(copy, pin, strlen(pin));
	return desk.f->C_InitPIN(session, copy, strlen(pin));
}

/* The flags that PKCS#11 has for so many tries left of ten. */
static CK_FLAGS
flags_for(CK_ULONG left)
{
	CK_FLAGS flags = left < 10 ? CKF_USER_PIN_COUNT_LOW : 0;

	if (left == 1)
		flags |= CKF_USER_PIN_FINAL_TRY;
	if (left == 0)
		flags |= CKF_USER_PIN_LOCKED;
	return flags | CKF_USER_PIN_TO_BE_CHANGED;
}

static void
ten_wrong_pins_count_down_to_locked_and_an_administrator_unblocks(void **state)
{
	for (size_t m = 0; m < ARRAY_SIZE(models); m++) {
		CK_SESSION_HANDLE session;

		desk_plug(&desk, 0, &models[m]);
		session = desk_session(&desk, 0);
		for (CK_ULONG left = 10; left > 0; left--) {
			assert_int_equal(tries_left(CKU_USER), left);
			assert_int_equal(desk_token_flags(&desk, 0) & PIN_FLAGS, flags_for(left));
			assert_rv(desk_login(&desk, session, CKU_USER, WRONG_PIN),
				  left > 1 ? CKR_PIN_INCORRECT : CKR_PIN_LOCKED);
		}
		assert_int_equal(desk_token_flags(&desk, 0) & PIN_FLAGS, flags_for(0));
		assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_PIN_LOCKED);

		assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_OK);
		assert_rv(init_pin(session, NEW_PIN), CKR_OK);
		assert_rv(desk.f->C_Logout(session), CKR_OK);
		assert_int_equal(tries_left(CKU_USER), 10);
		assert_int_equal(desk_token_flags(&desk, 0) & PIN_FLAGS, 0);
		assert_rv(desk_login(&desk, session, CKU_USER, NEW_PIN), CKR_OK);
		desk_pull(&desk, 0);
	}
}

static void
the_right_pin_gives_the_tries_back(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &models[0]);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, WRONG_PIN), CKR_PIN_INCORRECT);
	assert_rv(desk_login(&desk, session, CKU_USER, WRONG_PIN), CKR_PIN_INCORRECT);
	assert_int_equal(tries_left(CKU_USER), 8);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_int_equal(tries_left(CKU_USER), 10);
	desk_pull(&desk, 0);
}

static void
one_wrong_pin_costs_exactly_one_try(void **state)
{
	CK_SESSION_HANDLE session;
	long before;

	desk_plug(&desk, 0, &models[0]);
	session = desk_session(&desk, 0);
	(void)tries_left(CKU_USER);
	before = desk_command_count(&desk, 0, 0x18);
	assert_rv(desk_login(&desk, session, CKU_USER, WRONG_PIN), CKR_PIN_INCORRECT);
	assert_int_equal(desk_command_count(&desk, 0, 0x18), before + 1);
	assert_int_equal(tries_left(CKU_USER), 9);
	desk_pull(&desk, 0);
}

static void
the_pin_is_changed_on_each_model(void **state)
{
	static const char *const pins[] = {NEW_PIN, "abcdef", "0123456789abcdef"};

	for (size_t m = 0; m < ARRAY_SIZE(models); m++) {
		const char *current = DESK_PIN;
		CK_SESSION_HANDLE session;

		desk_plug(&desk, 0, &models[m]);
		session = desk_session(&desk, 0);
		for (size_t i = 0; i < ARRAY_SIZE(pins); i++) {
			assert_rv(set_pin(session, current, pins[i]), CKR_OK);
			assert_rv(desk_login(&desk, session, CKU_USER, current), CKR_PIN_INCORRECT);
			assert_rv(desk_login(&desk, session, CKU_USER, pins[i]), CKR_OK);
			assert_rv(desk.f->C_Logout(session), CKR_OK);
			current = pins[i];
		}
		assert_int_equal(desk_token_flags(&desk, 0) & CKF_USER_PIN_TO_BE_CHANGED, 0);
		desk_pull(&desk, 0);
	}
}

static void
a_wrong_old_pin_changes_nothing_and_costs_one_try(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &models[0]);
	session = desk_session(&desk, 0);
	assert_rv(set_pin(session, WRONG_PIN, NEW_PIN), CKR_PIN_INCORRECT);
	assert_int_equal(tries_left(CKU_USER), 9);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	desk_pull(&desk, 0);
}

static void
a_pin_that_cannot_be_right_costs_no_try(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &models[0]);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, "12345"), CKR_PIN_LEN_RANGE);
	assert_rv(desk_login(&desk, session, CKU_USER, "12345678901234567"), CKR_PIN_LEN_RANGE);
	assert_rv(desk.f->C_Login(session, CKU_USER, NULL, 6), CKR_ARGUMENTS_BAD);
	assert_rv(set_pin(session, DESK_PIN, "12345"), CKR_PIN_LEN_RANGE);
	assert_int_equal(tries_left(CKU_USER), 10);
	desk_pull(&desk, 0);
}

static void
the_administrator_changes_its_own_pin_and_still_unblocks(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &models[0]);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_OK);
	assert_rv(set_pin(session, DESK_ADMIN_PIN, "new-admin-1"), CKR_OK);
	assert_rv(init_pin(session, NEW_PIN), CKR_OK);
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_SO, "new-admin-1"), CKR_OK);
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_USER, NEW_PIN), CKR_OK);
	desk_pull(&desk, 0);
}

static void
unblocking_needs_the_administrator(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &models[0]);
	session = desk_session(&desk, 0);
	assert_rv(init_pin(session, NEW_PIN), CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(init_pin(session, NEW_PIN), CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN),
		  CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	desk_pull(&desk, 0);
}

static void
pulling_the_key_before_the_pin_check_costs_no_try(void **state)
{
	/* GetDevInfo, EnumApplication, ... have been sent: what is left is GenRandom, VerifyPIN. */
	static const char *const faults[] = {"fault at 1 pull-before", "fault at 1 pull-after",
					     "fault at 2 pull-before"};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		CK_SESSION_HANDLE session;

		desk_plug(&desk, 0, &models[0]);
		session = desk_session(&desk, 0);
		assert_int_equal(tries_left(CKU_USER), 10);
		assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
		desk_tell(&desk, 0, faults[i]);
		assert_rv(desk_login(&desk, session, CKU_USER, WRONG_PIN), CKR_DEVICE_REMOVED);
		desk_pull(&desk, 0);
		desk_plug_again(&desk, 0, &models[0]);
		assert_int_equal(tries_left(CKU_USER), 10);
		desk_pull(&desk, 0);
	}
}

static void
an_unknown_answer_to_the_pin_is_not_answered_with_another_try(void **state)
{
	static const char *const faults[] = {
		"fault ins 18 sw 6F00", "fault ins 18 sw 6C10", "fault ins 18 sw 6984",
		"fault ins 18 sw 6110", "fault ins 18 cut 0",   "fault ins 18 cut 1",
		"fault ins 18 sw 698A",
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		CK_SESSION_HANDLE session;
		CK_RV rv;

		desk_plug(&desk, 0, &models[0]);
		session = desk_session(&desk, 0);
		(void)tries_left(CKU_USER);
		desk_tell(&desk, 0, faults[i]);
		rv = desk_login(&desk, session, CKU_USER, WRONG_PIN);
		assert_int_not_equal(rv, CKR_OK);
		assert_int_not_equal(rv, CKR_PIN_INCORRECT);
		assert_true(desk_command_count(&desk, 0, 0x18) <= 1);
		desk_pull(&desk, 0);
	}
}

/* ---- policy ---- */

static void
policy_set(const char *text)
{
	char path[512];
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/policy.conf", desk_dir(&desk));
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
	(void)setenv("OPENUKEY_POLICY", path, 1);
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(&args), CKR_OK);
}

static void
policy_keeps_the_last_tries_for_a_person_who_confirms(void **state)
{
	CK_SESSION_HANDLE session;
	CK_SLOT_ID slot;

	policy_set("# keep some\nmin-tries = 9\n");
	desk_plug(&desk, 0, &models[0]);
	slot = desk_slot(&desk, 0);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, WRONG_PIN), CKR_PIN_INCORRECT);
	assert_rv(desk_login(&desk, session, CKU_USER, WRONG_PIN), CKR_PIN_INCORRECT);
	/* 8 left, below 9: refused without touching the counter */
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_FUNCTION_REJECTED);
	assert_rv(set_pin(session, DESK_PIN, NEW_PIN), CKR_FUNCTION_REJECTED);
	assert_int_equal(tries_left(CKU_USER), 8);
	/* a person who was shown something else has confirmed nothing */
	assert_rv(desk.uk->confirm_try(slot, CKU_USER, 9), CKR_FUNCTION_REJECTED);
	assert_rv(desk.uk->confirm_try(slot, CKU_USER, 8), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_USER, WRONG_PIN), CKR_PIN_INCORRECT);
	/* one try was armed, not two */
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_FUNCTION_REJECTED);
	assert_rv(desk.uk->confirm_try(slot, CKU_USER, 7), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	desk_pull(&desk, 0);
	policy_set("");
}

/* Nobody can give the administrator's tries back. */
static void
policy_keeps_the_administrators_last_tries_too(void **state)
{
	CK_SESSION_HANDLE session;
	CK_SLOT_ID slot;

	policy_set("min-tries = 10\n");
	desk_plug(&desk, 0, &models[0]);
	slot = desk_slot(&desk, 0);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_SO, WRONG_PIN), CKR_PIN_INCORRECT);
	assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_FUNCTION_REJECTED);
	assert_int_equal(tries_left(CKU_SO), 9);
	/* One PIN's confirmation is not the other's. */
	assert_rv(desk.uk->confirm_try(slot, CKU_USER, 10), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_FUNCTION_REJECTED);
	assert_rv(desk.uk->confirm_try(slot, CKU_SO, 9), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_OK);
	desk_pull(&desk, 0);
	policy_set("");
}

/* A key that asks before each signature is kept from a program's last tries as well. */
static void
policy_keeps_them_before_each_signature(void **state)
{
	static const struct desk_key each_use = {.alg = "sm2", .model = "VC"};
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_SIGN, NULL, 0};
	CK_SESSION_HANDLE session;

	policy_set("min-tries = 10\n");
	desk_plug(&desk, 0, &each_use);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk.f->C_SignInit(session, &mechanism,
				     desk_find(&desk, session, CKO_PRIVATE_KEY, 0)),
		  CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, WRONG_PIN), CKR_PIN_INCORRECT);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN),
		  CKR_FUNCTION_REJECTED);
	assert_int_equal(tries_left(CKU_USER), 9);
	assert_rv(desk.uk->confirm_try(desk_slot(&desk, 0), CKU_USER, 9), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN), CKR_OK);
	desk_pull(&desk, 0);
	policy_set("");
}

static void
policy_asks_for_a_new_pin_first(void **state)
{
	CK_SESSION_HANDLE session;

	policy_set("force-pin-change = yes\n");
	desk_plug(&desk, 0, &models[0]);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_PIN_EXPIRED);
	assert_rv(set_pin(session, DESK_PIN, NEW_PIN), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_USER, NEW_PIN), CKR_OK);
	desk_pull(&desk, 0);
	policy_set("");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_wrong_pins_count_down_to_locked_and_an_administrator_unblocks),
		cmocka_unit_test(the_right_pin_gives_the_tries_back),
		cmocka_unit_test(one_wrong_pin_costs_exactly_one_try),
		cmocka_unit_test(the_pin_is_changed_on_each_model),
		cmocka_unit_test(a_wrong_old_pin_changes_nothing_and_costs_one_try),
		cmocka_unit_test(a_pin_that_cannot_be_right_costs_no_try),
		cmocka_unit_test(the_administrator_changes_its_own_pin_and_still_unblocks),
		cmocka_unit_test(unblocking_needs_the_administrator),
		cmocka_unit_test(pulling_the_key_before_the_pin_check_costs_no_try),
		cmocka_unit_test(an_unknown_answer_to_the_pin_is_not_answered_with_another_try),
		cmocka_unit_test(policy_keeps_the_last_tries_for_a_person_who_confirms),
		cmocka_unit_test(policy_keeps_the_administrators_last_tries_too),
		cmocka_unit_test(policy_keeps_them_before_each_signature),
		cmocka_unit_test(policy_asks_for_a_new_pin_first),
	};

	return cmocka_run_group_tests_name("PINs", tests, desk_up, desk_down);
}
