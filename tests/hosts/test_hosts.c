/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts of many kinds (probe.c), each a process of its own, on one key. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MS 60000

static struct desk desk;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};

static int
desk_up(void **state)
{
	desk_start(&desk, 1);
	/* The hosts are the only ones to use the key. */
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	return 0;
}

static int
desk_down(void **state)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

	assert_rv(desk.f->C_Initialize(&args), CKR_OK);
	desk_stop(&desk);
	return 0;
}

/* Runs a host of that kind; what it prints on either stream goes to out. */
static int
run(const char *kind, char *out, size_t size)
{
	static const char script[] = "exec \"$0\" \"$1\" 2>&1";
	const char *const argv[] = {"sh", "-c", script, getenv("OPENUKEY_PROBE"), kind, NULL};

	return rig_run(argv, out, size, HOST_MS);
}

static void
runs_in_silence(const char *kind)
{
	char out[4096];
	int status;

	desk_plug(&desk, 0, &sm2_key);
	status = run(kind, out, sizeof(out));
	if (status != 0 || out[0] != '\0')
		fail_msg("%s: status %d, said: %s", kind, status, out);
	desk_pull(&desk, 0);
}

static void
an_ordinary_host_signs(void **state)
{
	runs_in_silence("sign");
}

static void
a_host_that_looks_at_everything_is_served(void **state)
{
	runs_in_silence("tour");
}

static void
nothing_is_printed_whatever_goes_wrong(void **state)
{
	runs_in_silence("clumsy");
}

static void
children_of_a_busy_host_start_anew_and_leave_it_alone(void **state)
{
	runs_in_silence("fork");
}

static void
a_child_that_knows_nothing_harms_nobody(void **state)
{
	runs_in_silence("fork-quiet");
}

static void
the_module_may_be_stopped_while_it_is_in_use(void **state)
{
	runs_in_silence("stop");
}

static void
a_hundred_loads_hold_no_more_than_ten(void **state)
{
	runs_in_silence("reload");
}

static void
a_thousand_starts_hold_no_more_than_a_hundred(void **state)
{
	runs_in_silence("cycles");
}

static void
a_host_may_exit_with_threads_inside(void **state)
{
	for (int i = 0; i < 3; i++)
		runs_in_silence("exit");
}

static void
a_host_may_finalize_in_an_exit_handler(void **state)
{
	for (int i = 0; i < 3; i++)
		runs_in_silence("return");
}

static void
signals_and_folders_belong_to_the_host(void **state)
{
	runs_in_silence("signals");
}

static void
a_host_that_may_make_no_files_signs_without_delay(void **state)
{
	runs_in_silence("no-files");
}

static void
a_host_that_shut_itself_in_goes_on_signing(void **state)
{
	runs_in_silence("late-sandbox");
}

static void
without_a_smart_card_service_there_is_one_empty_slot(void **state)
{
	char old[512], out[4096];

	(void)snprintf(old, sizeof(old), "%s", getenv("PCSCLITE_CSOCK_NAME"));
	(void)setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", 1);
	assert_int_equal(run("alone", out, sizeof(out)), 0);
	(void)setenv("PCSCLITE_CSOCK_NAME", old, 1);
	assert_string_equal(out, "");
}

static void
the_log_comes_only_when_asked_for(void **state)
{
	char out[65536];

	desk_plug(&desk, 0, &sm2_key);
	(void)setenv("OPENUKEY_LOG", "debug:api", 1);
	assert_int_equal(run("sign", out, sizeof(out)), 0);
	(void)unsetenv("OPENUKEY_LOG");
	assert_non_null(strstr(out, "C_Sign"));
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ordinary_host_signs),
		cmocka_unit_test(a_host_that_looks_at_everything_is_served),
		cmocka_unit_test(nothing_is_printed_whatever_goes_wrong),
		cmocka_unit_test(children_of_a_busy_host_start_anew_and_leave_it_alone),
		cmocka_unit_test(a_child_that_knows_nothing_harms_nobody),
		cmocka_unit_test(the_module_may_be_stopped_while_it_is_in_use),
		cmocka_unit_test(a_hundred_loads_hold_no_more_than_ten),
		cmocka_unit_test(a_thousand_starts_hold_no_more_than_a_hundred),
		cmocka_unit_test(a_host_may_exit_with_threads_inside),
		cmocka_unit_test(a_host_may_finalize_in_an_exit_handler),
		cmocka_unit_test(signals_and_folders_belong_to_the_host),
		cmocka_unit_test(a_host_that_may_make_no_files_signs_without_delay),
		cmocka_unit_test(a_host_that_shut_itself_in_goes_on_signing),
		cmocka_unit_test(without_a_smart_card_service_there_is_one_empty_slot),
		cmocka_unit_test(the_log_comes_only_when_asked_for),
	};

	return cmocka_run_group_tests_name("hosts", tests, desk_up, desk_down);
}
