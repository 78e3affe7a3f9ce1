/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/schema.h"

#include <stdarg.h>

#include <stdio.h>
#include <string.h>

#define SQL_ROOM 2048

static const char make_version[] = "CREATE TABLE IF NOT EXISTS schema_version"
				   " (name TEXT NOT NULL, version BIGINT NOT NULL,"
				   " PRIMARY KEY (name))";

static const char *const type_sql[] = {
	[CS_TYPE_INT] = "BIGINT NOT NULL DEFAULT 0",
	[CS_TYPE_TEXT] = "TEXT NOT NULL DEFAULT ''",
	[CS_TYPE_BYTES] = "BYTEA",
};

/* SQL being put together from the table rows above; never from anything that came from outside. */
struct sql {
	char text[SQL_ROOM];
	size_t len;
	bool overflow;
};

static void UK_PRINTF(2, 3) sql_add(struct sql *sql, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(sql->text + sql->len, SQL_ROOM - sql->len, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= SQL_ROOM - sql->len)
		sql->overflow = true;
	else
		sql->len += (size_t)len;
}

static enum cs_status
sql_run(struct cs_store *store, const struct sql *sql)
{
	return sql->overflow ? CS_E_INTERNAL : store->engine->script(store->db, sql->text);
}

/*
 * The tenant comes last here, other than in primary keys: PostgreSQL thinks of a table it has not
 * yet counted that the tenant alone finds a row, and takes any index that begins with it for as
 * good as the key.  It then reads, and locks against everybody, all that the tenant has.
 */
static enum cs_status
index_make(struct cs_store *store, const struct cs_table *table, const char *columns, bool unique)
{
	static const char tenant[] = "ca, ";
	struct sql sql = {.len = 0};
	bool begins;

	if (columns == NULL)
		return CS_OK;
	begins = strncmp(columns, tenant, sizeof(tenant) - 1) == 0;
	sql_add(&sql, "CREATE %sINDEX IF NOT EXISTS %s_%s ON %s (%s%s)", unique ? "UNIQUE " : "",
		table->name, unique ? "unique" : "index", table->name,
		begins ? columns + sizeof(tenant) - 1 : columns, begins ? ", ca" : "");
	return sql_run(store, &sql);
}

static bool
column_in(const struct cs_column *column, int version)
{
	return column->since <= version;
}

static enum cs_status
table_make(struct cs_store *store, const struct cs_table *table, int version)
{
	struct sql sql = {.len = 0};
	enum cs_status st;

	sql_add(&sql, "CREATE TABLE IF NOT EXISTS %s (", table->name);
	for (const struct cs_column *column = table->columns; column->name != NULL; column++)
		if (column_in(column, version))
			sql_add(&sql, "%s %s, ", column->name, type_sql[column->type]);
	sql_add(&sql, "PRIMARY KEY (%s))", table->key);
	st = sql_run(store, &sql);
	if (st == CS_OK)
		st = index_make(store, table, table->unique, true);
	if (st == CS_OK)
		st = index_make(store, table, table->index, false);
	return st;
}

static enum cs_status
table_widen(struct cs_store *store, const struct cs_table *table, int version)
{
	for (const struct cs_column *column = table->columns; column->name != NULL; column++) {
		struct sql sql = {.len = 0};
		enum cs_status st;

		if (column->since != version)
			continue;
		sql_add(&sql, "ALTER TABLE %s ADD COLUMN %s %s", table->name, column->name,
			type_sql[column->type]);
		st = sql_run(store, &sql);
		if (st != CS_OK)
			return st;
	}
	/* One that came later than the table. */
	return index_make(store, table, table->index, false);
}

/* From version - 1 to version. */
static enum cs_status
step_up(struct cs_store *store, const struct cs_tables *tables, int version)
{
	enum cs_status st = CS_OK;

	for (size_t i = 0; i < tables->tables_len && st == CS_OK; i++) {
		const struct cs_table *table = &tables->tables[i];
		int since = table->since > 0 ? table->since : 1;

		if (since == version)
			st = table_make(store, table, version);
		else if (since < version)
			st = table_widen(store, table, version);
	}
	return st;
}

struct found {
	const char *name;
	int64_t version;
	bool other;
};

static enum cs_status
version_row(const struct cs_row *row, void *ctx)
{
	struct found *found = ctx;
	char name[64];

	cs_row_text(row, 0, name, sizeof(name));
	if (strcmp(name, found->name) == 0)
		found->version = row->number(row->row, 1);
	else
		found->other = true;
	return CS_OK;
}

static enum cs_status
version_write(struct cs_store *store, const struct cs_tables *tables)
{
	static const char sql[] = "INSERT INTO schema_version (name, version) VALUES ($1, $2)"
				  " ON CONFLICT (name) DO UPDATE SET version = excluded.version";

	return CS_EXECUTE(store, sql, NULL, cs_text(tables->name), cs_int(tables->version));
}

struct migration {
	const struct cs_tables *tables;
};

static enum cs_status
migrate_body(struct cs_store *store, void *ctx)
{
	const struct cs_tables *tables = ((const struct migration *)ctx)->tables;
	struct found found = {.name = tables->name};
	struct cs_statement ask = {.sql = "SELECT name, version FROM schema_version",
				   .each = version_row,
				   .ctx = &found};
	enum cs_status st = store->engine->script(store->db, make_version);

	if (st == CS_OK)
		st = cs_run(store, &ask);
	if (st != CS_OK)
		return st;
	if (found.other || found.version > tables->version)
		return CS_E_SCHEMA;
	if (found.version == tables->version)
		return CS_OK;
	for (int64_t version = found.version + 1; version <= tables->version; version++) {
		st = step_up(store, tables, (int)version);
		if (st != CS_OK)
			return st;
	}
	return version_write(store, tables);
}

/*
 * Two processes that start on an empty PostgreSQL at once collide in its catalogue, which it calls
 * a broken constraint; the one that comes second finds the work done.
 */
enum cs_status
cs_tables_migrate(struct cs_store *store, const struct cs_tables *tables)
{
	struct migration migration = {tables};
	enum cs_status st = CS_E_EXISTS;

	for (int attempt = 0; attempt < 10 && st == CS_E_EXISTS; attempt++)
		st = cs_store_tx(store, migrate_body, &migration);
	return st;
}

enum cs_status
cs_schema_migrate(struct cs_store *store)
{
	return cs_tables_migrate(store, cs_schema_tables(store->schema));
}
