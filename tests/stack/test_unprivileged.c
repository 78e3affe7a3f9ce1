/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rehearsal for somebody who is not root, where the system allows user namespaces. */
#include "tests/stack/card.h"

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY    65534
#define SKIP_TEST 77

static void
keys_work_without_root(void **state)
{
	struct rig *rig = rig_start(2);
	char path[128];

	assert_non_null(rig);
	(void)snprintf(path, sizeof(path), "%s/blank.key", rig_dir(rig));
	assert_true(rig_plug(rig, 1, path, NULL));
	card_assert_virtual(rig, 1);
	assert_true(rig_pull(rig, 1));
	rig_stop(rig);
}

static bool
give_up_root(void)
{
	return geteuid() != 0 ||
	       (setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
}

int
main(int argc, char **argv)
{
	static const char *const try_namespace[] = {"unshare", "--user", "--map-root-user",
						    "--mount", "true",   NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_work_without_root),
	};

	if (!give_up_root() || access(argv[0], X_OK) != 0 ||
	    rig_run(try_namespace, NULL, 0, 5000) != 0) {
		(void)printf("no user namespaces here, or nobody may read the build folder\n");
		return SKIP_TEST;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
