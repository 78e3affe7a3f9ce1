/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The key is pulled at every command of every operation, before the command and before its answer.
 * Each time the host must hear CKR_DEVICE_REMOVED, no PIN try may be gone, and when the key is back
 * it must serve.  Usage: test-unplug MODEL [OPERATION]
 */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/rig.h"
#include "tests/stress/unplug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMANDS_MAX 80
#define PLUG_MS      5000

static struct desk desk;
static const char *model = "V0";
static const char *only;

static const struct desk_key keys[] = {
	[UNPLUG_SM2] = {.alg = "sm2"},
	[UNPLUG_RSA] = {.alg = "rsa1024"},
	[UNPLUG_SIGN_ONLY] = {.alg = "sm2", .no_enc_pair = true},
	[UNPLUG_NO_CERTS] = {.alg = "sm2", .no_enc_pair = true, .no_certs = true},
	[UNPLUG_EMPTY] = {.alg = NULL},
};

static struct desk_key
key_of(const struct unplug_op *op)
{
	struct desk_key key = keys[op->key];

	key.model = model;
	return key;
}

/* In again after a pull; what the host had open is gone for good. */
static void
plug_again(const struct unplug_stage *stage)
{
	CK_SESSION_INFO info;

	desk_tell(&desk, 0, "fault clear");
	desk_tell(&desk, 0, "plug");
	assert_true(rig_await(desk.rig, 0, true, PLUG_MS));
	if (stage->session != 0 && !stage->finalized)
		assert_rv(desk.f->C_GetSessionInfo(stage->session, &info),
			  stage->closed ? CKR_SESSION_HANDLE_INVALID : CKR_DEVICE_REMOVED);
}

static void
no_try_is_gone(void)
{
	static const CK_USER_TYPE users[] = {CKU_USER, CKU_SO};
	struct openukey_pin_info info;

	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		assert_rv(desk.uk->get_pin_info(desk_slot(&desk, 0), users[i], &info), CKR_OK);
		assert_int_equal(info.left, info.max);
	}
}

/* Logs in, by the new PIN when the change had been made before the pull; returns which. */
static const char *
serve(const struct unplug_op *op, CK_SESSION_HANDLE session)
{
	const char *pin = op->pin == CKU_SO ? DESK_ADMIN_PIN : DESK_PIN;
	CK_USER_TYPE user = op->pin == CKU_SO ? CKU_SO : CKU_USER;
	CK_RV rv = desk_login(&desk, session, user, pin);

	if (rv == CKR_PIN_INCORRECT && op->changes_pin) {
		pin = UNPLUG_NEW_PIN;
		rv = desk_login(&desk, session, user, pin);
	}
	assert_rv(rv, CKR_OK);
	return pin;
}

static void
key_serves(const struct unplug_op *op)
{
	CK_MECHANISM mechanism = {op->key == UNPLUG_RSA ? CKM_RSA_PKCS : CKM_VENDOR_SM2_SIGN, NULL,
				  0};
	CK_SESSION_HANDLE session = desk_session(&desk, 0);
	const char *pin = serve(op, session);
	CK_OBJECT_HANDLE key = desk_find(&desk, session, CKO_PRIVATE_KEY, 0);
	unsigned char digest[32] = {7}, signature[DESK_SIGNATURE_MAX];
	CK_ULONG len = sizeof(signature);

	if (key != CK_INVALID_HANDLE && op->pin != CKU_SO) {
		assert_rv(desk.f->C_SignInit(session, &mechanism, key), CKR_OK);
		if (strcmp(model, "VC") == 0)
			assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, pin), CKR_OK);
		assert_rv(desk.f->C_Sign(session, digest, sizeof(digest), signature, &len), CKR_OK);
	}
	assert_rv(desk.f->C_CloseSession(session), CKR_OK);
}

/* One go; false when the operation was over before its nth command. */
static bool
pull_at(const struct unplug_op *op, unsigned int n, const char *when)
{
	struct desk_key key = key_of(op);
	struct unplug_stage stage = {.desk = &desk, .model = model};
	char fault[64];
	bool pulled;
	CK_RV rv;

	desk_plug(&desk, 0, &key);
	if (op->prepare != NULL)
		op->prepare(&stage);
	(void)snprintf(fault, sizeof(fault), "fault at %u %s", n, when);
	desk_tell(&desk, 0, fault);
	rv = op->run(&stage);
	pulled = desk_status(&desk, 0, "plugged") == 0;
	if (!pulled && rv != CKR_OK)
		fail_msg("%s: 0x%lx although nothing was pulled", op->name, rv);
	if (pulled && rv != CKR_DEVICE_REMOVED && !(op->quiet && rv == CKR_OK) &&
	    !(op->no_session && rv == CKR_TOKEN_NOT_PRESENT))
		fail_msg("%s, %s command %u: 0x%lx", op->name, when, n, rv);
	if (pulled) {
		plug_again(&stage);
		no_try_is_gone();
		key_serves(op);
	}
	assert_rv(desk.f->C_CloseAllSessions(desk_slot(&desk, 0)), CKR_OK);
	desk_pull(&desk, 0);
	return pulled;
}

static void
a_pull_at_any_command_is_told_and_costs_nothing(void **state)
{
	static const char *const when[] = {"pull-before", "pull-after"};
	bool thorough = getenv("OPENUKEY_TEST_LONG") != NULL;
	unsigned int done = 0;

	for (const struct unplug_op *op = unplug_ops; op->name != NULL; op++) {
		unsigned int n = 1;

		if ((only != NULL && strcmp(only, op->name) != 0) ||
		    (op->model != NULL && strcmp(op->model, model) != 0))
			continue;
		for (; n < COMMANDS_MAX; n++) {
			bool pulled = true;

			/* Both ways at the first command; then in turns, unless there is time. */
			for (size_t w = 0; w < ARRAY_SIZE(when) && pulled; w++)
				if (thorough || n == 1 || n % 2 == w)
					pulled = pull_at(op, n, when[w]);
			if (!pulled)
				break;
		}
		print_message("%s: %u commands\n", op->name, n - 1);
		assert_true(n > 1 && n < COMMANDS_MAX);
		done++;
	}
	assert_true(done > 0);
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

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pull_at_any_command_is_told_and_costs_nothing),
	};

	if (argc > 1)
		model = argv[1];
	if (argc > 2)
		only = argv[2];
	return cmocka_run_group_tests_name("unplugged at every command", tests, desk_up, desk_down);
}
