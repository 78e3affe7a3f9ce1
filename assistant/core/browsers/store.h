/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What files were like before browsers were told of us: one folder for each file, with "before"
 * (missing: there was no file), "after", and "record".
 */
#ifndef OUK_CORE_BROWSERS_STORE_H
#define OUK_CORE_BROWSERS_STORE_H

#include "assistant/core/doctor/repair.h"

typedef enum {
	STORE_POLICY,   /* Firefox's policies.json */
	STORE_OWN,      /* a file of ours alone */
	STORE_NSS,      /* a list of modules */
	STORE_LEAF,     /* certificates of a data base */
	STORE_OVERRIDE, /* Firefox's list of servers that vouch for themselves */
	STORE_KINDS
} StoreKind;

typedef struct {
	char *name; /* of the folder in the store */
	StoreKind kind;
	char *path;
	guint mode;
	char *made;     /* the topmost folder that was made for it; "" when all were there */
	GBytes *before; /* NULL: there was no file */
	GBytes *after;
} StoreRow;

/* Of StoreRow; never NULL. */
GPtrArray *store_read(const char *store);
/* The row of a file; NULL. */
StoreRow *store_find(const GPtrArray *rows, const char *path);
/* Before the change is made. made: as above. OUK_E_FILE_WRITE. */
gboolean store_keep(const char *store, StoreKind kind, const OukFileChange *change,
		    const char *made, GError **error);
void store_drop(const char *store, const StoreRow *row);

/* The topmost folder on the way to the file that is not there yet; "" for none. Caller frees. */
char *store_missing_folder(const char *path);
/* Removes the folder of the file and those above, as far as `made`, when they are empty. */
void store_remove_folders(const StoreRow *row);

#endif
