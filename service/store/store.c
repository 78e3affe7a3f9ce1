/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/store.h"

#include "service/base/random.h"
#include "service/store/engine.h"
#include "service/store/schema.h"

#include <string.h>
#include <time.h>

/* Enough for many writers on one row; a transaction is over in milliseconds. */
#define TRIES_MAX     60U
#define PAUSE_MAX_US  20000U
#define PAUSE_STEP_US 300U

static const struct cs_engine *
engine_of(const char *where)
{
	if (strncmp(where, "postgresql:", 11) == 0 || strncmp(where, "postgres:", 9) == 0 ||
	    strncmp(where, "host=", 5) == 0 || strncmp(where, "dbname=", 7) == 0)
		return &cs_engine_postgres;
	return &cs_engine_sqlite;
}

enum cs_status
cs_store_open(const char *where, enum cs_schema schema, const char *ca, struct cs_store **ret)
{
	struct cs_store *store;
	enum cs_status st;

	if (strlen(ca) == 0 || strlen(ca) >= CS_CA_TEXT)
		return CS_E_ARGUMENTS;
	store = calloc(1, sizeof(*store));
	if (store == NULL)
		return CS_E_MEMORY;
	store->engine = engine_of(where);
	store->schema = schema;
	memcpy(store->ca, ca, strlen(ca));
	st = store->engine->open(where, &store->db);
	if (st == CS_OK)
		st = cs_schema_migrate(store);
	if (st != CS_OK) {
		cs_store_close(store);
		return st;
	}
	*ret = store;
	return CS_OK;
}

void
cs_store_close(struct cs_store *store)
{
	if (store == NULL)
		return;
	if (store->db != NULL)
		store->engine->close(store->db);
	free(store);
}

/* Others that wait too must not all come back at once. */
static void
pause_before(unsigned int attempt)
{
	uint32_t most = PAUSE_STEP_US << (attempt < 6 ? attempt : 6), wait_us = 0;
	struct timespec pause = {0, 0};

	if (most > PAUSE_MAX_US)
		most = PAUSE_MAX_US;
	if (cs_random_below(most, &wait_us) == CS_OK)
		pause.tv_nsec = (long)wait_us * 1000;
	(void)nanosleep(&pause, NULL);
}

static enum cs_status
tx_once(struct cs_store *store, enum cs_begin how, cs_tx_fn body, void *ctx)
{
	enum cs_status st = store->engine->begin(store->db, how);

	if (st != CS_OK)
		return st;
	store->in_tx = true;
	st = body(store, ctx);
	if (st == CS_OK)
		st = store->engine->commit(store->db);
	store->in_tx = false;
	if (st != CS_OK) {
		store->engine->rollback(store->db);
		store->head_known = false;
	}
	return st;
}

static enum cs_status
tx_retry(struct cs_store *store, enum cs_begin how, cs_tx_fn body, void *ctx)
{
	enum cs_status st = CS_E_BUSY;

	if (store->in_tx)
		return CS_E_INTERNAL;
	for (store->retries = 0; store->retries < TRIES_MAX; store->retries++) {
		if (store->retries > 0)
			pause_before(store->retries);
		st = tx_once(store, how, body, ctx);
		if (st != CS_E_BUSY)
			break;
	}
	return st;
}

enum cs_status
cs_store_tx(struct cs_store *store, cs_tx_fn body, void *ctx)
{
	return tx_retry(store, CS_BEGIN_WRITE, body, ctx);
}

enum cs_status
cs_store_view(struct cs_store *store, cs_tx_fn body, void *ctx)
{
	return tx_retry(store, CS_BEGIN_READ, body, ctx);
}

/* One statement by itself is a transaction already: nothing to begin, nothing to commit. */
static enum cs_status
run_alone(struct cs_store *store, struct cs_statement *statement)
{
	enum cs_status st = CS_E_BUSY;

	for (store->retries = 0; store->retries < TRIES_MAX; store->retries++) {
		if (store->retries > 0)
			pause_before(store->retries);
		st = store->engine->alone(store->db, statement);
		if (st != CS_E_BUSY)
			break;
	}
	return st;
}

enum cs_status
cs_run(struct cs_store *store, struct cs_statement *statement)
{
	return store->in_tx ? store->engine->run(store->db, statement)
			    : run_alone(store, statement);
}

enum cs_status
cs_execute_later(struct cs_store *store, const struct cs_statement *statement, int64_t wanted,
		 enum cs_status otherwise)
{
	struct cs_statement ask = *statement;
	enum cs_status st;

	if (store->in_tx && store->engine->later != NULL)
		return store->engine->later(store->db, &ask, wanted, otherwise);
	st = cs_run(store, &ask);
	return st == CS_OK && wanted >= 0 && ask.rows != wanted ? otherwise : st;
}

enum cs_status
cs_execute(struct cs_store *store, const char *sql, const struct cs_arg *args, size_t args_len,
	   int64_t *ret_rows)
{
	struct cs_statement statement = {.sql = sql, .args = args, .args_len = args_len};
	enum cs_status st;

	if (ret_rows == NULL)
		return cs_execute_later(store, &statement, -1, CS_OK);
	st = cs_run(store, &statement);
	if (st == CS_OK && ret_rows != NULL)
		*ret_rows = statement.rows;
	return st;
}

enum cs_status
cs_fetch(struct cs_store *store, struct cs_statement *statement)
{
	enum cs_status st = cs_run(store, statement);

	if (st == CS_OK && statement->rows == 0)
		return CS_E_NOT_FOUND;
	return st;
}

void
cs_row_text(const struct cs_row *row, int column, char *ret, size_t room)
{
	struct uk_span text = row->bytes(row->row, column);
	size_t len = text.len < room ? text.len : room - 1;

	if (len > 0)
		memcpy(ret, text.ptr, len);
	ret[len] = '\0';
}

enum cs_status
cs_row_fixed(const struct cs_row *row, int column, void *ret, size_t len)
{
	struct uk_span bytes = row->bytes(row->row, column);

	if (bytes.len != len)
		return CS_E_CORRUPT;
	memcpy(ret, bytes.ptr, len);
	return CS_OK;
}

enum cs_status
cs_row_blob(const struct cs_row *row, int column, struct cs_blob *ret)
{
	return cs_blob_set(ret, row->bytes(row->row, column));
}

bool
cs_store_in_tx(const struct cs_store *store)
{
	return store->in_tx;
}

const char *
cs_store_engine(const struct cs_store *store)
{
	return store->engine->name;
}

const char *
cs_store_ca(const struct cs_store *store)
{
	return store->ca;
}

unsigned int
cs_store_retries(const struct cs_store *store)
{
	return store->retries;
}
