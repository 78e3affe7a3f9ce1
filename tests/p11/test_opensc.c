/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenSC's module and ours taking turns.  It does not know our keys and sends them a few hundred
 * commands of its own to find that out, each time it looks.  It is run in child processes: what it
 * leaves behind is not our business.
 */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/process.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS     10
#define LONGEST_MS 1000

static struct desk desk;
static const char message[] = "one after the other";

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

/* NULL when it is not installed. */
static CK_FUNCTION_LIST *
opensc_load(void)
{
	void *module = dlopen("opensc-pkcs11.so", RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get_list;
	CK_FUNCTION_LIST *list = NULL;

	if (module == NULL)
		return NULL;
	*(void **)&get_list = dlsym(module, "C_GetFunctionList");
	return get_list(&list) == CKR_OK ? list : NULL;
}

/* A look at all there is, as every program that has both modules takes it. */
static CK_RV
opensc_looks(CK_FUNCTION_LIST *opensc)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = ARRAY_SIZE(slots);
	CK_TOKEN_INFO info;
	CK_RV rv = opensc->C_Initialize(NULL);

	if (rv == CKR_OK)
		rv = opensc->C_GetSlotList(CK_FALSE, slots, &count);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		(void)opensc->C_GetTokenInfo(slots[i], &info);
	return rv == CKR_OK ? opensc->C_Finalize(NULL) : rv;
}

static bool
signs_right(CK_SESSION_HANDLE session)
{
	struct desk_signature signature;

	return desk_sign(&desk, session, CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER, message,
			 strlen(message), &signature) == CKR_OK &&
	       oracle_verify("sm2", "SM3", message, strlen(message), signature.bytes,
			     signature.len);
}

static CK_SESSION_HANDLE
plug_and_login(void)
{
	static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};
	CK_SESSION_HANDLE session;

	if (opensc_load() == NULL)
		skip();
	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	return session;
}

static int
child_status(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Both in one program: 0, or the step that failed. */
static int
both_in_one(void)
{
	CK_FUNCTION_LIST *opensc = opensc_load();
	CK_SESSION_HANDLE session;

	if (desk.f->C_Initialize(NULL) != CKR_OK)
		return 1;
	session = desk_session(&desk, 0);
	if (desk_login(&desk, session, CKU_USER, DESK_PIN) != CKR_OK)
		return 2;
	for (int i = 0; i < ROUNDS; i++) {
		if (opensc_looks(opensc) != CKR_OK)
			return 3;
		if (!signs_right(session))
			return 4;
	}
	return desk.f->C_Finalize(NULL) == CKR_OK ? 0 : 5;
}

static void
a_program_may_have_both(void **state)
{
	CK_SESSION_HANDLE session = plug_and_login();
	pid_t child = fork();

	if (child == 0)
		_exit(both_in_one());
	assert_int_equal(child_status(child), 0);
	assert_true(signs_right(session));
	assert_true(desk_command_count(&desk, 0, 0xa4) > 0); /* it did look at our key */
	desk_pull(&desk, 0);
}

static void
opensc_in_another_program_takes_no_login_and_little_time(void **state)
{
	CK_SESSION_HANDLE session = plug_and_login();
	long longest = 0, signatures = 0;
	pid_t child = fork();
	int status;

	if (child == 0) {
		CK_FUNCTION_LIST *opensc = opensc_load();

		for (int i = 0; i < ROUNDS; i++)
			if (opensc_looks(opensc) != CKR_OK)
				_exit(1);
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		long start = process_clock_ms();

		assert_true(signs_right(session));
		start = process_clock_ms() - start;
		longest = start > longest ? start : longest;
		signatures++;
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	print_message("%ld signatures beside it, the slowest %ld ms\n", signatures, longest);
	assert_true(signatures > 0);
	if (longest > LONGEST_MS)
		fail_msg("%ld ms for one signature", longest);
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_may_have_both),
		cmocka_unit_test(opensc_in_another_program_takes_no_login_and_little_time),
	};

	return cmocka_run_group_tests_name("beside OpenSC", tests, desk_up, desk_down);
}
