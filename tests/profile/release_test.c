/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A release build, its list of trusted keys made as meson does with -Drelease_key: what the
 * rehearsal key signed is refused.  Arguments: a profile signed by the rehearsal key, one by the
 * release key; the signatures lie beside them.
 */
#include "assistant/core/errors.h"
#include "assistant/core/profile_sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *rehearsal, *release;

static GBytes *
slurp(const char *path, const char *suffix)
{
	g_autofree char *name = g_strconcat(path, suffix, NULL);
	char *text = NULL;
	gsize len = 0;

	assert_true(g_file_get_contents(name, &text, &len, NULL));
	return g_bytes_new_take(text, len);
}

static void
a_release_refuses_what_the_rehearsal_key_signed(void **state)
{
	g_autoptr(GBytes) json = slurp(rehearsal, "");
	g_autoptr(GBytes) sig = slurp(rehearsal, ".sig");
	g_autoptr(GError) error = NULL;

	assert_false(profile_signature_check("x", json, sig, &error));
	assert_true(g_error_matches(error, OUK_ERROR, OUK_E_PROFILE_REHEARSAL_KEY));
}

static void
a_release_takes_what_its_own_key_signed(void **state)
{
	g_autoptr(GBytes) json = slurp(release, "");
	g_autoptr(GBytes) sig = slurp(release, ".sig");
	g_autoptr(GError) error = NULL;

	assert_true(profile_signature_check("x", json, sig, &error));
	assert_null(error);
}

static void
a_changed_one_is_called_changed_whoever_signed(void **state)
{
	g_autoptr(GBytes) json = g_bytes_new_static("{}", 2);
	g_autofree char *longer = g_strnfill(100000, ' ');
	g_autoptr(GBytes) spaces = g_bytes_new(longer, 100000);
	g_autoptr(GBytes) sig = slurp(release, ".sig");
	g_autoptr(GError) cut = NULL, changed = NULL;

	assert_false(profile_signature_check("x", json, sig, &cut));
	assert_true(g_error_matches(cut, OUK_ERROR, OUK_E_PROFILE_TRUNCATED));
	assert_false(profile_signature_check("x", spaces, sig, &changed));
	assert_true(g_error_matches(changed, OUK_ERROR, OUK_E_PROFILE_TAMPERED));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_release_refuses_what_the_rehearsal_key_signed),
		cmocka_unit_test(a_release_takes_what_its_own_key_signed),
		cmocka_unit_test(a_changed_one_is_called_changed_whoever_signed),
	};

	if (argc != 3)
		return 2;
	rehearsal = argv[1];
	release = argv[2];
	return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
