/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SQLite: write-ahead log, every commit on the disk before it is answered. */
#include "service/base/clock.h"
#include "service/store/engine.h"
#include "service/store/turns.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define BUSY_WAIT_MS   2000
#define OPEN_WAIT_MS   30000    /* the first of them makes all tables */
#define BUSY_PAUSE_MIN 100000L  /* ns */
#define BUSY_PAUSE_MAX 1000000L /* ns: a transaction is over in about that */
#define STATEMENTS_MAX 96
#define CHECKPOINT     1000 /* pages of the log */

struct prepared {
	const char *sql;
	sqlite3_stmt *statement;
};

struct sqlite_db {
	sqlite3 *handle;
	struct prepared prepared[STATEMENTS_MAX];
	size_t prepared_len;
	int64_t waiting_since; /* ms */
	struct cs_turns *turns;
	bool writing; /* it is our turn */
};

static enum cs_status
status_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return CS_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL: /* lost the race for the log's locks too often */
		return CS_E_BUSY;
	case SQLITE_CONSTRAINT:
		return CS_E_EXISTS;
	case SQLITE_NOMEM:
		return CS_E_MEMORY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return CS_E_CORRUPT;
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
		return CS_E_UNAVAILABLE;
	default:
		return CS_E_INTERNAL;
	}
}

static enum cs_status
script(void *db, const char *sql)
{
	const struct sqlite_db *self = db;

	return status_of(sqlite3_exec(self->handle, sql, NULL, NULL, NULL));
}

static void
turn_end(struct sqlite_db *self)
{
	if (self->writing)
		cs_turn_end(self->turns);
	self->writing = false;
}

static void
close_db(void *db)
{
	struct sqlite_db *self = db;

	turn_end(self);
	for (size_t i = 0; i < self->prepared_len; i++)
		(void)sqlite3_finalize(self->prepared[i].statement);
	(void)sqlite3_close_v2(self->handle);
	if (self->turns != NULL)
		cs_turns_drop(self->turns);
	free(self);
}

/* SQLite's own waiting sleeps up to 100 ms at a time while others come and go. */
static int
on_busy(void *ctx, int times)
{
	struct sqlite_db *self = ctx;
	struct timespec pause = {0, BUSY_PAUSE_MIN * (times + 1)};
	int64_t now = cs_now_ms();

	if (times == 0)
		self->waiting_since = now;
	if (now - self->waiting_since > BUSY_WAIT_MS)
		return 0;
	if (pause.tv_nsec > BUSY_PAUSE_MAX)
		pause.tv_nsec = BUSY_PAUSE_MAX;
	(void)nanosleep(&pause, NULL);
	return 1;
}

/*
 * SQLite's own rule looks at the length of the log only: where readers keep the log from being
 * begun anew, it would write it back with each commit.
 */
static int
on_commit(void *ctx, sqlite3 *handle, const char *name, int pages)
{
	const struct sqlite_db *self = ctx;

	if (self->writing && cs_turn_grown(self->turns, pages, CHECKPOINT))
		(void)sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL,
						NULL);
	return SQLITE_OK;
}

/* Counting memory would take a lock that all threads share for each piece of it. */
static void
configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* Of several that come to a new database at once, those that are refused are not always made to
 * wait. */
static enum cs_status
begin_log(struct sqlite_db *self)
{
	const struct timespec pause = {0, BUSY_PAUSE_MAX};
	const int64_t until = cs_now_ms() + OPEN_WAIT_MS;
	enum cs_status st;

	do {
		st = script(self, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
				  "PRAGMA secure_delete=ON; PRAGMA cell_size_check=ON;");
		if (st == CS_E_BUSY)
			(void)nanosleep(&pause, NULL);
	} while (st == CS_E_BUSY && cs_now_ms() < until);
	return st;
}

static enum cs_status
open_handle(struct sqlite_db *self, const char *path)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	mode_t old;
	enum cs_status st;

	(void)pthread_once(&once, configure);
	old = umask(077);
	st = status_of(sqlite3_open_v2(path, &self->handle, flags, NULL));

	if (st == CS_OK) {
		(void)sqlite3_busy_handler(self->handle, on_busy, self);
		(void)sqlite3_db_config(self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		(void)sqlite3_db_config(self->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		st = begin_log(self);
		(void)sqlite3_wal_hook(self->handle, on_commit, self);
	}
	(void)umask(old);
	if (st != CS_OK)
		return st;
	self->turns = cs_turns_of(path);
	return self->turns != NULL ? CS_OK : CS_E_UNAVAILABLE;
}

static enum cs_status
open_db(const char *where, void **ret)
{
	struct sqlite_db *self = calloc(1, sizeof(*self));
	enum cs_status st;

	if (self == NULL)
		return CS_E_MEMORY;
	if (strncmp(where, "sqlite:", 7) == 0)
		where += 7;
	st = open_handle(self, where);
	if (st != CS_OK) {
		close_db(self);
		return st;
	}
	*ret = self;
	return CS_OK;
}

static enum cs_status run_fixed(struct sqlite_db *self, const char *sql);

static enum cs_status
begin(void *db, enum cs_begin how)
{
	struct sqlite_db *self = db;
	enum cs_status st;

	if (how == CS_BEGIN_READ)
		return run_fixed(self, "BEGIN");
	cs_turn_take(self->turns);
	self->writing = true;
	st = run_fixed(self, "BEGIN IMMEDIATE");
	if (st != CS_OK)
		turn_end(self);
	return st;
}

static enum cs_status
commit(void *db)
{
	struct sqlite_db *self = db;
	enum cs_status st = run_fixed(self, "COMMIT");

	if (st == CS_OK)
		turn_end(self);
	return st;
}

static void
rollback(void *db)
{
	struct sqlite_db *self = db;

	if (sqlite3_get_autocommit(self->handle) == 0)
		(void)script(db, "ROLLBACK");
	turn_end(self);
}

static void
statement_drop(sqlite3_stmt **statement)
{
	(void)sqlite3_finalize(*statement);
}

static enum cs_status
prepare(struct sqlite_db *self, const char *sql, sqlite3_stmt **ret)
{
	sqlite3_stmt *statement;
	int code;

	for (size_t i = 0; i < self->prepared_len; i++)
		if (self->prepared[i].sql == sql) {
			*ret = self->prepared[i].statement;
			return CS_OK;
		}
	if (self->prepared_len == STATEMENTS_MAX)
		return CS_E_INTERNAL;
	code = sqlite3_prepare_v3(self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
				  NULL);
	if (code != SQLITE_OK)
		return status_of(code);
	self->prepared[self->prepared_len].sql = sql;
	self->prepared[self->prepared_len++].statement = statement;
	*ret = statement;
	return CS_OK;
}

static int
bind_one(sqlite3_stmt *statement, int at, const struct cs_arg *arg)
{
	if (arg->kind == CS_ARG_INT)
		return sqlite3_bind_int64(statement, at, arg->number);
	if (arg->bytes.ptr == NULL)
		return sqlite3_bind_null(statement, at);
	if (arg->kind == CS_ARG_TEXT)
		return sqlite3_bind_text(statement, at, (const char *)arg->bytes.ptr,
					 (int)arg->bytes.len, SQLITE_STATIC);
	return sqlite3_bind_blob64(statement, at, arg->bytes.ptr, arg->bytes.len, SQLITE_STATIC);
}

/* SQLite numbers $1, $2 ... by their first use: the store's statements use them in that order. */
static enum cs_status
bind_all(sqlite3_stmt *statement, const struct cs_statement *ask)
{
	if ((size_t)sqlite3_bind_parameter_count(statement) != ask->args_len)
		return CS_E_INTERNAL;
	for (size_t i = 0; i < ask->args_len; i++) {
		int code = bind_one(statement, (int)i + 1, &ask->args[i]);

		if (code != SQLITE_OK)
			return status_of(code);
	}
	return CS_OK;
}

static sqlite3_stmt *
statement_of(const void *row)
{
	union {
		const void *from;
		sqlite3_stmt *to;
	} cast = {.from = row};

	return cast.to;
}

static int64_t
row_number(const void *row, int column)
{
	return sqlite3_column_int64(statement_of(row), column);
}

static struct uk_span
row_bytes(const void *row, int column)
{
	sqlite3_stmt *statement = statement_of(row);
	const void *ptr = sqlite3_column_blob(statement, column);

	return uk_span_of(ptr, (size_t)sqlite3_column_bytes(statement, column));
}

static enum cs_status
step_all(struct sqlite_db *self, sqlite3_stmt *statement, struct cs_statement *ask)
{
	const struct cs_row row = {row_number, row_bytes, statement};
	enum cs_status st = CS_OK;
	int code;

	ask->rows = 0;
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		ask->rows++;
		/* A RETURNING statement has done its work with the first row: it is run on. */
		if (ask->each != NULL && st == CS_OK)
			st = ask->each(&row, ask->ctx);
	}
	if (code != SQLITE_DONE)
		return status_of(code);
	if (sqlite3_column_count(statement) == 0)
		ask->rows = sqlite3_changes64(self->handle);
	return st;
}

static enum cs_status
run_once(struct sqlite_db *self, struct cs_statement *ask)
{
	UK_CLEANUP(statement_drop) sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(self->handle, ask->sql, -1, &statement, NULL);
	enum cs_status st = status_of(code);

	if (st == CS_OK)
		st = bind_all(statement, ask);
	return st == CS_OK ? step_all(self, statement, ask) : st;
}

static enum cs_status
run(void *db, struct cs_statement *ask)
{
	struct sqlite_db *self = db;

	if (ask->once)
		return run_once(self, ask);
	sqlite3_stmt *statement = NULL;
	enum cs_status st = prepare(self, ask->sql, &statement);

	if (st != CS_OK)
		return st;
	st = bind_all(statement, ask);
	if (st == CS_OK)
		st = step_all(self, statement, ask);
	(void)sqlite3_reset(statement);
	(void)sqlite3_clear_bindings(statement);
	return st;
}

static enum cs_status
run_fixed(struct sqlite_db *self, const char *sql)
{
	struct cs_statement ask = {.sql = sql};

	return run(self, &ask);
}

static enum cs_status
alone(void *db, struct cs_statement *ask)
{
	struct sqlite_db *self = db;
	sqlite3_stmt *statement = NULL;
	enum cs_status st = ask->once ? CS_OK : prepare(self, ask->sql, &statement);

	if (st != CS_OK || statement == NULL || sqlite3_stmt_readonly(statement) != 0)
		return st == CS_OK ? run(db, ask) : st;
	cs_turn_take(self->turns);
	self->writing = true;
	st = run(db, ask);
	turn_end(self);
	return st;
}

const struct cs_engine cs_engine_sqlite = {
	.name = "sqlite",
	.open = open_db,
	.close = close_db,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.run = run,
	.alone = alone,
	.script = script,
};
