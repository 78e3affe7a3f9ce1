/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/service/engines.h"

#include <ftw.h>
#include <libpq-fe.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WHERE_ROOM 512

static bool on_sqlite = true;
static char folder[64];
static char where[4][WHERE_ROOM];
static unsigned int made, schemas;

static const char *
postgres_base(void)
{
	return getenv("OPENUKEY_TEST_POSTGRES");
}

bool
engine_is_sqlite(void)
{
	return on_sqlite;
}

/* A schema of its own is as good as a database of its own, and made faster. */
static void
postgres_make(char *ret)
{
	char sql[64];
	PGconn *conn = PQconnectdb(postgres_base());
	PGresult *result;

	schemas++;
	(void)snprintf(sql, sizeof(sql), "CREATE SCHEMA t%d_%u", (int)getpid(), schemas);
	assert_int_equal(PQstatus(conn), CONNECTION_OK);
	result = PQexec(conn, sql);
	assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
	PQclear(result);
	PQfinish(conn);
	(void)snprintf(ret, WHERE_ROOM, "%s options='-c search_path=t%d_%u'", postgres_base(),
		       (int)getpid(), schemas);
}

static const char *
database_make(bool sqlite)
{
	char *ret = where[made];

	assert_true(made < ARRAY_SIZE(where));
	if (sqlite)
		(void)snprintf(ret, WHERE_ROOM, "sqlite:%s/%u.db", folder, made);
	else
		postgres_make(ret);
	made++;
	return ret;
}

const char *
engine_where(void)
{
	return where[0];
}

const char *
engine_another(bool other_engine)
{
	return database_make(other_engine && postgres_base() != NULL ? !on_sqlite : on_sqlite);
}

const char *
engine_path(const char *name)
{
	static char path[4][128];
	static unsigned int at;
	char *ret = path[at++ % ARRAY_SIZE(path)];

	(void)snprintf(ret, sizeof(path[0]), "%s/%s", folder, name);
	return ret;
}

int
engine_setup(void **state)
{
	memcpy(folder, "/tmp/openukey-service-XXXXXX", 29);
	if (mkdtemp(folder) == NULL)
		return -1;
	made = 0;
	(void)database_make(on_sqlite);
	return 0;
}

static int
remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	return remove(path);
}

int
engine_teardown(void **state)
{
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

struct cs_store *
engine_open(enum cs_schema schema)
{
	struct cs_store *store = NULL;

	assert_cs_ok(cs_store_open(engine_where(), schema, "ca1", &store));
	return store;
}

static int *lined_up;
static int expected;

void
engine_line_up(void)
{
	const struct timespec pause = {0, 100000};

	(void)__atomic_add_fetch(lined_up, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(lined_up, __ATOMIC_SEQ_CST) < expected)
		(void)nanosleep(&pause, NULL);
}

void
engine_race(int count, int (*work)(int number))
{
	pid_t pids[16];

	lined_up =
		mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(lined_up, MAP_FAILED);
	assert_true(count <= (int)ARRAY_SIZE(pids));
	expected = count;
	for (int i = 0; i < count; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(work(i));
	}
	for (int i = 0; i < count; i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	(void)munmap(lined_up, sizeof(int));
}

int
engines_run(const char *name, const struct CMUnitTest *tests, size_t count)
{
	char group[64];
	int failed;

	on_sqlite = true;
	(void)snprintf(group, sizeof(group), "%s on SQLite", name);
	failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
	if (postgres_base() == NULL)
		return failed;
	on_sqlite = false;
	(void)snprintf(group, sizeof(group), "%s on PostgreSQL", name);
	return failed + _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}
