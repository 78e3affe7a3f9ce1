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

struct postgres_db {
	PGconn *conn;
	const char *prepared[STATEMENTS_MAX];
	size_t prepared_len;
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
script(void *db, const char *sql)
{
	struct postgres_db *self = db;
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
	(void)script(self, "SET enable_seqscan = off");
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
	if (PQstatus(self->conn) != CONNECTION_OK)
		return CS_E_UNAVAILABLE;
	session_set(self);
	return CS_OK;
}

static enum cs_status
begin_once(void *db, enum cs_begin how)
{
	return script(db, how == CS_BEGIN_WRITE ? "BEGIN ISOLATION LEVEL SERIALIZABLE"
						: "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY");
}

static enum cs_status
begin(void *db, enum cs_begin how)
{
	struct postgres_db *self = db;
	enum cs_status st = begin_once(db, how);

	/* Nothing has been asked yet, so a new connection is as good as the old one. */
	if (st == CS_E_UNAVAILABLE && connect_again(self) == CS_OK)
		st = begin_once(db, how);
	return st;
}

static enum cs_status
commit(void *db)
{
	struct postgres_db *self = db;
	RESULT *result = PQexec(self->conn, "COMMIT");
	enum cs_status st = status_of(self, result);

	/* A transaction that had failed is rolled back, and COMMIT says so only in its tag. */
	if (st == CS_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0)
		return CS_E_INTERNAL;
	return st;
}

static void
rollback(void *db)
{
	struct postgres_db *self = db;

	if (PQtransactionStatus(self->conn) != PQTRANS_IDLE)
		(void)script(db, "ROLLBACK");
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

static enum cs_status
prepare(struct postgres_db *self, const struct cs_statement *ask, const struct bound *bound,
	char name[16])
{
	size_t at = 0;
	enum cs_status st;

	while (at < self->prepared_len && self->prepared[at] != ask->sql)
		at++;
	(void)snprintf(name, 16, "s%u", (unsigned int)at);
	if (at < self->prepared_len)
		return CS_OK;
	if (at == STATEMENTS_MAX)
		return CS_E_INTERNAL;
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
	PGresult *next;

	ask->rows = 0;
	while ((next = PQgetResult(self->conn)) != NULL) {
		RESULT *result = next;
		enum cs_status one = status_of(self, result);

		if (one == CS_OK && st == CS_OK)
			one = rows_each(result, ask);
		if (st == CS_OK)
			st = one;
	}
	return st;
}

static enum cs_status
run(void *db, struct cs_statement *ask)
{
	struct postgres_db *self = db;
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
	st = prepare(self, ask, &bound, name);
	if (st != CS_OK)
		return st;
	if (PQsendQueryPrepared(self->conn, name, (int)ask->args_len, bound.values, bound.lengths,
				bound.formats, 1) != 1)
		return CS_E_UNAVAILABLE;
	(void)PQsetSingleRowMode(self->conn);
	return answer_take(self, ask);
}

/* Rows may have been handed out already when a connection breaks: only a connection that is known
 * to be dead, or proves so at once, is made anew. */
static enum cs_status
alone(void *db, struct cs_statement *ask)
{
	struct postgres_db *self = db;
	enum cs_status st = run(db, ask);

	if (st == CS_E_UNAVAILABLE && ask->rows == 0 && connect_again(self) == CS_OK)
		st = run(db, ask);
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
	.alone = alone,
	.script = script,
};
