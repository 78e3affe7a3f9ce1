/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is remembered, reminded of and put into calendars, without any key. */
#include "assistant/core/calendar.h"
#include "assistant/core/reminder.h"
#include "assistant/core/snapshot.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#define DAY  ((gint64)24 * 60 * 60)
#define UNIT "邢台示例商贸有限公司"

static char *dir;

static int
setup(void **state)
{
	dir = g_dir_make_tmp("ouk-memory-XXXXXX", NULL);
	assert_non_null(dir);
	return 0;
}

static int
teardown(void **state)
{
	g_autoptr(GDir) at = g_dir_open(dir, 0, NULL);
	const char *name;

	(void)chmod(dir, 0700);
	while (at != NULL && (name = g_dir_read_name(at)) != NULL) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		(void)g_remove(path);
	}
	(void)g_rmdir(dir);
	g_clear_pointer(&dir, g_free);
	return 0;
}

/* ---- certificates made for a test ---- */

static EVP_PKEY *key;

static int
group_setup(void **state)
{
	key = EVP_EC_gen("P-256");
	return key == NULL;
}

static int
group_teardown(void **state)
{
	EVP_PKEY_free(key);
	return 0;
}

static void
name_set(X509_NAME *name, const char *text)
{
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
						    (const unsigned char *)text, -1, -1, 0),
			 1);
}

static GBytes *
cert_make(const char *unit, const char *issuer, gint64 begins, gint64 ends)
{
	static long serial = 0x1234;
	g_autoptr(X509) x509 = X509_new();
	unsigned char *der = NULL;
	GBytes *bytes;
	int len;

	assert_int_equal(X509_set_version(x509, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++), 1);
	name_set(X509_get_subject_name(x509), unit);
	name_set(X509_get_issuer_name(x509), issuer);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)begins));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)ends));
	assert_int_equal(X509_set_pubkey(x509, key), 1);
	assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
	len = i2d_X509(x509, &der);
	assert_true(len > 0);
	bytes = g_bytes_new(der, (gsize)len);
	OPENSSL_free(der);
	return bytes;
}

static OukPairView *
pair_make(const char *unit, const char *issuer, gint64 begins, gint64 ends, gint64 now)
{
	g_autoptr(GBytes) der = cert_make(unit, issuer, begins, ends);
	OukPairSource source = {.name = "Unit", .sign = der, .sign_id = "00"};

	return ouk_pair_view_new(&source, now);
}

static gint64
now_is(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

/* Puts one row into the file, as a program that saw the key would. */
static void
remember(OukMemory *memory, OukPairView *pair, const char *key_id)
{
	OukPlace place = {.module_name = "test"};
	OukTokenView *view = ouk_token_view_of_pairs(&place, key_id, &pair, 1);
	g_autoptr(GError) error = NULL;

	if (!ouk_memory_remember(memory, view, &error))
		fail_msg("%s", error->message);
	g_object_unref(view);
}

static OukMemory *
open_memory(void)
{
	g_autoptr(GError) error = NULL;
	OukMemory *memory = ouk_memory_open(dir, &error);

	if (memory == NULL)
		fail_msg("%s", error->message);
	return memory;
}

/* ---- memory ---- */

static void
what_was_remembered_is_there_again(void **state)
{
	gint64 now = now_is();
	g_autoptr(OukPairView) pair = pair_make(UNIT, "示例 CA", now - DAY, now + 20 * DAY, now);
	g_autoptr(OukMemory) memory = open_memory();
	g_autoptr(OukMemory) again = NULL;
	g_autoptr(GPtrArray) rows = NULL;
	const OukRemembered *row;
	struct stat status;

	assert_null(ouk_memory_damaged(memory));
	remember(memory, pair, "maker/SN123456");
	remember(memory, pair, "maker/SN123456");
	again = open_memory();
	rows = ouk_memory_list(again);
	assert_int_equal(rows->len, 1);
	row = g_ptr_array_index(rows, 0);
	assert_string_equal(row->id, ouk_pair_view_cert(pair)->sha256);
	assert_string_equal(row->key_id, "maker/SN123456");
	assert_string_equal(row->serial_end, "3456");
	assert_string_equal(ouk_pair_view_info(row->pair)->unit, UNIT);
	assert_int_equal(ouk_pair_view_info(row->pair)->status, OUK_PAIR_ENDS_SOON);
	assert_int_equal(stat(ouk_memory_path(again), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void
it_is_forgotten_when_asked(void **state)
{
	gint64 now = now_is();
	g_autoptr(OukPairView) one = pair_make("甲", "CA", now - DAY, now + 20 * DAY, now);
	g_autoptr(OukPairView) two = pair_make("乙", "CA", now - DAY, now + 30 * DAY, now);
	g_autoptr(OukMemory) memory = open_memory();
	g_autoptr(GPtrArray) rows = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	remember(memory, one, "m/1");
	remember(memory, two, "m/2");
	assert_true(ouk_memory_set_nickname(memory, "m/1", "公积金专用", NULL));
	assert_true(ouk_memory_forget(memory, ouk_pair_view_cert(one)->sha256, NULL));
	assert_false(ouk_memory_forget(memory, ouk_pair_view_cert(one)->sha256, &error));
	assert_int_equal(error->code, OUK_E_NO_CERT);
	rows = ouk_memory_list(memory);
	assert_int_equal(rows->len, 1);
	assert_true(ouk_memory_forget(memory, NULL, NULL));
	assert_true(g_file_get_contents(ouk_memory_path(memory), &text, NULL, NULL));
	assert_null(strstr(text, "公积金专用"));
	assert_null(strstr(text, "m/2"));
}

static void
a_nickname_is_kept_for_the_key(void **state)
{
	g_autoptr(OukMemory) memory = open_memory();
	g_autoptr(OukMemory) other = open_memory();
	g_autofree char *first = NULL, *second = NULL, *third = NULL;

	assert_true(ouk_memory_set_nickname(memory, "m/1", "出纳", NULL));
	first = ouk_memory_nickname(memory, "m/1");
	assert_string_equal(first, "出纳");
	/* another program changes something else: neither loses what the other wrote */
	assert_true(ouk_memory_set_nickname(other, "m/2", "会计", NULL));
	assert_true(ouk_memory_reload(memory, NULL));
	second = ouk_memory_nickname(memory, "m/2");
	assert_string_equal(second, "会计");
	g_free(first);
	first = ouk_memory_nickname(memory, "m/1");
	assert_string_equal(first, "出纳");
	assert_true(ouk_memory_set_nickname(memory, "m/1", "", NULL));
	third = ouk_memory_nickname(memory, "m/1");
	assert_null(third);
}

static void
two_programs_at_once_lose_nothing(void **state)
{
	enum { CHILDREN = 4, EACH = 15 };
	g_autoptr(OukMemory) memory = NULL;

	for (int child = 0; child < CHILDREN; child++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			OukMemory *mine = ouk_memory_open(dir, NULL);

			for (int i = 0; mine != NULL && i < EACH; i++) {
				g_autofree char *id = g_strdup_printf("m/%d-%d", child, i);

				if (!ouk_memory_set_nickname(mine, id, "名", NULL))
					_exit(1);
			}
			_exit(mine == NULL);
		}
	}
	for (int child = 0; child < CHILDREN; child++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	memory = open_memory();
	for (int child = 0; child < CHILDREN; child++) {
		for (int i = 0; i < EACH; i++) {
			g_autofree char *id = g_strdup_printf("m/%d-%d", child, i);
			g_autofree char *name = ouk_memory_nickname(memory, id);

			assert_non_null(name);
		}
	}
}

static void
write_file(const char *text)
{
	g_autofree char *path = g_build_filename(dir, "remembered.json", NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
a_damaged_file_is_put_aside_and_told(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"\xff\xfe{}",
		"{\"version\": 7}",
		"null",
		"{\"version\":1}",
		"{\"version\":1,\"certificates\":[3],\"nicknames\":{}}",
		"{\"version\":1,\"certificates\":[{\"sign\":\"AAAA\"}],\"nicknames\":{}}",
		"{\"version\":1,\"certificates\":[],\"nicknames\":[]}",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(OukMemory) memory = NULL;
		g_autofree char *aside = NULL, *text = NULL, *name = NULL;

		write_file(texts[i]);
		memory = open_memory();
		aside = ouk_memory_damaged(memory);
		assert_non_null(aside);
		assert_true(g_file_get_contents(aside, &text, NULL, NULL));
		assert_string_equal(text, texts[i]);
		assert_true(ouk_memory_set_nickname(memory, "m/1", "出纳", NULL));
		name = ouk_memory_nickname(memory, "m/1");
		assert_string_equal(name, "出纳");
	}
}

static void
what_is_good_in_a_damaged_file_is_kept(void **state)
{
	gint64 now = now_is();
	g_autoptr(OukPairView) pair = pair_make(UNIT, "CA", now - DAY, now + 20 * DAY, now);
	g_autoptr(OukMemory) memory = open_memory();
	g_autoptr(OukMemory) again = NULL;
	g_autoptr(OukMemory) third = NULL;
	g_autoptr(GPtrArray) rows = NULL;
	g_autofree char *text = NULL, *aside = NULL, *none = NULL;
	char *at;

	remember(memory, pair, "m/1");
	assert_true(g_file_get_contents(ouk_memory_path(memory), &text, NULL, NULL));
	at = strstr(text, "\"certificates\" : [");
	assert_non_null(at);
	{
		g_autofree char *worse = g_strdup_printf(
			"%.*s 5, %s", (int)(at + strlen("\"certificates\" : [") - text), text,
			at + strlen("\"certificates\" : ["));
		write_file(worse);
	}
	again = open_memory();
	aside = ouk_memory_damaged(again);
	assert_non_null(aside);
	rows = ouk_memory_list(again);
	assert_int_equal(rows->len, 1);
	third = open_memory(); /* the file is whole again */
	none = ouk_memory_damaged(third);
	assert_null(none);
}

static void
a_folder_that_cannot_be_written_changes_nothing(void **state)
{
	g_autofree char *file = g_build_filename(dir, "file", NULL);
	g_autofree char *below = g_build_filename(file, "sub", NULL);
	g_autoptr(OukMemory) memory = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *name = NULL;

	assert_true(g_file_set_contents(file, "x", -1, NULL));
	memory = ouk_memory_open(below, NULL);
	if (memory == NULL)
		return; /* told at once is as good */
	assert_false(ouk_memory_set_nickname(memory, "m/1", "出纳", &error));
	assert_int_equal(error->code, OUK_E_FILE_WRITE);
	name = ouk_memory_nickname(memory, "m/1");
	assert_null(name);
}

/* ---- old and new ---- */

static OukPairStatus
status_at(const GPtrArray *pairs, const OukPairView *pair)
{
	assert_true(g_ptr_array_find((GPtrArray *)(uintptr_t)pairs, pair, NULL));
	return ouk_pair_view_info(pair)->status;
}

static void
the_older_of_two_is_told_apart(void **state)
{
	gint64 now = now_is();
	OukPairView *old = pair_make(UNIT, "CA", now - 365 * DAY, now + 20 * DAY, now);
	OukPairView *ended = pair_make(UNIT, "CA", now - 900 * DAY, now - 400 * DAY, now);
	OukPairView *new = pair_make(UNIT, "CA", now - DAY, now + 380 * DAY, now);
	OukPairView *other = pair_make("别的单位", "CA", now - DAY, now + 20 * DAY, now);
	g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_object_unref);

	g_ptr_array_add(pairs, old);
	g_ptr_array_add(pairs, ended);
	g_ptr_array_add(pairs, other);
	g_ptr_array_add(pairs, new);
	ouk_pairs_settle(pairs);
	assert_ptr_equal(g_ptr_array_index(pairs, 0), new);
	assert_int_equal(status_at(pairs, new), OUK_PAIR_VALID);
	assert_int_equal(status_at(pairs, other), OUK_PAIR_ENDS_SOON);
	assert_int_equal(status_at(pairs, old), OUK_PAIR_SUPERSEDED);
	assert_int_equal(status_at(pairs, ended), OUK_PAIR_SUPERSEDED);
}

static void
a_new_one_that_has_not_begun_replaces_nothing(void **state)
{
	gint64 now = now_is();
	OukPairView *old = pair_make(UNIT, "CA", now - 365 * DAY, now + 20 * DAY, now);
	OukPairView *new = pair_make(UNIT, "CA", now + 19 * DAY, now + 380 * DAY, now);
	g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_object_unref);

	g_ptr_array_add(pairs, new);
	g_ptr_array_add(pairs, old);
	ouk_pairs_settle(pairs);
	assert_int_equal(status_at(pairs, old), OUK_PAIR_ENDS_SOON);
	assert_int_equal(status_at(pairs, new), OUK_PAIR_NOT_YET);
	assert_ptr_equal(g_ptr_array_index(pairs, 0), old);
}

static void
bytes_that_are_no_certificate_are_unreadable(void **state)
{
	g_autoptr(GBytes) junk = g_bytes_new_static("junk", 4);
	OukPairSource source = {.name = "Unit", .sign = junk};
	g_autoptr(OukPairView) pair = ouk_pair_view_new(&source, now_is());
	g_autofree char *sentence = ouk_pair_sentence(ouk_pair_view_info(pair));

	assert_int_equal(ouk_pair_view_info(pair)->status, OUK_PAIR_UNREADABLE);
	assert_null(ouk_pair_view_cert(pair));
	assert_string_equal(ouk_pair_view_info(pair)->unit, "Unit");
	assert_true(strlen(sentence) > 10);
}

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_remembered_is_there_again),
		TEST(it_is_forgotten_when_asked),
		TEST(a_nickname_is_kept_for_the_key),
		TEST(two_programs_at_once_lose_nothing),
		TEST(a_damaged_file_is_put_aside_and_told),
		TEST(what_is_good_in_a_damaged_file_is_kept),
		TEST(a_folder_that_cannot_be_written_changes_nothing),
		TEST(the_older_of_two_is_told_apart),
		TEST(a_new_one_that_has_not_begun_replaces_nothing),
		TEST(bytes_that_are_no_certificate_are_unreadable),
		TEST(each_stage_is_due_once),
		TEST(after_a_long_time_off_only_the_last_is_due),
		TEST(reminders_come_without_the_key_and_end_with_the_renewal),
		TEST(the_calendar_file_has_the_day_it_ends),
		TEST(an_unreadable_pair_has_no_calendar),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
