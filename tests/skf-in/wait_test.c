/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers of PC/SC's and keys of a library's on one bus: lists, and waits for whichever changes. */
#include "tests/rig/rig.h"

#include "drivers/token.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENT_MS 60000
#define SHORT_MS   50

static struct rig *rig;
static char folder[64], conf[96], state[128];

struct wait {
	struct token_bus *bus;
	struct token_reader seen[TOKEN_READERS_MAX];
	size_t count;
	enum uk_status st;
	pthread_t thread;
};

static void *
wait_run(void *data)
{
	struct wait *wait = data;

	wait->st = token_bus_wait(wait->bus, wait->seen, wait->count, PATIENT_MS);
	return NULL;
}

static void
wait_begin(struct wait *wait, struct token_bus *bus)
{
	*wait = (struct wait){.bus = bus};
	assert_int_equal(token_bus_list(bus, wait->seen, TOKEN_READERS_MAX, &wait->count), UK_OK);
	assert_int_equal(pthread_create(&wait->thread, NULL, wait_run, wait), 0);
}

static enum uk_status
wait_end(struct wait *wait)
{
	assert_int_equal(pthread_join(wait->thread, NULL), 0);
	return wait->st;
}

/* How many keys there are by either way. */
static size_t
present(struct token_bus *bus)
{
	struct token_reader rows[TOKEN_READERS_MAX];
	size_t count, keys = 0;

	assert_int_equal(token_bus_list(bus, rows, TOKEN_READERS_MAX, &count), UK_OK);
	for (size_t i = 0; i < count; i++)
		keys += rows[i].present && rows[i].ours ? 1 : 0;
	return keys;
}

static void
waits_end_by_what_happens(const char *ways, bool threads, size_t keys)
{
	struct token_bus *bus;
	struct wait wait;

	(void)setenv("OPENUKEY_WAYS", ways, 1);
	assert_int_equal(token_bus_open(&bus), UK_OK);
	if (!threads)
		token_bus_forbid_threads(bus);
	assert_int_equal(present(bus), 0);

	wait_begin(&wait, bus);
	assert_true(rig_plug(rig, 0, state, NULL));
	assert_int_equal(wait_end(&wait), UK_OK);
	/* One way may see it before the other. */
	for (int i = 0; i < 600 && present(bus) != keys; i++)
		(void)usleep(100000);
	assert_int_equal(present(bus), keys);

	/* It may take a while until nothing changes any more. */
	for (int i = 0; i < 200 && wait.st != UK_E_TIMEOUT; i++) {
		assert_int_equal(token_bus_list(bus, wait.seen, TOKEN_READERS_MAX, &wait.count),
				 UK_OK);
		wait.st = token_bus_wait(bus, wait.seen, wait.count, SHORT_MS);
	}
	assert_int_equal(wait.st, UK_E_TIMEOUT);

	for (int i = 0; i < 20 && wait.st != UK_E_CANCELLED; i++) {
		wait_begin(&wait, bus);
		token_bus_cancel(bus);
		(void)wait_end(&wait); /* or by a change at that very moment */
	}
	assert_int_equal(wait.st, UK_E_CANCELLED);

	wait_begin(&wait, bus);
	assert_true(rig_pull(rig, 0));
	assert_int_equal(wait_end(&wait), UK_OK);
	for (int i = 0; i < 600 && present(bus) != 0; i++)
		(void)usleep(100000);
	assert_int_equal(present(bus), 0);
	token_bus_close(bus);
}

static void
both_ways_are_waited_for_at_once(void **context)
{
	waits_end_by_what_happens("gm,skf", true, 2);
}

static void
without_threads_in_turns(void **context)
{
	waits_end_by_what_happens("gm,skf", false, 2);
}

static void
a_library_alone(void **context)
{
	waits_end_by_what_happens("skf", true, 1);
}

static void
pcsc_alone(void **context)
{
	waits_end_by_what_happens("gm", true, 1);
}

static int
desk_up(void **context)
{
	FILE *file;

	(void)snprintf(folder, sizeof(folder), "/tmp/openukey-wait-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(conf, sizeof(conf), "%s/own.conf", folder);
	file = fopen(conf, "we");
	if (file == NULL)
		return -1;
	(void)fprintf(file, "library = %s\nrecheck = 0\n", getenv("ODD_SKF_INNER"));
	if (fclose(file) != 0)
		return -1;
	(void)setenv("OPENUKEY_SKF_DIR", folder, 1);
	rig = rig_start(1);
	if (rig == NULL)
		return -1;
	(void)snprintf(state, sizeof(state), "%s/key", rig_dir(rig));
	return 0;
}

static int
desk_down(void **context)
{
	rig_stop(rig);
	(void)unlink(conf);
	(void)rmdir(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_are_waited_for_at_once),
		cmocka_unit_test(without_threads_in_turns),
		cmocka_unit_test(a_library_alone),
		cmocka_unit_test(pcsc_alone),
	};

	return cmocka_run_group_tests_name("skf-in wait", tests, desk_up, desk_down);
}
