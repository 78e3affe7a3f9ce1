/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the assistant tells a person beforehand is what the service decides then: when a certificate
 * may be renewed and until when it is good, over month ends, leap years, by a second, whatever time
 * zone the computer is in; and each code of the service is a sentence with a cure.
 */
#include "assistant/core/errors.h"
#include "assistant/core/renew_rule.h"
#include "assistant/service-client/answer.h"
#include "service/orders/rules.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY INT64_C(86400)

static OukProfile
profile_of(const struct cs_terms *terms)
{
	OukProfile profile = {0};

	profile.renewal.utc_offset = (int)terms->offset;
	profile.renewal.days_before = (guint)terms->renew_before;
	profile.renewal.days_after = terms->renew_after;
	profile.renewal.lifetime_years = 1;
	return profile;
}

static const struct cs_terms terms_china = {
	.offset = CS_CHINA_OFFSET, .renew_before = 90, .renew_after = 60, .years = {1, 2, 3}};

/* What the service says. */
static OukMayRenew
service_says(const struct cs_terms *terms, gint64 not_after, gint64 now)
{
	const struct cs_key_facts facts = {.not_after = not_after};

	switch (cs_need(terms, CS_KIND_RENEWAL, &facts, now)) {
	case CS_OK:
		return now <= not_after ? OUK_MAY_RENEW : OUK_MAY_RENEW_ENDED;
	case CS_E_TOO_EARLY:
		return OUK_MAY_RENEW_TOO_EARLY;
	default:
		return OUK_MAY_RENEW_TOO_LATE;
	}
}

static void
compare(gint64 not_after, gint64 now)
{
	OukProfile profile = profile_of(&terms_china);

	assert_int_equal(ouk_renew_window(&profile, not_after, now).may,
			 service_says(&terms_china, not_after, now));
	for (int years = 1; years <= 3; years++) {
		int64_t end = 0;

		assert_int_equal(cs_renewed_end(&terms_china, not_after, now, years, &end), CS_OK);
		assert_int_equal(ouk_renewed_end(&profile, not_after, now, (guint)years), end);
	}
}

static void
every_day_of_nine_years_is_as_the_service_has_it(void **state)
{
	/* from the end of 2023-12-31 in China */
	gint64 end = INT64_C(1704038399);

	for (int day = 0; day < 9 * 366; day++, end += DAY) {
		compare(end, end - 5 * DAY);
		compare(end, end + 5 * DAY);
	}
}

static void
a_second_makes_the_difference(void **state)
{
	const gint64 end = INT64_C(1709222399); /* 2024-02-29 23:59:59 in China */
	static const gint64 edges[] = {-90 * DAY, 0, 60 * DAY};

	for (gsize i = 0; i < G_N_ELEMENTS(edges); i++)
		for (gint64 second = -2; second <= 2; second++)
			compare(end, end + edges[i] + second);
}

static void
known_days(void **state)
{
	OukProfile profile = profile_of(&terms_china);
	static const struct {
		gint64 end, now;
		guint years;
		const char *day;
	} rows[] = {
		{1709222399, 1709222399, 1, "2025-02-28"}, /* 29 February becomes 28 */
		{1709222399, 1709222399, 4, "2028-02-29"},
		{1709222399, 1709222400, 1, "2025-03-01"}, /* ended by a second: from today */
		{1706716799, 1706000000, 1, "2025-01-31"}, /* a month's end stays one */
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gint64 end = ouk_renewed_end(&profile, rows[i].end, rows[i].now, rows[i].years);
		g_autofree char *day = ouk_renew_day(&profile, end);

		assert_string_equal(day, rows[i].day);
	}
}

static void
the_computers_time_zone_does_not_matter(void **state)
{
	static const char *const zones[] = {"UTC", "Asia/Shanghai", "America/Los_Angeles",
					    "Pacific/Kiritimati"};
	OukProfile profile = profile_of(&terms_china);

	for (gsize i = 0; i < G_N_ELEMENTS(zones); i++) {
		g_autofree char *day = NULL;

		(void)setenv("TZ", zones[i], 1);
		tzset();
		day = ouk_renew_day(&profile, INT64_C(1709222399));
		assert_string_equal(day, "2024-02-29");
		a_second_makes_the_difference(state);
	}
	(void)unsetenv("TZ");
	tzset();
}

static void
what_is_not_known_is_not_guessed(void **state)
{
	OukProfile profile = {.renewal = {.utc_offset = 28800, .days_after = -1}};
	g_autofree char *sentence = NULL;

	assert_int_equal(ouk_renew_window(&profile, 1709222399, 1709000000).may,
			 OUK_MAY_RENEW_UNKNOWN);
	profile.renewal.days_before = 90;
	assert_int_equal(ouk_renew_window(&profile, 1709222399, 1709000000).may, OUK_MAY_RENEW);
	assert_int_equal(ouk_renew_window(&profile, 1709222399, 1710000000).may,
			 OUK_MAY_RENEW_UNKNOWN);
	sentence = ouk_renew_sentence(&profile, 1709222399, 1709000000);
	assert_non_null(strstr(sentence, "2024-02-29"));
}

/* ---- codes ---- */

#define CS_STATUS(name, http, code, text) {code, http},
static const struct {
	const char *code;
	int http;
} statuses[] = {
#include "service/base/status.def"
};
#undef CS_STATUS

static void
each_code_of_the_service_has_a_sentence_and_a_cure(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
		g_autofree char *name = NULL;
		g_autofree char *upper = g_ascii_strup(statuses[i].code, -1);
		g_autoptr(GError) error = NULL;
		const OukErrorRow *row;

		if (strcmp(statuses[i].code, "ok") == 0)
			continue;
		name = g_strconcat("SERVICE_", g_strdelimit(upper, "-", '_'), NULL);
		assert_false(ouk_fail(&error, answer_code_of(statuses[i].code)));
		row = ouk_error_row(error);
		assert_string_equal(row->name, name);
		assert_true(strlen(row->what) > 0 && strlen(row->cure) > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_of_nine_years_is_as_the_service_has_it),
		cmocka_unit_test(a_second_makes_the_difference),
		cmocka_unit_test(known_days),
		cmocka_unit_test(the_computers_time_zone_does_not_matter),
		cmocka_unit_test(what_is_not_known_is_not_guessed),
		cmocka_unit_test(each_code_of_the_service_has_a_sentence_and_a_cure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
