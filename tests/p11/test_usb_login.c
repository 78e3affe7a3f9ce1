/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A login outlives nobody on keys whose reader cannot switch them off: the reader driver ends it
 * itself when pcscd powers the card down.
 */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/process.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* pcscd powers an unused card down after five seconds. */
#define GRACE_MS 30000

static const struct desk_key key = {.alg = "rsa", .model = "V0"};
static struct desk desk;

static bool
logged_in(void)
{
	return desk_status(&desk, 0, "logged_in") == 1;
}

/* A program that logs in, and waits to be killed. */
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
a_killed_program_leaves_no_login_behind(void **state)
{
	long deadline = process_clock_ms() + GRACE_MS;
	pid_t host;

	desk_start_port(&desk, *state);
	desk_plug(&desk, 0, &key);
	/* Nobody else may hold the card: this process lets go of it. */
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	host = start_host();
	assert_true(logged_in());
	assert_int_equal(kill(host, SIGKILL), 0);
	assert_int_equal(waitpid(host, NULL, 0), host);
	while (logged_in() && process_clock_ms() < deadline)
		process_sleep_ms(100);
	assert_false(logged_in());
	desk_stop(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		{"HID: a killed program leaves no login behind",
		 a_killed_program_leaves_no_login_behind, NULL, NULL,
		 (void *)(uintptr_t) "usb-hid"},
		{"storage: a killed program leaves no login behind",
		 a_killed_program_leaves_no_login_behind, NULL, NULL,
		 (void *)(uintptr_t) "usb-storage"},
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
