/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key with two applications: two tokens, where policy wants to see them. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/rig.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READERS    2
#define SECOND     "Second"
#define SECOND_PIN "654321"

static struct desk desk;
static char two[512], one[512];

static void
policy_set(const char *line)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/policy.conf", desk_dir(&desk));
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fprintf(file, "%s\n", line);
	(void)fclose(file);
	(void)setenv("OPENUKEY_POLICY", path, 1);
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(NULL), CKR_OK);
}

static void
provision(const char *state, const char *application, const char *pin, const char *alg)
{
	const char *const options[] = {"--state",
				       state,
				       "--label",
				       "key",
				       "--serial",
				       "TWO-1",
				       "--pin",
				       pin,
				       "--container",
				       DESK_CONTAINER,
				       "--generate",
				       alg,
				       application != NULL ? "--application" : NULL,
				       application,
				       NULL};

	assert_true(rig_provision(options));
}

static int
desk_up(void **state)
{
	desk_start(&desk, READERS);
	(void)snprintf(two, sizeof(two), "%s/two", desk_dir(&desk));
	(void)snprintf(one, sizeof(one), "%s/one", desk_dir(&desk));
	provision(two, NULL, DESK_PIN, "sm2");
	provision(two, SECOND, SECOND_PIN, "sm2");
	provision(one, NULL, DESK_PIN, "sm2");
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static CK_ULONG
slots_list(CK_BBOOL with_token, CK_SLOT_ID *slots, CK_ULONG room)
{
	CK_ULONG count = 0;

	assert_rv(desk.f->C_GetSlotList(with_token, NULL, &count), CKR_OK);
	assert_true(count <= room);
	assert_rv(desk.f->C_GetSlotList(with_token, slots, &count), CKR_OK);
	return count;
}

static CK_SESSION_HANDLE
open_session(CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE session;

	assert_rv(desk.f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					&session),
		  CKR_OK);
	return session;
}

static CK_RV
sign(CK_SESSION_HANDLE session)
{
	unsigned char digest[32] = {3};
	struct desk_signature signature;

	return desk_sign(&desk, session, CKM_VENDOR_SM2_SIGN, digest, sizeof(digest), &signature);
}

static void
assert_label(CK_SLOT_ID slot, const char *label)
{
	CK_TOKEN_INFO info;

	assert_rv(desk.f->C_GetTokenInfo(slot, &info), CKR_OK);
	assert_memory_equal(info.label, label, strlen(label));
	assert_memory_equal(info.serialNumber, "TWO-1", 5);
}

static void
without_policy_a_reader_is_one_slot_and_its_key_is_not_asked(void **state)
{
	CK_SLOT_ID slots[8];

	desk_plug_state(&desk, 0, two);
	assert_int_equal(slots_list(CK_TRUE, slots, 8), 1);
	assert_int_equal(slots_list(CK_FALSE, slots, 8), READERS);
	assert_int_equal(desk_status(&desk, 0, "commands"), 0);
	desk_pull(&desk, 0);
}

static void
each_application_is_a_token_with_its_own_login_and_objects(void **state)
{
	CK_SLOT_ID slots[8];
	CK_SESSION_HANDLE first, second;
	char names[2][48] = {0};

	desk_plug_state(&desk, 0, two);
	assert_int_equal(slots_list(CK_TRUE, slots, 8), 2);
	assert_int_equal(slots[0], desk_slot(&desk, 0));
	assert_label(slots[0], "VIRTUAL key");
	assert_label(slots[1], SECOND " ");
	first = open_session(slots[0]);
	second = open_session(slots[1]);
	assert_rv(desk_login(&desk, second, CKU_USER, DESK_PIN), CKR_PIN_INCORRECT);
	assert_rv(desk_login(&desk, second, CKU_USER, SECOND_PIN), CKR_OK);
	assert_rv(sign(second), CKR_OK);
	assert_rv(sign(first), CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk_login(&desk, first, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(sign(first), CKR_OK);
	for (size_t i = 0; i < 2; i++) {
		CK_SESSION_HANDLE session = i == 0 ? first : second;

		(void)desk_attribute(&desk, session, desk_find(&desk, session, CKO_PRIVATE_KEY, 0),
				     CKA_UNIQUE_ID, names[i], sizeof(names[i]) - 1);
	}
	assert_string_not_equal(names[0], names[1]);
	/* One's logout clears its own right on the key, and only that. */
	assert_rv(desk.f->C_Logout(first), CKR_OK);
	assert_int_equal(desk_command_count(&desk, 0, 0x1c), 1);
	assert_rv(sign(second), CKR_OK);
	desk_pull(&desk, 0);
	assert_rv(sign(second), CKR_DEVICE_REMOVED);
}

static void
slots_stay_what_they_are(void **state)
{
	CK_SLOT_ID slots[8], further;
	CK_TOKEN_INFO info;
	CK_ULONG all;

	desk_plug_state(&desk, 0, two);
	assert_int_equal(slots_list(CK_TRUE, slots, 8), 2);
	further = slots[1];
	all = slots_list(CK_FALSE, slots, 8);
	assert_int_equal(all, READERS + 1);
	desk_pull(&desk, 0);
	assert_int_equal(slots_list(CK_FALSE, slots, 8), all);
	assert_int_equal(slots_list(CK_TRUE, slots, 8), 0);
	assert_rv(desk.f->C_GetTokenInfo(further, &info), CKR_TOKEN_NOT_PRESENT);

	/* Another key, which has no such application. */
	desk_plug_state(&desk, 0, one);
	assert_int_equal(slots_list(CK_TRUE, slots, 8), 1);
	assert_int_equal(slots_list(CK_FALSE, slots, 8), all);
	assert_rv(desk.f->C_GetTokenInfo(further, &info), CKR_TOKEN_NOT_PRESENT);
	desk_pull(&desk, 0);

	desk_plug_state(&desk, 0, two);
	assert_int_equal(slots_list(CK_TRUE, slots, 8), 2);
	assert_int_equal(slots[1], further);
	assert_label(further, SECOND);
	/* The same key in another reader is another slot. */
	desk_pull(&desk, 0);
	desk_plug_state(&desk, 1, two);
	assert_int_equal(slots_list(CK_TRUE, slots, 8), 2);
	assert_int_equal(slots_list(CK_FALSE, slots, 8), READERS + 2);
	desk_pull(&desk, 1);
}

/* Keys are asked once: the list does not become slow. */
static void
a_key_is_asked_once(void **state)
{
	CK_SLOT_ID slots[8];
	long commands;

	desk_plug_state(&desk, 0, two);
	assert_int_equal(slots_list(CK_TRUE, slots, 8), 2);
	commands = desk_status(&desk, 0, "commands");
	for (int i = 0; i < 5; i++)
		assert_int_equal(slots_list(CK_TRUE, slots, 8), 2);
	assert_int_equal(desk_status(&desk, 0, "commands"), commands);
	desk_pull(&desk, 0);
}

/* ---- waiting and working on both ---- */

static void *
sign_often(void *data)
{
	CK_SESSION_HANDLE session = *(CK_SESSION_HANDLE *)data;
	CK_RV rv = CKR_OK;

	for (int i = 0; i < 40 && rv == CKR_OK; i++)
		rv = sign(session);
	return (void *)rv;
}

static void
both_sign_at_once(void **state)
{
	CK_SESSION_HANDLE sessions[4];
	CK_SLOT_ID slots[8];
	pthread_t threads[4];

	desk_plug_state(&desk, 0, two);
	assert_int_equal(slots_list(CK_TRUE, slots, 8), 2);
	for (size_t i = 0; i < 4; i++)
		sessions[i] = open_session(slots[i % 2]);
	assert_rv(desk_login(&desk, sessions[0], CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk_login(&desk, sessions[1], CKU_USER, SECOND_PIN), CKR_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_often, &sessions[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		void *rv;

		assert_int_equal(pthread_join(threads[i], &rv), 0);
		assert_rv((CK_RV)rv, CKR_OK);
	}
	desk_pull(&desk, 0);
}

static void
a_wait_sees_one_event_for_each_slot_that_changed(void **state)
{
	CK_SLOT_ID slots[8], slot;
	CK_ULONG events = 0;

	while (desk.f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL) == CKR_OK)
		;
	desk_plug_state(&desk, 0, two);
	assert_int_equal(slots_list(CK_TRUE, slots, 8), 2);
	while (desk.f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL) == CKR_OK) {
		assert_true(slot == slots[0] || slot == slots[1]);
		events++;
	}
	assert_int_equal(events, 2);
	desk_pull(&desk, 0);
}

static int
policy_on(void **state)
{
	policy_set("all-applications = yes");
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_policy_a_reader_is_one_slot_and_its_key_is_not_asked),
		cmocka_unit_test_setup(each_application_is_a_token_with_its_own_login_and_objects,
				       policy_on),
		cmocka_unit_test_setup(slots_stay_what_they_are, policy_on),
		cmocka_unit_test_setup(a_key_is_asked_once, policy_on),
		cmocka_unit_test_setup(both_sign_at_once, policy_on),
		cmocka_unit_test_setup(a_wait_sees_one_event_for_each_slot_that_changed, policy_on),
	};

	return cmocka_run_group_tests_name("applications", tests, desk_up, desk_down);
}
