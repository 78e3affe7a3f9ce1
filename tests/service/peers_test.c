/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may ask a process, as its --peers says. */
#include "service/base/daemon.h"

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define ROOM 4

static void
users_are_named_by_number_or_name(void **state)
{
	const struct passwd *nobody = getpwnam("nobody");
	uid_t users[ROOM];

	assert_non_null(nobody);
	assert_int_equal(cs_daemon_users("4711,nobody", users, ROOM), 3);
	assert_int_equal(users[0], geteuid());
	assert_int_equal(users[1], 4711);
	assert_int_equal(users[2], nobody->pw_uid);
}

static void
a_name_that_is_nobodys_lets_nobody_in(void **state)
{
	uid_t users[ROOM];

	assert_int_equal(cs_daemon_users("", users, ROOM), 1);
	assert_int_equal(cs_daemon_users("no-such-user,12x,,7", users, ROOM), 2);
	assert_int_equal(users[1], 7);
}

static void
more_than_there_is_room_for_are_left_out(void **state)
{
	uid_t users[ROOM];

	assert_int_equal(cs_daemon_users("1,2,3,4,5,6", users, ROOM), ROOM);
	assert_int_equal(users[ROOM - 1], 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_are_named_by_number_or_name),
		cmocka_unit_test(a_name_that_is_nobodys_lets_nobody_in),
		cmocka_unit_test(more_than_there_is_room_for_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
