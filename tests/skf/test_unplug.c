/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The key is pulled at every command of a job, before the command and before its answer: the
 * program hears SAR_DEVICE_REMOVED, no PIN try may be gone, and when the key is back a new
 * connection serves.  OPENUKEY_TEST_LONG: both ways at each command; else in turns.
 */
#include "tests/skf/crypto_pcsc.h"
#include "tests/skf/seat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMANDS_MAX 80

static const struct desk_key sm2_key = {.alg = "sm2"};

/* What a job uses; made before the fault is set, but for what the job itself makes. */
struct job_state {
	DEVHANDLE dev;
	HAPPLICATION app;
	HCONTAINER con;
};

static ULONG
job_connect(struct job_state *state)
{
	DEVINFO info;
	ULONG sar = SKF_ConnectDev(seat_device_name(&seat_desk, 0), &state->dev);

	if (sar == SAR_OK)
		sar = SKF_GetDevInfo(state->dev, &info);
	if (sar == SAR_OK)
		sar = SKF_OpenApplication(state->dev, T(SEAT_APPLICATION), &state->app);
	if (sar == SAR_OK)
		sar = seat_verify(state->app, USER_TYPE, DESK_PIN);
	return sar;
}

static ULONG
job_sign(struct job_state *state)
{
	BYTE digest[32] = {7};
	ECCSIGNATUREBLOB signature;

	return SKF_ECCSignData(state->con, digest, sizeof(digest), &signature);
}

static ULONG
job_enrol(struct job_state *state)
{
	ECCPUBLICKEYBLOB key;
	HCONTAINER con = NULL;
	BYTE der[4096];
	ULONG len = (ULONG)oracle_certificate("sm2", "sign", der, sizeof(der));
	ULONG sar = SKF_CreateContainer(state->app, T("new"), &con);

	if (sar == SAR_OK)
		sar = SKF_GenECCKeyPair(con, SGD_SM2_1, &key);
	if (sar == SAR_OK)
		sar = SKF_ImportCertificate(con, TRUE, der, len);
	return sar;
}

static ULONG
job_file(struct job_state *state)
{
	static BYTE bytes[1500];
	ULONG len = sizeof(bytes);
	ULONG sar =
		SKF_CreateFile(state->app, T("f"), len, SECURE_USER_ACCOUNT, SECURE_USER_ACCOUNT);

	if (sar == SAR_OK)
		sar = SKF_WriteFile(state->app, T("f"), 0, bytes, len);
	if (sar == SAR_OK)
		sar = SKF_WriteFile(state->app, T("f"), 100, bytes, 700);
	if (sar == SAR_OK)
		sar = SKF_ReadFile(state->app, T("f"), 0, len, bytes, &len);
	return sar;
}

static ULONG
job_session_key(struct job_state *state)
{
	static BYTE bytes[512];
	union {
		BYTE bytes[512];
		ECCCIPHERBLOB blob;
	} wrapped;
	ECCPUBLICKEYBLOB key;
	BLOCKCIPHERPARAM param = {.IVLen = 16};
	HANDLE handle = NULL;
	ULONG len = sizeof(key);
	ULONG sar = SKF_ExportPublicKey(state->con, FALSE, (BYTE *)&key, &len);

	if (sar == SAR_OK)
		sar = SKF_ECCExportSessionKey(state->con, SGD_SM4_CBC, &key, &wrapped.blob,
					      &handle);
	if (sar == SAR_OK)
		sar = SKF_EncryptInit(handle, param);
	len = sizeof(bytes);
	if (sar == SAR_OK)
		sar = SKF_Encrypt(handle, bytes, 256, bytes, &len);
	if (sar == SAR_OK)
		sar = SKF_CloseHandle(handle);
	return sar;
}

static ULONG
job_pins(struct job_state *state)
{
	ULONG left;
	ULONG sar = SKF_ChangePIN(state->app, USER_TYPE, T(DESK_PIN), T(DESK_PIN), &left);

	if (sar == SAR_OK)
		sar = SKF_UnblockPIN(state->app, T(DESK_ADMIN_PIN), T(DESK_PIN), &left);
	if (sar == SAR_OK)
		sar = SKF_ClearSecureState(state->app);
	return sar;
}

static const struct {
	const char *name;
	bool begun; /* logged in already */
	bool quiet; /* ends with closing, which works on what is gone as well */
	ULONG (*run)(struct job_state *state);
} jobs[] = {
	{"connect", false, false, job_connect},
	{"sign", true, false, job_sign},
	{"enrol", true, false, job_enrol},
	{"file", true, false, job_file},
	{"session key", true, true, job_session_key},
	{"PINs", true, false, job_pins},
};

static void
begin(struct job_state *state)
{
	assert_sar(job_connect(state), SAR_OK);
	assert_sar(SKF_OpenContainer(state->app, T(DESK_CONTAINER), &state->con), SAR_OK);
}

static void
end(struct job_state *state)
{
	if (state->dev != NULL)
		assert_sar(SKF_DisConnectDev(state->dev), SAR_OK);
}

/* The key is back; no try is gone, and it signs. */
static void
key_serves(void)
{
	struct job_state state = {0};

	assert_sar(SKF_ConnectDev(seat_device_name(&seat_desk, 0), &state.dev), SAR_OK);
	state.app = seat_application(state.dev);
	assert_int_equal(seat_tries(state.app, USER_TYPE), SEAT_TRIES);
	assert_int_equal(seat_tries(state.app, ADMIN_TYPE), SEAT_TRIES);
	end(&state);
	state = (struct job_state){0};
	begin(&state);
	assert_sar(job_sign(&state), SAR_OK);
	end(&state);
}

/* One go; false when the job was over before its nth command. */
static bool
pull_at(size_t job, unsigned int n, const char *when)
{
	struct job_state state = {0};
	char fault[64];
	bool pulled;
	ULONG sar;

	desk_plug(&seat_desk, 0, &sm2_key);
	if (jobs[job].begun)
		begin(&state);
	(void)snprintf(fault, sizeof(fault), "fault at %u %s", n, when);
	desk_tell(&seat_desk, 0, fault);
	sar = jobs[job].run(&state);
	pulled = desk_status(&seat_desk, 0, "plugged") == 0;
	if (sar != (pulled ? SAR_DEVICE_REMOVED : SAR_OK) && !(sar == SAR_OK && jobs[job].quiet))
		fail_msg("%s, %s command %u: 0x%08x", jobs[job].name, when, n, (unsigned int)sar);
	end(&state);
	if (pulled) {
		desk_tell(&seat_desk, 0, "fault clear");
		crypto_plug_back(&seat_desk, 0);
		key_serves();
	}
	desk_pull(&seat_desk, 0);
	return pulled;
}

static void
a_pull_at_any_command_is_told_and_costs_nothing(void **state)
{
	static const char *const when[] = {"pull-before", "pull-after"};
	bool thorough = getenv("OPENUKEY_TEST_LONG") != NULL;

	(void)state;
	for (size_t job = 0; job < ARRAY_SIZE(jobs); job++) {
		unsigned int n = 1;
		bool pulled = true;

		for (; pulled && n < COMMANDS_MAX; n++)
			for (size_t w = 0; w < ARRAY_SIZE(when) && pulled; w++)
				if (thorough || n % 2 == w)
					pulled = pull_at(job, n, when[w]);
		print_message("%s: %u commands\n", jobs[job].name, n - 2);
		assert_in_range(n, 3, COMMANDS_MAX - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_pull_at_any_command_is_told_and_costs_nothing,
					  seat_clear),
	};

	return cmocka_run_group_tests_name("SKF, unplugged at every command", tests, seat_up,
					   seat_down);
}
