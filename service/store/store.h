/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A database of one of the service's processes: a file of SQLite's, or PostgreSQL.  One connection,
 * used by one thread at a time; as many as one likes, from as many processes.
 */
#ifndef CS_STORE_STORE_H
#define CS_STORE_STORE_H

#include "common/defs.h"
#include "service/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct cs_store;

#define CS_CA_TEXT 33

/* Each process has a database of its own; these are the sets of tables. */
enum cs_schema {
	CS_SCHEMA_ORDERS,
	CS_SCHEMA_UNLOCK,
	CS_SCHEMA_ISSUE,
	CS_SCHEMA_KMC,
	CS_SCHEMA_COUNT
};

/*
 * where: "sqlite:PATH", a path, or a connection string of PostgreSQL ("postgresql://..." or
 * "host=... dbname=...").  ca: the certificate authority (tenant) whose rows are seen; at most 32
 * bytes.  Makes the tables when they are missing and migrates older ones; CS_E_SCHEMA when they are
 * newer or another process's.  cs_store_close frees.
 */
UK_CHECKED enum cs_status cs_store_open(const char *where, enum cs_schema schema, const char *ca,
					struct cs_store **ret);
void cs_store_close(struct cs_store *store);

static inline void
cs_store_drop(struct cs_store **store)
{
	cs_store_close(*store);
}

#define CS_STORE UK_CLEANUP(cs_store_drop) struct cs_store

/*
 * Runs body as one transaction: all of it or nothing, as if alone.  When another one was in the way
 * the body is run again from its beginning: it must have no effect but through the store.  What
 * body returns other than CS_OK undoes everything and is returned.  CS_E_UNAVAILABLE when the
 * database was lost; if that was while committing, the outcome is known only by looking.
 */
typedef enum cs_status (*cs_tx_fn)(struct cs_store *store, void *ctx);
UK_CHECKED enum cs_status cs_store_tx(struct cs_store *store, cs_tx_fn body, void *ctx);
/* The same for reading: one consistent view. */
UK_CHECKED enum cs_status cs_store_view(struct cs_store *store, cs_tx_fn body, void *ctx);

/* Whether a transaction is open: for functions that work inside one or open their own. */
bool cs_store_in_tx(const struct cs_store *store);
/* "sqlite" or "postgresql" */
const char *cs_store_engine(const struct cs_store *store);
const char *cs_store_ca(const struct cs_store *store);
int64_t cs_store_version(enum cs_schema schema);
/* How often the last transaction was begun again because another was in its way. */
unsigned int cs_store_retries(const struct cs_store *store);

/*
 * A backup is a file of its own form, the same for both engines: what one wrote the other restores.
 * It is one consistent view and ends with its SHA-256.  Writing does not stop the service.
 */
UK_CHECKED enum cs_status cs_store_backup(struct cs_store *store, const char *path);
/* Into an empty database only (CS_E_EXISTS); CS_E_CORRUPT, with nothing changed, for a bad file. */
UK_CHECKED enum cs_status cs_store_restore(struct cs_store *store, const char *path);

#endif
