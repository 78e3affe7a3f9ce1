/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A login outlives nobody on keys whose reader cannot switch them off: the reader driver ends it
 * itself, as the key's row of udev/keys.tsv says (reset=). On one model it cannot.
 */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/process.h"
#include "tests/rig/rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* pcscd powers an unused card down after five seconds. */
#define GRACE_MS 30000
#define SEEN_MS  30000

#define SW_GOOD          0x9000U
#define SW_NOT_LOGGED_IN 0x6982U

struct row {
	const char *kind; /* rig_start_port */
	bool stays;       /* reset=none: only pulling the key ends a login */
};

static const struct row hid_clear = {"usb-hid", false}, storage_clear = {"usb-storage", false},
			hid_usb = {"usb-hid-reset", false}, hid_none = {"usb-hid-keep", true};

static const struct desk_key key = {.alg = "sm2", .model = "V0"};
static struct desk desk;

static bool
logged_in(void)
{
	return desk_status(&desk, 0, "logged_in") == 1;
}

/* ---- somebody who speaks to the key past the module ---- */

struct answer {
	BYTE bytes[300];
	DWORD len;
};

static unsigned int
send(SCARDHANDLE card, const BYTE *command, DWORD len, struct answer *ret)
{
	ret->len = sizeof(ret->bytes);
	assert_int_equal(
		SCardTransmit(card, SCARD_PCI_T1, command, len, NULL, ret->bytes, &ret->len),
		SCARD_S_SUCCESS);
	assert_true(ret->len >= 2);
	return (unsigned int)ret->bytes[ret->len - 2] << 8 | ret->bytes[ret->len - 1];
}

static SCARDHANDLE
stranger_connect(void)
{
	SCARDHANDLE card = 0;
	DWORD protocol;

	assert_true(rig_await(desk.rig, 0, true, SEEN_MS));
	assert_int_equal(SCardConnect(rig_context(desk.rig), rig_reader(desk.rig, 0),
				      SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &protocol),
			 SCARD_S_SUCCESS);
	return card;
}

/* Opens the application and its container and has 32 bytes signed: the key's status word. */
static unsigned int
stranger_signs(void)
{
	static const char application[] = "OpenUKey-Rehearsal";
	BYTE open_application[5 + 18 + 1] = {0x80, 0x26, 0, 0, 18};
	BYTE open_container[5 + 2 + 7 + 1] = {0x80, 0x42, 0, 0, 9};
	BYTE sign[5 + 4 + 32 + 1] = {0x80, 0x74, 2, 0, 36};
	SCARDHANDLE card = stranger_connect();
	struct answer answer;
	unsigned int status;

	memcpy(open_application + 5, application, strlen(application));
	assert_int_equal(send(card, open_application, sizeof(open_application), &answer), SW_GOOD);
	assert_true(answer.len > 4);
	memcpy(open_container + 5, answer.bytes + answer.len - 4, 2);
	memcpy(sign + 5, answer.bytes + answer.len - 4, 2);
	memcpy(open_container + 7, DESK_CONTAINER, strlen(DESK_CONTAINER));
	assert_int_equal(send(card, open_container, sizeof(open_container), &answer), SW_GOOD);
	memcpy(sign + 7, answer.bytes, 2);
	status = send(card, sign, sizeof(sign), &answer);
	(void)SCardDisconnect(card, SCARD_LEAVE_CARD);
	return status;
}

static void
assert_login(const struct row *row)
{
	assert_int_equal(logged_in(), row->stays);
	assert_int_equal(stranger_signs(), row->stays ? SW_GOOD : SW_NOT_LOGGED_IN);
}

/* ---- a program that is killed ---- */

/* Logs in, and waits for its end. */
static pid_t
start_host(void)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
		CK_SESSION_HANDLE session;

		if (desk.f->C_Initialize(&args) != CKR_OK)
			_exit(1);
		session = desk_session(&desk, 0);
		if (desk_login(&desk, session, CKU_USER, DESK_PIN) == CKR_OK)
			_exit(write(ready[1], "y", 1) == 1 ? pause() : 1);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void
kill_host(pid_t host)
{
	assert_int_equal(kill(host, SIGKILL), 0);
	assert_int_equal(waitpid(host, NULL, 0), host);
}

static void
a_killed_program_leaves_no_login_behind(void **state)
{
	const struct row *row = *state;
	long deadline = process_clock_ms() + GRACE_MS;
	pid_t host;

	desk_start_port(&desk, row->kind);
	desk_plug(&desk, 0, &key);
	/* Nobody else may hold the card: this process lets go of it. */
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	host = start_host();
	assert_true(logged_in());
	kill_host(host);
	while (logged_in() && process_clock_ms() < deadline)
		process_sleep_ms(100);
	assert_login(row);
	desk_stop(&desk);
}

/* ---- what else ends it ---- */

static void
after_a_reset(const struct row *row)
{
	pid_t host = start_host();
	SCARDHANDLE card = stranger_connect();
	DWORD protocol;

	assert_true(logged_in());
	assert_int_equal(SCardReconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1,
					SCARD_RESET_CARD, &protocol),
			 SCARD_S_SUCCESS);
	(void)SCardDisconnect(card, SCARD_LEAVE_CARD);
	assert_login(row);
	kill_host(host);
}

/* The service goes without a word to the key, and another one comes. */
static void
after_a_killed_service(const struct row *row)
{
	pid_t host = start_host();

	assert_true(logged_in());
	assert_true(rig_ports_end(desk.rig, true));
	kill_host(host);
	assert_true(rig_ports_begin(desk.rig));
	assert_login(row);
}

/* One that nobody has used for a while ends by itself; the program here is one that hangs. */
static void
after_a_service_that_ended(const struct row *row)
{
	pid_t host = start_host();

	assert_true(logged_in());
	kill_host(host);
	assert_true(rig_ports_end(desk.rig, false));
	assert_int_equal(logged_in(), row->stays);
	assert_true(rig_ports_begin(desk.rig));
	assert_login(row);
}

/* The key has lost its power in that: no login is left, whatever the model. */
static void
after_the_computer_slept(const struct row *row)
{
	static const unsigned char digest[32] = {1};
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	struct desk_signature signature;
	CK_SESSION_HANDLE session;
	long deadline;

	assert_rv(desk.f->C_Initialize(&args), CKR_OK);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk_sign(&desk, session, CKM_VENDOR_SM2_SIGN_NO_DER, digest, sizeof(digest),
			    &signature),
		  CKR_OK);
	assert_true(rig_tell_port(desk.rig, 0, "sleep powerless", NULL, 0));
	assert_true(desk_sign(&desk, session, CKM_VENDOR_SM2_SIGN_NO_DER, digest, sizeof(digest),
			      &signature) != CKR_OK);
	assert_false(logged_in());
	/* the next one is as if the key had just come */
	deadline = process_clock_ms() + SEEN_MS;
	do {
		CK_C_INITIALIZE_ARGS again = {.flags = CKF_OS_LOCKING_OK};

		assert_true(process_clock_ms() < deadline);
		assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
		assert_true(rig_await(desk.rig, 0, true, SEEN_MS));
		assert_rv(desk.f->C_Initialize(&again), CKR_OK);
	} while (desk.f->C_OpenSession(desk_slot(&desk, 0), CKF_SERIAL_SESSION, NULL, NULL,
				       &session) != CKR_OK ||
		 desk_login(&desk, session, CKU_USER, DESK_PIN) != CKR_OK);
	assert_rv(desk_sign(&desk, session, CKM_VENDOR_SM2_SIGN_NO_DER, digest, sizeof(digest),
			    &signature),
		  CKR_OK);
}

/* The right PIN, answers of any kind: what the key counts is not touched, and the next login works.
 */
static void
after_answers_that_are_noise(void)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	const char *seeds = getenv("OPENUKEY_TEST_LONG") != NULL ? "300" : "4";

	for (long seed = 1; seed <= strtol(seeds, NULL, 10); seed++) {
		struct openukey_pin_info info = {0};
		CK_SESSION_HANDLE session;
		long deadline = process_clock_ms() + SEEN_MS;
		char line[48];

		assert_rv(desk.f->C_Initialize(&args), CKR_OK);
		session = desk_session(&desk, 0);
		(void)snprintf(line, sizeof(line), "fault %ld noise %ld", 1 + seed % 5, seed);
		assert_true(rig_tell_port(desk.rig, 0, line, NULL, 0));
		(void)desk_login(&desk, session, CKU_USER, DESK_PIN);
		assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
		assert_true(rig_tell_port(desk.rig, 0, "fault 0 none", NULL, 0));
		do {
			assert_true(process_clock_ms() < deadline);
			assert_true(rig_await(desk.rig, 0, true, SEEN_MS));
			assert_rv(desk.f->C_Initialize(&args), CKR_OK);
			(void)desk.uk->get_pin_info(desk_slot(&desk, 0), CKU_USER, &info);
			assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
		} while (info.max == 0);
		if (info.left != info.max)
			fail_msg("seed %ld: %lu of %lu tries left", seed, info.left, info.max);
	}
}

static void
a_login_ends_with_what_it_was_made_for(void **state)
{
	const struct row *row = *state;

	desk_start_port(&desk, row->kind);
	desk_plug(&desk, 0, &key);
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	after_answers_that_are_noise();
	after_a_reset(row);
	after_a_killed_service(row);
	after_a_service_that_ended(row);
	after_the_computer_slept(row);
	desk_stop(&desk);
}

/* cmocka does not write to what it passes on. */
#define TEST(text, function, row)                                       \
	{                                                               \
		text, function, NULL, NULL, (void *)(uintptr_t) & (row) \
	}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST("HID: killed program", a_killed_program_leaves_no_login_behind, hid_clear),
		TEST("storage: killed program", a_killed_program_leaves_no_login_behind,
		     storage_clear),
		TEST("reset=usb: killed program", a_killed_program_leaves_no_login_behind, hid_usb),
		TEST("HID: ends", a_login_ends_with_what_it_was_made_for, hid_clear),
		TEST("storage: ends", a_login_ends_with_what_it_was_made_for, storage_clear),
		TEST("reset=usb: ends", a_login_ends_with_what_it_was_made_for, hid_usb),
		TEST("reset=none: stays", a_login_ends_with_what_it_was_made_for, hid_none),
	};

	/* An answer that is lost is waited for. */
	setenv("OPENUKEY_IFD_TIMEOUT_MS", "1500", 1);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
