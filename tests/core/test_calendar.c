/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a certificate: reminders and calendar files. */
#include "assistant/core/calendar.h"
#include "assistant/core/reminder.h"
#include "assistant/core/snapshot.h"
#include "tests/core/paper.h"

#include <string.h>

/* ---- reminders ---- */

static void
each_stage_is_due_once(void **state)
{
	static const int told[] = {90, 60, 30, 7, 1};
	guint reminded = 0, count = 0;

	for (int days = 200; days >= -10; days--) {
		guint stages = ouk_reminder_stages(days, reminded);

		if (stages == 0)
			continue;
		assert_true(count < G_N_ELEMENTS(told));
		assert_int_equal(days, told[count++]);
		reminded |= stages;
	}
	assert_int_equal(count, G_N_ELEMENTS(told));
}

static void
after_a_long_time_off_only_the_last_is_due(void **state)
{
	guint stages = ouk_reminder_stages(20, 0);

	assert_int_not_equal(stages, 0);
	assert_int_equal(ouk_reminder_stages(20, stages), 0);
	assert_int_equal(ouk_reminder_stages(8, stages), 0);
	assert_int_not_equal(ouk_reminder_stages(7, stages), 0);
	assert_int_not_equal(ouk_reminder_stages(0, 0), 0);
	assert_int_equal(ouk_reminder_stages(-1, 0), 0);
	assert_int_equal(ouk_reminder_stages(91, 0), 0);
}

static GPtrArray *
tell_due(OukMemory *memory, gint64 now)
{
	GPtrArray *due = ouk_reminders_due(memory, now);

	for (guint i = 0; i < due->len; i++) {
		const OukReminder *reminder = g_ptr_array_index(due, i);

		assert_true(ouk_memory_set_reminded(memory, reminder->id, reminder->stages, NULL));
	}
	return due;
}

static void
reminders_come_without_the_key_and_end_with_the_renewal(void **state)
{
	gint64 now = now_is();
	gint64 ends = now + 100 * DAY;
	g_autoptr(OukPairView) old = pair_make(UNIT, "CA", now - DAY, ends, now);
	g_autoptr(OukPairView) new = pair_make(UNIT, "CA", ends, ends + 365 * DAY, now);
	g_autoptr(OukMemory) memory = open_memory();
	static const struct {
		int days_before;
		guint due;
		int stage;
	} looks[] = {{100, 0, 0}, {90, 1, 90}, {90, 0, 0}, {61, 0, 0}, {30, 1, 30}, {29, 0, 0}};

	remember(memory, old, "m/1");
	for (size_t i = 0; i < G_N_ELEMENTS(looks); i++) {
		g_autoptr(OukMemory) again = open_memory(); /* told once, whoever told it */
		g_autoptr(GPtrArray) due = tell_due(again, ends - looks[i].days_before * DAY);

		assert_int_equal(due->len, looks[i].due);
		if (due->len > 0) {
			const OukReminder *reminder = g_ptr_array_index(due, 0);

			assert_int_equal(reminder->stage_days, looks[i].stage);
			assert_int_equal(reminder->days_left, looks[i].days_before);
			assert_non_null(strstr(reminder->title, UNIT));
		}
	}
	assert_true(ouk_memory_reload(memory, NULL));
	remember(memory, new, "m/1");
	{
		g_autoptr(GPtrArray) due = tell_due(memory, ends - 7 * DAY);
		g_autoptr(GPtrArray) later = tell_due(memory, ends + 330 * DAY);

		assert_int_equal(due->len, 0); /* it is renewed already */
		assert_int_equal(later->len, 1);
	}
}

/* ---- the calendar: RFC 5545, strictly ---- */

/* Unfolds; fails on whatever a strict reader would refuse. */
static GPtrArray *
lines_of(const char *text)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) raw = g_strsplit(text, "\r\n", -1);
	guint count = g_strv_length(raw);

	assert_true(count > 0);
	assert_string_equal(raw[count - 1], ""); /* the last line ends too */
	for (guint i = 0; i + 1 < count; i++) {
		assert_true(strlen(raw[i]) > 0 && strlen(raw[i]) <= 75);
		assert_true(g_utf8_validate(raw[i], -1, NULL));
		assert_null(strpbrk(raw[i], "\r\n"));
		if (raw[i][0] == ' ') {
			char *last;

			assert_true(lines->len > 0);
			last = g_ptr_array_steal_index(lines, lines->len - 1);
			g_ptr_array_add(lines, g_strconcat(last, raw[i] + 1, NULL));
			g_free(last);
		} else {
			g_ptr_array_add(lines, g_strdup(raw[i]));
		}
	}
	return lines;
}

/* The value of the one line of that name inside the event, outside its alarms. */
static const char *
value_of(const GPtrArray *lines, const char *name)
{
	const char *found = NULL;
	gboolean alarm = FALSE;

	for (guint i = 0; i < lines->len; i++) {
		const char *line = g_ptr_array_index(lines, i);

		if (g_str_has_prefix(line, "BEGIN:VALARM") || g_str_has_prefix(line, "END:VALARM"))
			alarm = line[0] == 'B';
		if (alarm || !g_str_has_prefix(line, name) || line[strlen(name)] != ':')
			continue;
		assert_null(found);
		found = line + strlen(name) + 1;
	}
	assert_non_null(found);
	return found;
}

static void
blocks_match(const GPtrArray *lines)
{
	g_autoptr(GPtrArray) open = g_ptr_array_new();

	for (guint i = 0; i < lines->len; i++) {
		const char *line = g_ptr_array_index(lines, i);

		assert_true(g_regex_match_simple("^[A-Z-]+(;[A-Z-]+=[^:;]+)*:", line, 0, 0));
		if (g_str_has_prefix(line, "BEGIN:"))
			g_ptr_array_add(open, (gpointer)(uintptr_t)(line + 6));
		if (g_str_has_prefix(line, "END:")) {
			assert_true(open->len > 0);
			assert_string_equal(g_ptr_array_steal_index(open, open->len - 1), line + 4);
		}
		if (i + 1 < lines->len)
			assert_true(open->len > 0); /* nothing outside of VCALENDAR */
	}
	assert_int_equal(open->len, 0);
}

static void
the_calendar_file_has_the_day_it_ends(void **state)
{
	gint64 ends = 1798732799; /* 2026-12-31T15:59:59Z: the end of a day in Beijing */
	const char *unit = "邢台示例商贸有限公司,第一;分公司（财务部与采购部合用的证书）";
	g_autoptr(OukPairView) pair =
		pair_make(unit, "示例 CA\\甲", ends - 365 * DAY, ends, ends - 50 * DAY);
	g_autofree char *text = ouk_calendar_text(ouk_pair_view_info(pair), ends - 50 * DAY);
	g_autofree char *name = ouk_calendar_file_name(ouk_pair_view_info(pair));
	g_autoptr(GPtrArray) lines = lines_of(text);
	guint alarms = 0;

	blocks_match(lines);
	assert_string_equal(g_ptr_array_index(lines, 0), "BEGIN:VCALENDAR");
	assert_string_equal(value_of(lines, "VERSION"), "2.0");
	assert_non_null(value_of(lines, "PRODID"));
	assert_string_equal(value_of(lines, "DTSTART"), "20261231T155959Z");
	assert_string_equal(value_of(lines, "DTSTAMP"), "20261111T155959Z");
	assert_true(strlen(value_of(lines, "UID")) > 64);
	assert_non_null(strstr(value_of(lines, "SUMMARY"), "公司\\,第一\\;分公司"));
	assert_non_null(strstr(value_of(lines, "DESCRIPTION"), "CA\\\\甲"));
	for (guint i = 0; i < lines->len; i++)
		if (g_str_has_prefix(g_ptr_array_index(lines, i), "TRIGGER"))
			alarms++;
	assert_int_equal(alarms, 3);
	assert_true(g_str_has_suffix(name, ".ics"));
	assert_null(strpbrk(name, "/\\"));
}

static void
an_unreadable_pair_has_no_calendar(void **state)
{
	g_autoptr(GBytes) junk = g_bytes_new_static("junk", 4);
	OukPairSource source = {.name = "Unit", .sign = junk};
	g_autoptr(OukPairView) pair = ouk_pair_view_new(&source, now_is());

	assert_null(ouk_calendar_text(ouk_pair_view_info(pair), now_is()));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, paper_setup, paper_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_stage_is_due_once),
		TEST(after_a_long_time_off_only_the_last_is_due),
		TEST(reminders_come_without_the_key_and_end_with_the_renewal),
		TEST(the_calendar_file_has_the_day_it_ends),
		TEST(an_unreadable_pair_has_no_calendar),
	};

	return cmocka_run_group_tests(tests, paper_group_setup, paper_group_teardown);
}
