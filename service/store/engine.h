/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a database engine does for the store. SQL is in this folder only, and only what SQLite,
 * PostgreSQL and the engines that speak PostgreSQL's protocol all run: no triggers, no sequences,
 * no LISTEN, no advisory locks.  Parameters are $1, $2 ... in the order of their first use.
 */
#ifndef CS_STORE_ENGINE_H
#define CS_STORE_ENGINE_H

#include "service/base/blob.h"
#include "service/base/status.h"
#include "service/store/audit.h"
#include "service/store/store.h"

#define CS_ARGS_MAX 24

enum cs_arg_kind { CS_ARG_INT, CS_ARG_TEXT, CS_ARG_BYTES };

/* A parameter. Texts and bytes are borrowed; a NULL pointer is SQL's NULL. */
struct cs_arg {
	enum cs_arg_kind kind;
	int64_t number;
	struct uk_span bytes;
};

static inline struct cs_arg
cs_int(int64_t number)
{
	return (struct cs_arg){CS_ARG_INT, number, {NULL, 0}};
}

static inline struct cs_arg
cs_text(const char *text)
{
	return (struct cs_arg){CS_ARG_TEXT, 0, uk_span_str(text)};
}

static inline struct cs_arg
cs_bytes(struct uk_span bytes)
{
	return (struct cs_arg){CS_ARG_BYTES, 0, bytes};
}

/* One row of an answer, valid inside the function it was handed to. */
struct cs_row {
	int64_t (*number)(const void *row, int column);
	/* of a text or of bytes; empty for NULL */
	struct uk_span (*bytes)(const void *row, int column);
	const void *row;
};

/* Copies a text, cut to the room if it must be. */
void cs_row_text(const struct cs_row *row, int column, char *ret, size_t room);
/* Copies exactly len bytes; CS_E_CORRUPT for any other length. */
UK_CHECKED enum cs_status cs_row_fixed(const struct cs_row *row, int column, void *ret, size_t len);
UK_CHECKED enum cs_status cs_row_blob(const struct cs_row *row, int column, struct cs_blob *ret);

/* Called for each row; must not use the store. Anything but CS_OK ends the statement. */
typedef enum cs_status (*cs_row_fn)(const struct cs_row *row, void *ctx);

struct cs_statement {
	const char *sql; /* static text: the engines keep it prepared by its address */
	bool once;       /* not static: prepared for this one time */
	const struct cs_arg *args;
	size_t args_len;
	cs_row_fn each; /* or NULL */
	void *ctx;
	int64_t rows; /* out: rows changed or returned */
};

enum cs_begin { CS_BEGIN_READ, CS_BEGIN_WRITE };

/* CS_E_BUSY: nothing has happened, the whole transaction may be run again. */
struct cs_engine {
	const char *name;
	enum cs_status (*open)(const char *where, void **ret);
	void (*close)(void *db);
	enum cs_status (*begin)(void *db, enum cs_begin how);
	enum cs_status (*commit)(void *db);
	void (*rollback)(void *db);
	enum cs_status (*run)(void *db, struct cs_statement *statement);
	/*
	 * The same in a transaction for one that returns no rows; the engine may do it later,
	 * before the next one that is run or with the commit, which then tell what became of it:
	 * nothing waits for its answer.  `wanted` rows have to be changed, else that is
	 * `otherwise`; < 0: any. NULL: it cannot.
	 */
	enum cs_status (*later)(void *db, struct cs_statement *statement, int64_t wanted,
				enum cs_status otherwise);
	/*
	 * The same outside of a transaction.  What such a statement decides by is in its own WHERE,
	 * about the rows that it changes: PostgreSQL runs it READ COMMITTED.
	 */
	enum cs_status (*alone)(void *db, struct cs_statement *statement);
	/* SQL that returns nothing and is run once, such as CREATE TABLE. */
	enum cs_status (*script)(void *db, const char *sql);
};

extern const struct cs_engine cs_engine_sqlite;
extern const struct cs_engine cs_engine_postgres;

struct cs_store {
	const struct cs_engine *engine;
	void *db;
	enum cs_schema schema;
	char ca[CS_CA_TEXT];
	unsigned int retries; /* of the last transaction */
	bool in_tx;
	/* The end of the log's chain that was written to last; forgotten when it was undone. */
	struct cs_audit_head head;
	bool head_known;
};

/* Runs a statement in the transaction that is open, or alone. */
UK_CHECKED enum cs_status cs_run(struct cs_store *store, struct cs_statement *statement);

/* The same for the usual case: no rows wanted. ret_rows may be NULL. */
UK_CHECKED enum cs_status cs_execute(struct cs_store *store, const char *sql,
				     const struct cs_arg *args, size_t args_len, int64_t *ret_rows);

/*
 * For one that has to change `wanted` rows, else that is `otherwise`; in a transaction it may be
 * told as late as with its end.
 */
UK_CHECKED enum cs_status cs_execute_later(struct cs_store *store,
					   const struct cs_statement *statement, int64_t wanted,
					   enum cs_status otherwise);

#define CS_EXECUTE(store, sql, ret_rows, ...)                        \
	cs_execute(store, sql, (const struct cs_arg[]){__VA_ARGS__}, \
		   sizeof((const struct cs_arg[]){__VA_ARGS__}) / sizeof(struct cs_arg), ret_rows)

/* CS_E_NOT_FOUND when there is no row. */
UK_CHECKED enum cs_status cs_fetch(struct cs_store *store, struct cs_statement *statement);

#define CS_STATEMENT(sql_, each_, ctx_, ...)                                                      \
	{                                                                                         \
		.sql = (sql_), .args = (const struct cs_arg[]){__VA_ARGS__},                      \
		.args_len = sizeof((const struct cs_arg[]){__VA_ARGS__}) / sizeof(struct cs_arg), \
		.each = (each_), .ctx = (ctx_)                                                    \
	}

#endif
