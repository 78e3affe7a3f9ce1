/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables as data: what CREATE TABLE, ALTER TABLE and the backup are made from.  A new version
 * adds columns or tables with its number; nothing is ever renamed or reused.
 */
#ifndef CS_STORE_SCHEMA_H
#define CS_STORE_SCHEMA_H

#include "service/store/engine.h"

/* Texts and numbers are NOT NULL and begin as '' and 0; bytes may be NULL. */
enum cs_type { CS_TYPE_INT, CS_TYPE_TEXT, CS_TYPE_BYTES };

#define CS_COLUMNS_MAX 20

struct cs_column {
	const char *name; /* NULL ends the list */
	enum cs_type type;
	int since; /* version that added it; 0 counts as 1 */
};

struct cs_table {
	const char *name;
	struct cs_column columns[CS_COLUMNS_MAX];
	const char *key;    /* columns of the primary key; backups are sorted by it */
	const char *unique; /* columns, or NULL */
	const char *index;  /* columns, or NULL */
	int since;
};

struct cs_tables {
	const char *name; /* written into the database, so that nobody opens another's */
	int version;
	const struct cs_table *tables;
	size_t tables_len;
};

const struct cs_tables *cs_schema_tables(enum cs_schema schema);

/* Brings the database from whatever it is at to the tables' version, in one transaction. */
UK_CHECKED enum cs_status cs_tables_migrate(struct cs_store *store, const struct cs_tables *tables);
UK_CHECKED enum cs_status cs_schema_migrate(struct cs_store *store);

#endif
