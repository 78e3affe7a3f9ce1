/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which key is proposed at a hall, and when the hall has to bind it again. */
#include "assistant/core/hall_key.h"
#include "assistant/core/snapshot.h"
#include "tests/core/paper.h"

#include <stdlib.h>
#include <string.h>

#define CA    "河北CA"
#define OTHER "百色某某果业有限公司"

static OukProfiles *profiles;

static const OukHall *
hall(void)
{
	const OukHall *found = ouk_hall_by_name(profiles, "hebca/xingtai");

	assert_non_null(found);
	return found;
}

static OukTokenView *
key_make(const char *unit, const char *issuer, const char *key_id, int days)
{
	const OukPlace place = {.module_name = "test"};
	gint64 now = now_is();
	g_autoptr(OukPairView) pair = pair_make(unit, issuer, now - DAY, now + days * DAY, now);

	return ouk_token_view_of_pairs(&place, key_id, &pair, 1);
}

/* Chooses among up to two keys, as a window would. */
static OukHallBind
choose(OukTokenView *one, OukTokenView *two, OukTokenView **ret)
{
	g_autoptr(OukHallBook) book = ouk_hall_book_open(paper_dir);
	g_autoptr(GPtrArray) uses = ouk_hall_book_uses(book, hall());
	g_autoptr(GPtrArray) tokens = g_ptr_array_new();
	g_auto(OukHallKey) key = {0};

	g_ptr_array_add(tokens, one);
	if (two != NULL)
		g_ptr_array_add(tokens, two);
	ouk_hall_key_choose(profiles, hall(), tokens, uses, &key);
	*ret = key.token;
	return key.bind;
}

static void
note(OukTokenView *key)
{
	g_autoptr(OukHallBook) book = ouk_hall_book_open(paper_dir);

	assert_true(ouk_hall_book_note(book, hall(), key, ouk_token_view_best(key), NULL));
}

static void
the_halls_own_ca_is_proposed_first(void **state)
{
	g_autoptr(OukTokenView) right = key_make(UNIT, CA, "m/1", 100);
	g_autoptr(OukTokenView) wrong = key_make(OTHER, "北京CA", "m/2", 100);
	g_autoptr(OukTokenView) alike = key_make(OTHER, CA, "m/3", 100);
	OukTokenView *chosen;

	assert_int_equal(choose(wrong, right, &chosen), OUK_BIND_FIRST);
	assert_ptr_equal(chosen, right);
	(void)choose(right, alike, &chosen);
	assert_null(chosen); /* the person has to say which */
	(void)choose(wrong, NULL, &chosen);
	assert_null(chosen);
}

static void
what_was_used_is_proposed_again(void **state)
{
	g_autoptr(OukTokenView) used = key_make(UNIT, CA, "m/1", 100);
	g_autoptr(OukTokenView) alike = key_make(OTHER, CA, "m/3", 100);
	OukTokenView *chosen;

	note(used);
	assert_int_equal(choose(alike, used, &chosen), OUK_BIND_KNOWN);
	assert_ptr_equal(chosen, used);
	assert_null(ouk_hall_bind_text(OUK_BIND_KNOWN));
}

static void
changed_and_reissued_keys_have_to_be_bound_again(void **state)
{
	g_autoptr(OukTokenView) used = key_make(UNIT, CA, "m/1", 100);
	g_autoptr(OukTokenView) renewed = key_make(UNIT, CA, "m/1", 400);
	g_autoptr(OukTokenView) changed = key_make(OTHER, CA, "m/1", 400);
	g_autoptr(OukTokenView) reissued = key_make(UNIT, CA, "m/9", 400);
	g_autoptr(OukTokenView) stranger = key_make(OTHER, CA, "m/8", 400);
	OukTokenView *chosen;

	note(used);
	assert_int_equal(choose(renewed, NULL, &chosen), OUK_BIND_RENEWED);
	assert_int_equal(choose(changed, NULL, &chosen), OUK_BIND_CHANGED);
	assert_int_equal(choose(reissued, NULL, &chosen), OUK_BIND_REISSUED);
	assert_int_equal(choose(stranger, reissued, &chosen), OUK_BIND_REISSUED);
	assert_ptr_equal(chosen, reissued);
	assert_false(ouk_hall_bind_is_due(OUK_BIND_RENEWED));
	assert_true(ouk_hall_bind_is_due(OUK_BIND_CHANGED));
	assert_true(ouk_hall_bind_is_due(OUK_BIND_REISSUED));
	note(reissued); /* the hall has bound it */
	assert_int_equal(choose(reissued, NULL, &chosen), OUK_BIND_KNOWN);
	assert_int_equal(choose(used, NULL, &chosen), OUK_BIND_REISSUED);
}

static void
the_risk_is_told_once_for_each_address(void **state)
{
	g_autoptr(OukHallBook) book = ouk_hall_book_open(paper_dir);
	const char *url = g_ptr_array_index(hall()->urls, 0);

	assert_false(ouk_hall_book_risk_taken(book, hall(), url));
	assert_true(ouk_hall_book_take_risk(book, hall(), url, NULL));
	assert_true(ouk_hall_book_risk_taken(book, hall(), url));
	assert_false(ouk_hall_book_risk_taken(book, hall(), "elsewhere"));
	assert_true(ouk_hall_book_forget(book, NULL));
	assert_false(ouk_hall_book_risk_taken(book, hall(), url));
}

static void
a_damaged_book_is_an_empty_one(void **state)
{
	static const char *const texts[] = {"", "\xff\xfe", "[use-1]\nhall=hebca/xingtai\nused=x\n",
					    "[use-", "key=1\n"};
	g_autofree char *path = g_build_filename(paper_dir, "halls.conf", NULL);
	g_autoptr(OukTokenView) key = key_make(UNIT, CA, "m/1", 100);
	OukTokenView *chosen;

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		assert_true(g_file_set_contents(path, texts[i], -1, NULL));
		assert_int_equal(choose(key, NULL, &chosen), OUK_BIND_FIRST);
		note(key);
		assert_int_equal(choose(key, NULL, &chosen), OUK_BIND_KNOWN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_halls_own_ca_is_proposed_first, paper_setup,
						paper_teardown),
		cmocka_unit_test_setup_teardown(what_was_used_is_proposed_again, paper_setup,
						paper_teardown),
		cmocka_unit_test_setup_teardown(changed_and_reissued_keys_have_to_be_bound_again,
						paper_setup, paper_teardown),
		cmocka_unit_test_setup_teardown(the_risk_is_told_once_for_each_address, paper_setup,
						paper_teardown),
		cmocka_unit_test_setup_teardown(a_damaged_book_is_an_empty_one, paper_setup,
						paper_teardown),
	};
	int failed;

	profiles = ouk_profiles_load_default();
	failed = cmocka_run_group_tests_name("keys for halls", tests, paper_group_setup,
					     paper_group_teardown);
	ouk_profiles_unref(profiles);
	return failed;
}
