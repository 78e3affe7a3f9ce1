/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same tests on every engine: a database of the test's own in SQLite, then in a real PostgreSQL
 * when with_postgres.py has started one.
 */
#ifndef TESTS_SERVICE_ENGINES_H
#define TESTS_SERVICE_ENGINES_H

#include "service/store/store.h"
#include "tests/unit/unit.h"

#include <sys/types.h>

#define assert_cs(got, wanted) assert_int_equal(got, wanted)
#define assert_cs_ok(got)      assert_int_equal(got, CS_OK)

/* Where the database of the test that is running is; a new one for each test. */
const char *engine_where(void);
/* Another empty one of the same engine, or of the other one if there is one. */
const char *engine_another(bool other_engine);
bool engine_is_sqlite(void);
/* A file name in the test's own folder. */
const char *engine_path(const char *name);

/* Opens the test's database; fails the test when it cannot. */
struct cs_store *engine_open(enum cs_schema schema);

/*
 * Runs work(i) in `count` processes at once, each of which must open its own store; fails the test
 * when one does not return 0.
 */
void engine_race(int count, int (*work)(int number));
/* Waits until all of them have come here. */
void engine_line_up(void);

/* Runs the tests on each engine. */
int engines_run(const char *name, const struct CMUnitTest *tests, size_t count);

int engine_setup(void **state);
int engine_teardown(void **state);

#define ENGINE_TEST(fn) cmocka_unit_test_setup_teardown(fn, engine_setup, engine_teardown)

#endif
