/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backup and restore, the same file from and for both engines. */
#include "service/store/engine.h"
#include "service/store/record.h"
#include "service/store/schema.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SQL_ROOM 1024

struct backup {
	struct cs_record_file file;
	const struct cs_table *table; /* being written */
	struct cs_blob row;           /* room that is used again for each row */
};

static void
backup_clear(struct backup *backup)
{
	cs_record_close(&backup->file);
	cs_blob_free(&backup->row);
}

#define BACKUP UK_CLEANUP(backup_clear) struct backup

/* "ca, chain, seq": names in a row, into room of SQL_ROOM. */
static size_t
columns_list(const struct cs_table *table, char *ret)
{
	size_t len = 0;

	ret[0] = '\0';
	for (const struct cs_column *column = table->columns; column->name != NULL; column++)
		len += (size_t)snprintf(ret + len, SQL_ROOM - len, "%s%s", len > 0 ? ", " : "",
					column->name);
	return len;
}

static size_t
row_size(const struct cs_row *row, const struct cs_table *table)
{
	size_t size = 0;

	for (int i = 0; table->columns[i].name != NULL; i++)
		size += 9 +
			(table->columns[i].type == CS_TYPE_INT ? 0 : row->bytes(row->row, i).len);
	return size;
}

static void
field_put(struct uk_writer *out, const struct cs_row *row, int at, enum cs_type type)
{
	struct uk_span bytes;
	uint64_t number;

	if (type == CS_TYPE_INT) {
		number = (uint64_t)row->number(row->row, at);
		uk_put_u8(out, 'i');
		uk_put_u32(out, UK_BIG_ENDIAN, (uint32_t)(number >> 32));
		uk_put_u32(out, UK_BIG_ENDIAN, (uint32_t)number);
		return;
	}
	bytes = row->bytes(row->row, at);
	if (type == CS_TYPE_BYTES && bytes.ptr == NULL) {
		uk_put_u8(out, 'n');
		return;
	}
	uk_put_u8(out, type == CS_TYPE_TEXT ? 't' : 'b');
	uk_put_u32(out, UK_BIG_ENDIAN, (uint32_t)bytes.len);
	uk_put(out, bytes);
}

static enum cs_status
row_put(const struct cs_row *row, void *ctx)
{
	struct backup *backup = ctx;
	size_t size = row_size(row, backup->table);
	struct uk_writer out;
	enum cs_status st;

	if (backup->row.len < size) {
		st = cs_blob_room(&backup->row, size + 256);
		if (st != CS_OK)
			return st;
	}
	out = uk_writer_of(backup->row.ptr, backup->row.len);
	for (int i = 0; backup->table->columns[i].name != NULL; i++)
		field_put(&out, row, i, backup->table->columns[i].type);
	if (out.overflow)
		return CS_E_INTERNAL;
	return cs_record_put(&backup->file, 'R', uk_writer_span(&out));
}

static enum cs_status
table_put(struct cs_store *store, struct backup *backup, const struct cs_table *table)
{
	char columns[SQL_ROOM], sql[2 * SQL_ROOM], head[SQL_ROOM];
	struct uk_writer out = uk_writer_of(head, sizeof(head));
	struct cs_statement ask = {.sql = sql, .once = true, .each = row_put, .ctx = backup};
	enum cs_status st;

	backup->table = table;
	(void)columns_list(table, columns);
	(void)snprintf(sql, sizeof(sql), "SELECT %s FROM %s ORDER BY %s", columns, table->name,
		       table->key);
	uk_put(&out, uk_span_of(table->name, strlen(table->name) + 1));
	for (const struct cs_column *column = table->columns; column->name != NULL; column++)
		uk_put(&out, uk_span_of(column->name, strlen(column->name) + 1));
	st = cs_record_put(&backup->file, 'T', uk_writer_span(&out));
	return st == CS_OK ? cs_run(store, &ask) : st;
}

static enum cs_status
backup_body(struct cs_store *store, void *ctx)
{
	const struct cs_tables *tables = cs_schema_tables(store->schema);
	struct backup *backup = ctx;
	char head[64];
	int len = snprintf(head, sizeof(head), "%s%c%d", tables->name, '\0', tables->version);
	enum cs_status st =
		cs_record_put(&backup->file, 'S', uk_span_of(head, (size_t)(len > 0 ? len : 0)));

	for (size_t i = 0; i < tables->tables_len && st == CS_OK; i++)
		st = table_put(store, backup, &tables->tables[i]);
	return st;
}

enum cs_status
cs_store_backup(struct cs_store *store, const char *path)
{
	BACKUP backup = {.table = NULL};
	enum cs_status st = cs_record_create(path, &backup.file);

	if (st != CS_OK)
		return st;
	st = cs_store_view(store, backup_body, &backup);
	if (st == CS_OK)
		st = cs_record_finish(&backup.file);
	if (st != CS_OK)
		(void)unlink(path);
	return st;
}

/* Reads to the end, so that the digest has been seen before anything is believed. */
static enum cs_status
file_check(const char *path)
{
	BACKUP backup = {.table = NULL};
	enum cs_status st = cs_record_open(path, &backup.file);
	char kind = '\0';

	while (st == CS_OK && kind != 'E')
		st = cs_record_take(&backup.file, &kind, &backup.row);
	return st;
}

static enum cs_status
schema_check(struct cs_store *store, struct uk_span in)
{
	const struct cs_tables *tables = cs_schema_tables(store->schema);
	struct uk_span name, version;
	char text[16] = "";

	if (!uk_take_name(&in, &name) || !uk_take_name(&in, &version) ||
	    version.len >= sizeof(text) || !uk_span_equal(name, uk_span_str(tables->name)))
		return CS_E_SCHEMA;
	memcpy(text, version.ptr, version.len);
	return strtol(text, NULL, 10) <= tables->version ? CS_OK : CS_E_SCHEMA;
}

struct restore {
	char insert[2 * SQL_ROOM]; /* for the table whose rows are coming */
	enum cs_type types[CS_COLUMNS_MAX];
	size_t columns;
};

static const struct cs_column *
column_find(const struct cs_table *table, struct uk_span name)
{
	for (const struct cs_column *column = table->columns; column->name != NULL; column++)
		if (uk_span_equal(name, uk_span_str(column->name)))
			return column;
	return NULL;
}

static const struct cs_table *
table_find(const struct cs_tables *tables, struct uk_span name)
{
	for (size_t i = 0; i < tables->tables_len; i++)
		if (uk_span_equal(name, uk_span_str(tables->tables[i].name)))
			return &tables->tables[i];
	return NULL;
}

/* Only names of our own tables get into the statement. */
static enum cs_status
table_begin(struct cs_store *store, struct uk_span in, struct restore *ret)
{
	const struct cs_table *table;
	struct uk_span name;
	size_t len;

	if (!uk_take_name(&in, &name))
		return CS_E_CORRUPT;
	table = table_find(cs_schema_tables(store->schema), name);
	if (table == NULL)
		return CS_E_SCHEMA;
	ret->columns = 0;
	len = (size_t)snprintf(ret->insert, sizeof(ret->insert), "INSERT INTO %s (", table->name);
	while (uk_take_name(&in, &name)) {
		const struct cs_column *column = column_find(table, name);

		if (column == NULL || ret->columns == CS_COLUMNS_MAX)
			return CS_E_SCHEMA;
		len += (size_t)snprintf(ret->insert + len, sizeof(ret->insert) - len, "%s%s",
					ret->columns > 0 ? ", " : "", column->name);
		ret->types[ret->columns++] = column->type;
	}
	for (size_t i = 0; i < ret->columns; i++)
		len += (size_t)snprintf(ret->insert + len, sizeof(ret->insert) - len, "%s$%u",
					i > 0 ? ", " : ") VALUES (", (unsigned int)i + 1);
	(void)snprintf(ret->insert + len, sizeof(ret->insert) - len, ")");
	return CS_OK;
}

static bool
arg_of(const struct cs_field *field, enum cs_type type, struct cs_arg *ret)
{
	static const struct {
		char kind;
		enum cs_type type;
	} fits[] = {{'i', CS_TYPE_INT},
		    {'t', CS_TYPE_TEXT},
		    {'b', CS_TYPE_BYTES},
		    {'n', CS_TYPE_BYTES}};

	for (size_t i = 0; i < ARRAY_SIZE(fits); i++)
		if (fits[i].kind == field->kind && fits[i].type == type) {
			*ret = (struct cs_arg){(enum cs_arg_kind)type, field->number, field->bytes};
			return true;
		}
	return false;
}

static enum cs_status
row_restore(struct cs_store *store, struct uk_span in, const struct restore *restore)
{
	struct cs_arg args[CS_COLUMNS_MAX];
	struct cs_statement ask = {
		.sql = restore->insert, .once = true, .args = args, .args_len = restore->columns};
	struct cs_field field;

	for (size_t i = 0; i < restore->columns; i++)
		if (!cs_field_take(&in, &field) || !arg_of(&field, restore->types[i], &args[i]))
			return CS_E_CORRUPT;
	return in.len == 0 ? cs_run(store, &ask) : CS_E_CORRUPT;
}

static enum cs_status
empty_check(struct cs_store *store)
{
	const struct cs_tables *tables = cs_schema_tables(store->schema);

	for (size_t i = 0; i < tables->tables_len; i++) {
		char sql[128];
		struct cs_statement ask = {.sql = sql, .once = true};
		enum cs_status st;

		(void)snprintf(sql, sizeof(sql), "SELECT ca FROM %s LIMIT 1",
			       tables->tables[i].name);
		st = cs_run(store, &ask);
		if (st != CS_OK)
			return st;
		if (ask.rows > 0)
			return CS_E_EXISTS;
	}
	return CS_OK;
}

static enum cs_status
restore_body(struct cs_store *store, void *ctx)
{
	BACKUP backup = {.table = NULL};
	struct restore restore = {.columns = 0};
	enum cs_status st = empty_check(store);
	char kind = '\0';

	if (st == CS_OK)
		st = cs_record_open(ctx, &backup.file);
	while (st == CS_OK) {
		st = cs_record_take(&backup.file, &kind, &backup.row);
		if (st != CS_OK || kind == 'E')
			break;
		if (kind == 'S')
			st = schema_check(store, cs_blob_span(&backup.row));
		else if (kind == 'T')
			st = table_begin(store, cs_blob_span(&backup.row), &restore);
		else if (kind == 'R' && restore.columns > 0)
			st = row_restore(store, cs_blob_span(&backup.row), &restore);
		else
			st = CS_E_CORRUPT;
	}
	return st;
}

enum cs_status
cs_store_restore(struct cs_store *store, const char *path)
{
	union {
		const char *path;
		void *ctx;
	} file = {.path = path};
	enum cs_status st = file_check(path);

	return st == CS_OK ? cs_store_tx(store, restore_body, file.ctx) : st;
}
