/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs: PINs changed and tested, wrong ones and their cost, locked keys, stopped and pulled. */
#include "assistant/core/jobs.h"
#include "tests/core/room.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct room room;

static int
setup(void **state)
{
	room_open(&room, 1, NULL, NULL);
	room_plug(&room, 0, "sm2");
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	return 0;
}

static int
teardown(void **state)
{
	if (room.rig != NULL)
		room_close(&room);
	return 0;
}

struct end {
	gboolean over, done;
	int error; /* OukErrorCode, -1: none */
	OukTries after;
	const char *button;
	guint stages; /* bits */
};

static void
on_end(GObject *source, GAsyncResult *result, gpointer data)
{
	struct end *end = data;
	g_autoptr(GError) error = NULL;

	end->done = ouk_job_finish(result, &end->after, &error);
	end->error = error != NULL ? error->code : -1;
	end->button = error != NULL ? ouk_error_row(error)->button : NULL;
	if (error != NULL)
		assert_int_equal(error->domain, OUK_ERROR);
	end->over = TRUE;
}

static void
on_stage(OukJobStage stage, gpointer data)
{
	((struct end *)data)->stages |= 1u << stage;
}

static gboolean
is_over(struct room *at, gpointer data)
{
	return ((struct end *)data)->over;
}

static void
secret_set(struct uk_secret *secret, const char *text)
{
	assert_int_equal(uk_secret_set(secret, uk_span_of(text, strlen(text))), UK_OK);
}

typedef void (*Start)(const OukPinJob *, GCancellable *, GAsyncReadyCallback, gpointer);

static struct end
run_shown(Start start, const char *pin, const char *new_pin, int shown_left)
{
	g_autofree char *id = g_strdup(room_key(&room, 0)->id);
	UK_SECRET old_secret = {0};
	UK_SECRET new_secret = {0};
	struct end end = {0};
	OukPinJob job = {
		.watch = room.watch,
		.token_id = id,
		.pin = &old_secret,
		.new_pin = &new_secret,
		.shown_left = shown_left,
		.progress = on_stage,
		.progress_data = &end,
	};

	secret_set(&old_secret, pin);
	secret_set(&new_secret, new_pin);
	start(&job, NULL, on_end, &end);
	uk_secret_wipe(&old_secret); /* it has its own copy */
	uk_secret_wipe(&new_secret);
	assert_true(room_until(&room, is_over, &end, ROOM_LATE_MS));
	return end;
}

static struct end
test_pin(const char *pin)
{
	return run_shown(ouk_job_test_pin_async, pin, "", OUK_SHOWN_NONE);
}

static struct end
change_pin(const char *pin, const char *new_pin)
{
	return run_shown(ouk_job_change_pin_async, pin, new_pin, OUK_SHOWN_NONE);
}

/* What the key itself says, not we. */
static int
left_on_key(void)
{
	char answer[16384];
	const char *at;

	assert_true(rig_ask(room.rig, 0, "status", answer, sizeof(answer)));
	at = strstr(answer, "\"user\":");
	assert_non_null(at);
	at = strstr(at, "\"left\":");
	assert_non_null(at);
	return atoi(at + strlen("\"left\":"));
}

static void
the_right_pin_is_right_and_costs_nothing(void **state)
{
	struct end end = test_pin(ROOM_PIN);

	assert_true(end.done);
	assert_int_equal(end.error, -1);
	assert_int_equal(end.after.left, 10);
	assert_int_equal(end.stages, 1u << OUK_JOB_WAITING | 1u << OUK_JOB_OPENING |
					     1u << OUK_JOB_SENT | 1u << OUK_JOB_DONE);
	assert_int_equal(left_on_key(), 10);
}

static void
a_wrong_pin_shows_what_is_left(void **state)
{
	struct end end = test_pin("999999");

	assert_false(end.done);
	assert_int_equal(end.error, OUK_E_PIN_WRONG);
	assert_int_equal(end.after.left, 9);
	assert_int_equal(end.after.max, 10);
	/* the snapshot was refreshed before we were told */
	assert_int_equal(room_key(&room, 0)->tries.left, 9);
	assert_int_equal(room_key(&room, 0)->pairs->len, 1);
	end = change_pin("999999", "new-pin-1");
	assert_int_equal(end.error, OUK_E_PIN_WRONG);
	assert_int_equal(end.after.left, 8);
	end = test_pin(ROOM_PIN);
	assert_true(end.done);
	assert_int_equal(end.after.left, 10);
	assert_int_equal(room_key(&room, 0)->tries.left, 10);
}

static void
the_pin_changes(void **state)
{
	struct end end = change_pin(ROOM_PIN, "new-pin-1");

	assert_true(end.done);
	assert_int_equal(end.after.left, 10);
	assert_int_equal(test_pin(ROOM_PIN).error, OUK_E_PIN_WRONG);
	assert_true(test_pin("new-pin-1").done);
}

static void
what_cannot_be_right_costs_no_try(void **state)
{
	assert_int_equal(test_pin("12").error, OUK_E_PIN_LEN);
	assert_int_equal(test_pin("").error, OUK_E_PIN_LEN);
	assert_int_equal(test_pin("12345678901234567890123456789012345678901234567890").error,
			 OUK_E_PIN_LEN);
	assert_int_equal(change_pin(ROOM_PIN, "12").error, OUK_E_PIN_LEN);
	assert_int_equal(change_pin(ROOM_PIN, ROOM_PIN).error, OUK_E_PIN_SAME);
	/* a new PIN that is no good is noticed before the old one is tried */
	assert_int_equal(change_pin("999999", "12").error, OUK_E_PIN_LEN);
	assert_int_equal(left_on_key(), 10);
	assert_true(test_pin(ROOM_PIN).done);
}

static void
a_locked_key_says_so(void **state)
{
	struct end end;

	for (int left = 9; left > 0; left--) {
		end = test_pin("999999");
		assert_int_equal(end.error, OUK_E_PIN_WRONG);
		assert_int_equal(end.after.left, left);
		assert_int_equal(end.after.final_try, left == 1);
	}
	end = test_pin("999999");
	assert_int_equal(end.error, OUK_E_PIN_LOCKED);
	assert_true(end.after.locked);
	assert_string_equal(end.button, "win.unlock-help");
	assert_true((room_key(&room, 0)->flags & OUK_TOKEN_PIN_LOCKED) != 0);
	end = test_pin(ROOM_PIN);
	assert_int_equal(end.error, OUK_E_PIN_LOCKED);
	end = change_pin(ROOM_PIN, "new-pin-1");
	assert_int_equal(end.error, OUK_E_PIN_LOCKED);
}

static void
a_try_is_armed_only_with_the_number_that_was_seen(void **state)
{
	struct end end;

	end = run_shown(ouk_job_test_pin_async, "999999", "", 7);
	assert_int_equal(end.error, OUK_E_COUNTER_MOVED);
	assert_string_equal(end.button, "app.refresh");
	assert_int_equal(left_on_key(), 10);
	end = run_shown(ouk_job_test_pin_async, "999999", "", 10);
	assert_int_equal(end.error, OUK_E_PIN_WRONG);
	assert_int_equal(left_on_key(), 9);
}

static void
the_first_pin_is_known_without_a_try(void **state)
{
	const char *const options[] = {"--default-pin", "yes", NULL};

	room_pull(&room, 0);
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(0), ROOM_SOON_MS));
	room_make(&room, 0, options);
	room_plug_again(&room, 0);
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	assert_true((room_key(&room, 0)->flags & OUK_TOKEN_FIRST_PIN) != 0);
	assert_int_equal(left_on_key(), 10);
	assert_true(change_pin(ROOM_PIN, "new-pin-1").done);
	assert_false((room_key(&room, 0)->flags & OUK_TOKEN_FIRST_PIN) != 0);
}

static void
stopped_before_it_is_sent_nothing_is_sent(void **state)
{
	g_autofree char *id = g_strdup(room_key(&room, 0)->id);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	UK_SECRET pin = {0};
	struct end end = {0};
	OukPinJob job = {.watch = room.watch,
			 .token_id = id,
			 .pin = &pin,
			 .shown_left = OUK_SHOWN_NONE,
			 .progress = on_stage,
			 .progress_data = &end};

	secret_set(&pin, "999999");
	g_cancellable_cancel(cancellable);
	ouk_job_test_pin_async(&job, cancellable, on_end, &end);
	assert_true(room_until(&room, is_over, &end, ROOM_LATE_MS));
	assert_int_equal(end.error, OUK_E_CANCELLED);
	assert_false((end.stages & 1u << OUK_JOB_SENT) != 0);
	assert_int_equal(left_on_key(), 10);
}

static void
a_pulled_key_ends_the_job(void **state)
{
	g_autofree char *id = g_strdup(room_key(&room, 0)->id);
	UK_SECRET pin = {0};
	struct end end = {0};
	OukPinJob job = {
		.watch = room.watch, .token_id = id, .pin = &pin, .shown_left = OUK_SHOWN_NONE};

	secret_set(&pin, ROOM_PIN);
	rig_kill(room.rig, 0); /* the list does not know yet */
	ouk_job_test_pin_async(&job, NULL, on_end, &end);
	assert_true(room_until(&room, is_over, &end, ROOM_LATE_MS));
	assert_int_equal(end.error, OUK_E_REMOVED);
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(0), ROOM_SOON_MS));
	memset(&end, 0, sizeof(end));
	ouk_job_test_pin_async(&job, NULL, on_end, &end);
	assert_true(room_until(&room, is_over, &end, ROOM_LATE_MS));
	assert_int_equal(end.error, OUK_E_REMOVED);
}

static void
many_jobs_on_one_key_take_turns(void **state)
{
	g_autofree char *id = g_strdup(room_key(&room, 0)->id);
	UK_SECRET pin = {0};
	struct end ends[8] = {0};
	OukPinJob job = {
		.watch = room.watch, .token_id = id, .pin = &pin, .shown_left = OUK_SHOWN_NONE};

	secret_set(&pin, ROOM_PIN);
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
		ouk_job_test_pin_async(&job, NULL, on_end, &ends[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		assert_true(room_until(&room, is_over, &ends[i], ROOM_LATE_MS));
		assert_true(ends[i].done);
	}
}

/* The window is closed while the key thinks. */
static void
the_watch_ends_while_jobs_run(void **state)
{
	g_autofree char *id = g_strdup(room_key(&room, 0)->id);
	UK_SECRET pin = {0};
	struct end ends[3] = {0};
	OukPinJob job = {
		.watch = room.watch, .token_id = id, .pin = &pin, .shown_left = OUK_SHOWN_NONE};

	secret_set(&pin, ROOM_PIN);
	assert_true(rig_tell(room.rig, 0, "fault slow 100"));
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
		ouk_job_test_pin_async(&job, NULL, on_end, &ends[i]);
	room_spend(&room, 50);
	ouk_watch_close(room.watch);
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		assert_true(room_until(&room, is_over, &ends[i], ROOM_LATE_MS));
		assert_true(ends[i].done || ends[i].error == OUK_E_CANCELLED);
	}
}

static void
the_label_is_set(void **state)
{
	g_autofree char *id = g_strdup(room_key(&room, 0)->id);
	struct end end = {0};

	ouk_job_set_label_async(room.watch, id, "财务专用", NULL, on_end, &end);
	assert_true(room_until(&room, is_over, &end, ROOM_LATE_MS));
	assert_true(end.done);
	assert_true(g_str_has_suffix(room_key(&room, 0)->label, "财务专用"));
	/* more than the key has room for */
	memset(&end, 0, sizeof(end));
	ouk_job_set_label_async(room.watch, id, "财务专用财务专用财务专用", NULL, on_end, &end);
	assert_true(room_until(&room, is_over, &end, ROOM_LATE_MS));
	assert_false(end.done);
	assert_true(g_str_has_suffix(room_key(&room, 0)->label, "财务专用"));
}

/* ---- secrets ---- */

#define MASK    0xa5
#define PIN_LEN 10

/* Masked, so that the program itself holds none of it. */
static guint8
masked_at(size_t i)
{
	return (guint8)(0x12 + i * 7) ^ MASK;
}

static void
secret_set_masked(struct uk_secret *secret)
{
	secret->len = PIN_LEN;
	for (size_t i = 0; i < PIN_LEN; i++)
		secret->bytes[i] = (masked_at(i) & 0x3f) | 0x40;
}

static gboolean
region_has(const guint8 *at, size_t len)
{
	for (size_t start = 0; start + PIN_LEN <= len; start++) {
		size_t i = 0;

		while (i < PIN_LEN && at[start + i] == ((masked_at(i) & 0x3f) | 0x40))
			i++;
		if (i == PIN_LEN)
			return TRUE;
	}
	return FALSE;
}

/* Looks through all memory this process can write to. */
static guint
memory_holds_it(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	guint found = 0;
	char line[512];

	assert_non_null(maps);
	assert_true(mem >= 0);
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long start, end;
		char access[8];
		guint8 *copy;
		ssize_t len;

		if (sscanf(line, "%lx-%lx %7s", &start, &end, access) != 3 || access[1] != 'w' ||
		    end - start > (64UL << 20))
			continue;
		copy = g_malloc(end - start);
		len = pread(mem, copy, end - start, (off_t)start);
		if (len > 0 && region_has(copy, (size_t)len)) {
			print_message("the PIN is in %s", line);
			found++;
		}
		uk_wipe(copy, end - start);
		g_free(copy);
	}
	(void)close(mem);
	(void)fclose(maps);
	return found;
}

static void
no_pin_is_left_behind(void **state)
{
	g_autofree char *id = g_strdup(room_key(&room, 0)->id);
	UK_SECRET old_secret = {0};
	UK_SECRET new_secret = {0};
	struct end end = {0};
	OukPinJob job = {
		.watch = room.watch,
		.token_id = id,
		.pin = &old_secret,
		.new_pin = &new_secret,
		.shown_left = OUK_SHOWN_NONE,
	};

	secret_set(&old_secret, ROOM_PIN);
	secret_set_masked(&new_secret);
	assert_int_not_equal(memory_holds_it(), 0); /* the search finds what is there */
	ouk_job_change_pin_async(&job, NULL, on_end, &end);
	assert_true(room_until(&room, is_over, &end, ROOM_LATE_MS));
	assert_true(end.done);
	old_secret = new_secret;
	memset(&end, 0, sizeof(end));
	ouk_job_test_pin_async(&job, NULL, on_end, &end);
	assert_true(room_until(&room, is_over, &end, ROOM_LATE_MS));
	assert_true(end.done);
	uk_secret_wipe(&old_secret);
	uk_secret_wipe(&new_secret);
	assert_int_equal(memory_holds_it(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_right_pin_is_right_and_costs_nothing),
		TEST(a_wrong_pin_shows_what_is_left),
		TEST(the_pin_changes),
		TEST(what_cannot_be_right_costs_no_try),
		TEST(a_locked_key_says_so),
		TEST(a_try_is_armed_only_with_the_number_that_was_seen),
		TEST(the_first_pin_is_known_without_a_try),
		TEST(stopped_before_it_is_sent_nothing_is_sent),
		TEST(a_pulled_key_ends_the_job),
		TEST(many_jobs_on_one_key_take_turns),
		TEST(the_watch_ends_while_jobs_run),
		TEST(the_label_is_set),
		TEST(no_pin_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
