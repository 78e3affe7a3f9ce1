/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PostgreSQL, and engines that speak its protocol, through libpq.  Transactions are SERIALIZABLE,
 * the one level that all of them mean the same by.
 */
#include "service/store/engine.h"

#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#define STATEMENTS_MAX 96
/* Type numbers of PostgreSQL's catalogue. */
#define OID_BYTEA 17
#define OID_INT8  20
#define OID_TEXT  25

#define QUEUE_MAX 64

/* A statement that has been sent and whose answer nobody has looked at yet. */
struct queued {
	int64_t wanted; /* rows; < 0: any */
	enum cs_status otherwise;
};

struct postgres_db {
	PGconn *conn;
	const char *prepared[STATEMENTS_MAX];
	size_t prepared_len;
	struct queued queue[QUEUE_MAX];
	size_t queue_len;
	/* Told late, to whoever asked for something else: the transaction ends with it anyway. */
	enum cs_status failed;
};

/* SQLSTATE, or a class of it -> what the caller sees. First match wins. */
static const struct {
	const char *state;
	enum cs_status status;
} states[] = {
	{"40001", CS_E_BUSY},                                  /* serialization failure */
	{"40P01", CS_E_BUSY},                                  /* deadlock */
	{"55P03", CS_E_BUSY},                                  /* lock not available */
	{"23", CS_E_EXISTS},                                   /* constraint */
	{"53200", CS_E_MEMORY},                                /* out of memory on the server */
	{"53", CS_E_UNAVAILABLE},    {"57", CS_E_UNAVAILABLE}, /* shutting down */
	{"08", CS_E_UNAVAILABLE},                              /* connection */
	{"25006", CS_E_UNAVAILABLE},                           /* a standby that takes no writes */
};

static enum cs_status
status_of(const struct postgres_db *self, const PGresult *result)
{
	ExecStatusType kind = PQresultStatus(result);
	const char *state;

	if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK || kind == PGRES_SINGLE_TUPLE)
		return CS_OK;
	state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	for (size_t i = 0; state != NULL && i < ARRAY_SIZE(states); i++)
		if (strncmp(state, states[i].state, strlen(states[i].state)) == 0)
			return states[i].status;
	return PQstatus(self->conn) == CONNECTION_OK ? CS_E_INTERNAL : CS_E_UNAVAILABLE;
}

static void
result_drop(PGresult **result)
{
	PQclear(*result);
}

#define RESULT UK_CLEANUP(result_drop) PGresult

static enum cs_status
words_run(const struct postgres_db *self, const char *sql)
{
	RESULT *result = PQexec(self->conn, sql);

	return status_of(self, result);
}

/*
 * A table of a few rows is read whole otherwise, and in a SERIALIZABLE transaction that means that
 * whoever changes any row of it is in the way.  An engine that does not know the word is not asked
 * twice.
 */
static void
session_set(struct postgres_db *self)
{
	(void)words_run(self, "SET enable_seqscan = off");
}

static void
quiet(void *arg, const char *message)
{
}

static void
close_db(void *db)
{
	struct postgres_db *self = db;

	PQfinish(self->conn);
	free(self);
}

static enum cs_status
open_db(const char *where, void **ret)
{
	struct postgres_db *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return CS_E_MEMORY;
	self->conn = PQconnectdb(where);
	if (PQstatus(self->conn) != CONNECTION_OK) {
		close_db(self);
		return CS_E_UNAVAILABLE;
	}
	(void)PQsetNoticeProcessor(self->conn, quiet, NULL);
	session_set(self);
	*ret = self;
	return CS_OK;
}

/* A server that was restarted, or a standby that took over: statements must be prepared anew. */
static enum cs_status
connect_again(struct postgres_db *self)
{
	PQreset(self->conn);
	self->prepared_len = 0;
	self->queue_len = 0;
	if (PQstatus(self->conn) != CONNECTION_OK)
		return CS_E_UNAVAILABLE;
	session_set(self);
	return CS_OK;
}

/* Room for what libpq wants of the parameters. */
struct bound {
	Oid types[CS_ARGS_MAX];
	const char *values[CS_ARGS_MAX];
	int lengths[CS_ARGS_MAX], formats[CS_ARGS_MAX];
	uint64_t numbers[CS_ARGS_MAX];
};

static void
bind_all(struct bound *bound, const struct cs_statement *ask)
{
	static const Oid types[] = {OID_INT8, OID_TEXT, OID_BYTEA};

	for (size_t i = 0; i < ask->args_len; i++) {
		const struct cs_arg *arg = &ask->args[i];

		bound->types[i] = types[arg->kind];
		bound->formats[i] = 1;
		bound->values[i] = (const char *)arg->bytes.ptr;
		bound->lengths[i] = (int)arg->bytes.len;
		if (arg->kind == CS_ARG_INT) {
			bound->numbers[i] = htobe64((uint64_t)arg->number);
			bound->values[i] = (const char *)&bound->numbers[i];
			bound->lengths[i] = sizeof(bound->numbers[i]);
		}
	}
}

static size_t
prepared_at(const struct postgres_db *self, const struct cs_statement *ask)
{
	size_t at = 0;

	while (at < self->prepared_len && self->prepared[at] != ask->sql)
		at++;
	return at;
}

static bool
is_prepared(const struct postgres_db *self, const struct cs_statement *ask)
{
	return prepared_at(self, ask) < self->prepared_len;
}

static void
name_of(const struct postgres_db *self, const struct cs_statement *ask, char ret[16])
{
	(void)snprintf(ret, 16, "s%u", (unsigned int)prepared_at(self, ask));
}

static enum cs_status
prepare(struct postgres_db *self, const struct cs_statement *ask, const struct bound *bound)
{
	char name[16];
	enum cs_status st;

	if (self->prepared_len == STATEMENTS_MAX)
		return CS_E_INTERNAL;
	name_of(self, ask, name);
	RESULT *result = PQprepare(self->conn, name, ask->sql, (int)ask->args_len, bound->types);
	st = status_of(self, result);
	if (st == CS_OK)
		self->prepared[self->prepared_len++] = ask->sql;
	return st;
}

struct pg_row {
	const PGresult *result;
	int row;
};

static struct uk_span
row_bytes(const void *row, int column)
{
	const struct pg_row *at = row;

	if (PQgetisnull(at->result, at->row, column) == 1)
		return uk_span_of(NULL, 0);
	return uk_span_of(PQgetvalue(at->result, at->row, column),
			  (size_t)PQgetlength(at->result, at->row, column));
}

/* In network order, 4 or 8 bytes wide. */
static int64_t
row_number(const void *row, int column)
{
	struct uk_span value = row_bytes(row, column);
	uint64_t number = value.len == 4 && (value.ptr[0] & 0x80) != 0 ? UINT32_MAX : 0;

	for (size_t i = 0; i < value.len && i < 8; i++)
		number = number << 8 | value.ptr[i];
	return (int64_t)number;
}

static enum cs_status
rows_each(PGresult *result, struct cs_statement *ask)
{
	struct pg_row at = {result, 0};
	const struct cs_row row = {row_number, row_bytes, &at};
	enum cs_status st = CS_OK;

	for (int count = PQntuples(result); at.row < count; at.row++) {
		ask->rows++;
		if (ask->each != NULL && st == CS_OK)
			st = ask->each(&row, ask->ctx);
	}
	if (PQnfields(result) == 0)
		ask->rows = strtoll(PQcmdTuples(result), NULL, 10);
	return st;
}

/* Row by row, so that a table of any size fits into memory. */
static enum cs_status
answer_take(struct postgres_db *self, struct cs_statement *ask)
{
	enum cs_status st = CS_OK;
	size_t answers = 0;
	PGresult *next;

	ask->rows = 0;
	while ((next = PQgetResult(self->conn)) != NULL) {
		RESULT *result = next;
		enum cs_status one = status_of(self, result);

		if (one == CS_OK && st == CS_OK)
			one = rows_each(result, ask);
		if (st == CS_OK)
			st = one;
		answers++;
	}
	return answers > 0 ? st : CS_E_UNAVAILABLE;
}

/* What became of one that was sent before. */
static enum cs_status
queued_take(struct postgres_db *self, const struct queued *queued)
{
	struct cs_statement ask = {.rows = 0};
	enum cs_status st = answer_take(self, &ask);

	return st == CS_OK && queued->wanted >= 0 && ask.rows != queued->wanted ? queued->otherwise
										: st;
}

/* Sends what is queued, and looks at all answers; the first that went wrong counts. */
static enum cs_status
queue_end(struct postgres_db *self, struct cs_statement *last)
{
	enum cs_status st = CS_OK, one;
	size_t len = self->queue_len;

	self->queue_len = 0;
	if (len == 0 && last == NULL)
		return CS_OK;
	if (PQpipelineSync(self->conn) != 1)
		return CS_E_UNAVAILABLE;
	for (size_t i = 0; i < len; i++) {
		one = queued_take(self, &self->queue[i]);
		st = st == CS_OK ? one : st;
	}
	self->failed = self->failed == CS_OK ? st : self->failed;
	if (last != NULL) {
		/* Rows that should not have been asked for are nobody's. */
		struct cs_statement nobody = {.rows = 0};

		one = answer_take(self, st == CS_OK ? last : &nobody);
		st = st == CS_OK ? one : st;
	}
	PQclear(PQgetResult(self->conn)); /* the end of the pipeline */
	if (PQexitPipelineMode(self->conn) != 1 && PQstatus(self->conn) == CONNECTION_OK)
		return st == CS_OK ? CS_E_INTERNAL : st;
	return st;
}

/*
 * A connection that is found dead before COMMIT was sent has done nothing: all of it may be run
 * again over a new one.
 */
static enum cs_status
undone(struct postgres_db *self, enum cs_status st)
{
	bool dead = PQstatus(self->conn) != CONNECTION_OK;

	if (st != CS_E_UNAVAILABLE)
		return st;
	return connect_again(self) == CS_OK && dead ? CS_E_BUSY : CS_E_UNAVAILABLE;
}

/* Prepared, and sent behind what is queued. */
static enum cs_status
send_bound(struct postgres_db *self, const struct cs_statement *ask)
{
	struct bound bound = {0};
	char name[16];
	enum cs_status st;

	if (ask->args_len > CS_ARGS_MAX)
		return CS_E_INTERNAL;
	bind_all(&bound, ask);
	if (!is_prepared(self, ask)) {
		/* That has to be asked for by itself, once for each connection. */
		st = queue_end(self, NULL);
		if (st == CS_OK)
			st = prepare(self, ask, &bound);
		if (st != CS_OK)
			return st;
	}
	name_of(self, ask, name);
	if (PQpipelineStatus(self->conn) == PQ_PIPELINE_OFF && PQenterPipelineMode(self->conn) != 1)
		return CS_E_UNAVAILABLE;
	return PQsendQueryPrepared(self->conn, name, (int)ask->args_len, bound.values,
				   bound.lengths, bound.formats, 1) == 1
		       ? CS_OK
		       : CS_E_UNAVAILABLE;
}

static enum cs_status
later(void *db, struct cs_statement *ask, int64_t wanted, enum cs_status otherwise)
{
	struct postgres_db *self = db;
	enum cs_status st = CS_OK;

	if (self->queue_len == QUEUE_MAX)
		st = queue_end(self, NULL);
	if (st == CS_OK)
		st = send_bound(self, ask);
	if (st == CS_OK)
		self->queue[self->queue_len++] = (struct queued){wanted, otherwise};
	return undone(self, st);
}

/* Goes with the first statement. */
static enum cs_status
begin(void *db, enum cs_begin how)
{
	static const char *const words[] = {
		[CS_BEGIN_READ] = "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY",
		[CS_BEGIN_WRITE] = "BEGIN ISOLATION LEVEL SERIALIZABLE"};
	struct postgres_db *self = db;
	struct cs_statement ask = {.sql = words[how]};

	self->failed = CS_OK;
	return later(db, &ask, -1, CS_OK);
}

static enum cs_status
commit(void *db)
{
	struct postgres_db *self = db;
	enum cs_status st = undone(self, queue_end(self, NULL));

	if (st == CS_OK)
		st = self->failed;
	if (st != CS_OK)
		return st;
	RESULT *result = PQexec(self->conn, "COMMIT");
	st = status_of(self, result);
	/* A transaction that had failed is rolled back, and COMMIT says so only in its tag. */
	if (st == CS_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0)
		return CS_E_INTERNAL;
	return st;
}

static void
rollback(void *db)
{
	struct postgres_db *self = db;

	(void)queue_end(self, NULL);
	if (PQtransactionStatus(self->conn) != PQTRANS_IDLE)
		(void)words_run(self, "ROLLBACK");
}

static enum cs_status
script(void *db, const char *sql)
{
	struct postgres_db *self = db;
	enum cs_status st = queue_end(self, NULL);

	return st == CS_OK ? words_run(self, sql) : st;
}

/* Row by row: a table of any size fits into memory. */
static enum cs_status
run_alone(struct postgres_db *self, struct cs_statement *ask)
{
	struct bound bound = {0};
	char name[16];
	enum cs_status st;

	if (ask->args_len > CS_ARGS_MAX)
		return CS_E_INTERNAL;
	bind_all(&bound, ask);
	if (ask->once) {
		if (PQsendQueryParams(self->conn, ask->sql, (int)ask->args_len, bound.types,
				      bound.values, bound.lengths, bound.formats, 1) != 1)
			return CS_E_UNAVAILABLE;
		(void)PQsetSingleRowMode(self->conn);
		return answer_take(self, ask);
	}
	st = is_prepared(self, ask) ? CS_OK : prepare(self, ask, &bound);
	if (st != CS_OK)
		return st;
	name_of(self, ask, name);
	if (PQsendQueryPrepared(self->conn, name, (int)ask->args_len, bound.values, bound.lengths,
				bound.formats, 1) != 1)
		return CS_E_UNAVAILABLE;
	(void)PQsetSingleRowMode(self->conn);
	return answer_take(self, ask);
}

/* With what is queued, in one go; there is nothing to wait for in between. */
static enum cs_status
run(void *db, struct cs_statement *ask)
{
	struct postgres_db *self = db;
	enum cs_status st = CS_OK;

	if (ask->once)
		st = queue_end(self, NULL);
	if (st == CS_OK && self->queue_len == 0)
		return undone(self, run_alone(self, ask));
	if (st == CS_OK)
		st = send_bound(self, ask);
	if (st == CS_OK)
		st = queue_end(self, ask);
	return undone(self, st);
}

/* Rows may have been handed out already when a connection breaks: only a connection that is known
 * to be dead, or proves so at once, is made anew. */
static enum cs_status
alone(void *db, struct cs_statement *ask)
{
	struct postgres_db *self = db;
	enum cs_status st = run_alone(self, ask);

	if (st == CS_E_UNAVAILABLE && ask->rows == 0 && connect_again(self) == CS_OK)
		st = run_alone(self, ask);
	return st;
}

const struct cs_engine cs_engine_postgres = {
	.name = "postgresql",
	.open = open_db,
	.close = close_db,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.run = run,
	.later = later,
	.alone = alone,
	.script = script,
};
