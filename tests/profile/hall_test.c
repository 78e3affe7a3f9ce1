/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of halls. Argument: the folder of the profiles. */
#include "assistant/core/hall.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *source;

static void
a_hall_is_found_the_way_people_look_for_it(void **state)
{
	static const struct {
		const char *words;
		gboolean rehearsal;
		const char *found; /* ids, in order */
	} rows[] = {
		{NULL, FALSE, "baise btgjj xingtai"},
		{"", FALSE, "baise btgjj xingtai"},
		{"", TRUE, "baise sample btgjj xingtai"},
		{"邢台", FALSE, "xingtai"},
		{"邢台 公积金", FALSE, "xingtai"},
		{"公积金", FALSE, "baise btgjj xingtai"},
		{"百色", FALSE, "baise"},
		{"兵团", FALSE, "btgjj"},
		{"新疆", FALSE, "btgjj"},
		{"xt", FALSE, "xingtai"},
		{"XT", FALSE, "xingtai"},
		{"xingtai", FALSE, "xingtai"},
		{"xing tai", FALSE, "xingtai"},
		{"xing", FALSE, "xingtai"},
		{"bs", FALSE, "baise"},
		{"bingtuan", FALSE, "btgjj"},
		{"bt", FALSE, "btgjj"},
		{"xjbt", FALSE, "btgjj"},
		{"gjj", FALSE, "baise btgjj xingtai"},
		{"gongjijin xt", FALSE, "xingtai"},
		{"Xingtai housing", FALSE, "xingtai"},
		{"hebca", FALSE, "xingtai"},
		{"xjbtgjj.com", FALSE, "btgjj"},
		{"housing-fund", FALSE, "baise btgjj xingtai"},
		{"示例", FALSE, ""},
		{"示例", TRUE, "sample"},
		{"邢台 百色", FALSE, ""},
		{"税务", FALSE, ""},
		{"上海", FALSE, ""},
		{"%s%n", FALSE, ""},
	};
	const char *const dirs[] = {source, NULL};
	g_autoptr(OukProfiles) profiles = ouk_profiles_load(dirs);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) halls =
			ouk_halls_search(profiles, rows[i].words, rows[i].rehearsal);
		g_autoptr(GString) found = g_string_new(NULL);

		for (guint n = 0; n < halls->len; n++)
			g_string_append_printf(found, "%s%s", n > 0 ? " " : "",
					       ((OukHall *)g_ptr_array_index(halls, n))->id);
		if (strcmp(found->str, rows[i].found) != 0)
			fail_msg("%s: %s", rows[i].words, found->str);
	}
}

static void
an_old_entry_is_listed_but_not_verified(void **state)
{
	static const struct {
		const char *checked;
		gboolean fresh;
	} rows[] = {
		{NULL, FALSE},         {"2026-11-22", TRUE},  {"2025-10-20", TRUE},
		{"2025-10-17", FALSE}, {"2019-01-01", FALSE}, {"2027-01-01", FALSE},
	};
	g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 11, 22, 12, 0, 0);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *checked = g_strdup(rows[i].checked);
		OukHall hall = {.origin = {.checked = checked}};

		assert_int_equal(ouk_hall_is_fresh(&hall, now), rows[i].fresh);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hall_is_found_the_way_people_look_for_it),
		cmocka_unit_test(an_old_entry_is_listed_but_not_verified),
	};

	if (argc != 2)
		return 2;
	source = argv[1];
	setlocale(LC_ALL, "C");
	return cmocka_run_group_tests_name("halls", tests, NULL, NULL);
}
