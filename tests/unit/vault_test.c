/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The administrator's key: not in a child, not in a dump, not on disk, and gone when cleared. */
#include "common/gm.h"
#include "drivers/gm/vault.h"
#include "tests/unit/unit.h"

#include <sys/wait.h>
#include <unistd.h>

/* AddressSanitizer swallows mlock, so that a program does not lock all its shadow. */
#if defined(__SANITIZE_ADDRESS__)
#define MLOCK_DOES_NOTHING true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MLOCK_DOES_NOTHING true
#endif
#endif
#ifndef MLOCK_DOES_NOTHING
#define MLOCK_DOES_NOTHING false
#endif

static const uint8_t key[GM_BLOCK_LEN] = "0123456789abcde";

static void
a_key_is_kept_until_cleared(void **state)
{
	struct vault vault = {0};
	const uint8_t *at;

	(void)state;
	assert_null(vault_peek(&vault));
	assert_ok(vault_set(&vault, key));
	at = vault_peek(&vault);
	assert_memory_equal(at, key, sizeof(key));
	vault_clear(&vault);
	assert_null(vault_peek(&vault));
	for (size_t i = 0; i < sizeof(key); i++)
		assert_int_equal(at[i], 0);
	assert_ok(vault_set(&vault, key));
	vault_free(&vault);
	vault_free(&vault);
	vault_clear(&vault);
	assert_null(vault_peek(&vault));
}

static void
a_forked_child_has_no_key(void **state)
{
	struct vault vault = {0};
	int status = 0;
	pid_t child;

	(void)state;
	assert_ok(vault_set(&vault, key));
	child = fork();
	if (child == 0)
		_exit(vault_peek(&vault) == NULL ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_non_null(vault_peek(&vault));
	vault_free(&vault);
}

/* The page's line of flags in smaps: lo = locked, dd = not dumped, wf = wiped on fork. */
static void
the_page_is_locked_and_left_out_of_dumps(void **state)
{
	struct vault vault = {0};
	char line[512];
	bool inside = false, found = false;
	FILE *maps = fopen("/proc/self/smaps", "r");

	(void)state;
	assert_non_null(maps);
	assert_ok(vault_set(&vault, key));
	while (fgets(line, sizeof(line), maps) != NULL) {
		char *dash, *space;
		unsigned long from = strtoul(line, &dash, 16);

		if (*dash == '-') {
			unsigned long to = strtoul(dash + 1, &space, 16);

			inside = (uintptr_t)vault.page >= from && (uintptr_t)vault.page < to;
		}
		if (inside && strncmp(line, "VmFlags:", 8) == 0) {
			assert_true(strstr(line, " lo") != NULL || MLOCK_DOES_NOTHING);
			assert_non_null(strstr(line, " dd"));
			assert_non_null(strstr(line, " wf"));
			found = true;
		}
	}
	(void)fclose(maps);
	vault_free(&vault);
	assert_true(found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_kept_until_cleared),
		cmocka_unit_test(a_forked_child_has_no_key),
		cmocka_unit_test(the_page_is_locked_and_left_out_of_dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
