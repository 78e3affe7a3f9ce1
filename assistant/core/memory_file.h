/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OukMemory's file. */
#ifndef OUK_CORE_MEMORY_FILE_H
#define OUK_CORE_MEMORY_FILE_H

#include <glib.h>

typedef struct {
	char *id, *key_id, *serial_end, *label, *name;
	GBytes *sign, *encrypt; /* DER; at least one */
	gint64 seen;
	guint reminded;
} MemoryRow;

typedef struct {
	GPtrArray *rows;       /* of MemoryRow */
	GHashTable *nicknames; /* key_id -> nickname */
} MemoryData;

void memory_data_init(MemoryData *data);
void memory_data_clear(MemoryData *data);

/* So that one program of the user at a time changes the file. -1 on failure: OUK_E_FILE_WRITE. */
int memory_file_lock(const char *dir, GError **error);
void memory_file_unlock(const int *lock);

/*
 * A missing file is empty. One with anything in it that is not understood is renamed, *ret_aside
 * says to what (the caller frees), and what was understood stays in a new one. Data is initialised
 * on success only. OUK_E_FILE_READ.
 */
gboolean memory_file_read(const char *dir, const char *path, MemoryData *ret, char **ret_aside,
			  GError **error);
/* Whole or not at all, and on the disk when it returns. OUK_E_FILE_WRITE. */
gboolean memory_file_write(const char *dir, const char *path, const MemoryData *data,
			   GError **error);

#endif
