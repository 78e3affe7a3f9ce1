/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is remembered, and how old and new certificates are told apart. */
#include "assistant/core/snapshot.h"
#include "tests/core/paper.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
			OukMemory *mine = ouk_memory_open(paper_dir, NULL);

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
	g_autofree char *path = g_build_filename(paper_dir, "remembered.json", NULL);

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
	g_autofree char *file = g_build_filename(paper_dir, "file", NULL);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, paper_setup, paper_teardown)

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
	};

	return cmocka_run_group_tests(tests, paper_group_setup, paper_group_teardown);
}
