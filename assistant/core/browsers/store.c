/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/browsers/store.h"

#include "assistant/core/errors.h"

#include <glib/gstdio.h>
#include <string.h>

#define GROUP    "file"
#define ROWS_MAX 200

static const char *const kinds[STORE_KINDS] = {
	[STORE_POLICY] = "policy",      [STORE_OWN] = "own",
	[STORE_NSS] = "modules",        [STORE_LEAF] = "certificates",
	[STORE_OVERRIDE] = "overrides",
};

static void
row_free(gpointer data)
{
	StoreRow *row = data;

	g_free(row->name);
	g_free(row->path);
	g_free(row->made);
	g_clear_pointer(&row->before, g_bytes_unref);
	g_clear_pointer(&row->after, g_bytes_unref);
	g_free(row);
}

static GBytes *
copy_read(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	char *data;
	gsize len;

	return g_file_get_contents(path, &data, &len, NULL) ? g_bytes_new_take(data, len) : NULL;
}

static gboolean
kind_of(const char *name, StoreKind *ret)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (g_strcmp0(kinds[i], name) != 0)
			continue;
		*ret = (StoreKind)i;
		return TRUE;
	}
	return FALSE;
}

/* NULL for a folder that was left half written. */
static StoreRow *
row_read(const char *store, const char *name)
{
	g_autoptr(GKeyFile) record = g_key_file_new();
	g_autofree char *folder = g_build_filename(store, name, NULL);
	g_autofree char *path = g_build_filename(folder, "record", NULL);
	g_autofree char *kind = NULL;
	StoreRow *row = g_new0(StoreRow, 1);

	row->name = g_strdup(name);
	row->after = copy_read(folder, "after");
	row->before = copy_read(folder, "before");
	if (g_key_file_load_from_file(record, path, G_KEY_FILE_NONE, NULL)) {
		kind = g_key_file_get_string(record, GROUP, "kind", NULL);
		row->path = g_key_file_get_string(record, GROUP, "path", NULL);
		row->made = g_key_file_get_string(record, GROUP, "made", NULL);
		row->mode = (guint)g_key_file_get_integer(record, GROUP, "mode", NULL) & 0777;
	}
	if (row->path != NULL && row->made != NULL && row->after != NULL &&
	    kind_of(kind, &row->kind))
		return row;
	row_free(row);
	return NULL;
}

GPtrArray *
store_read(const char *store)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
	g_autoptr(GDir) dir = g_dir_open(store, 0, NULL);
	const char *name;

	while (dir != NULL && rows->len < ROWS_MAX && (name = g_dir_read_name(dir)) != NULL) {
		StoreRow *row = row_read(store, name);

		if (row != NULL)
			g_ptr_array_add(rows, row);
	}
	return rows;
}

StoreRow *
store_find(const GPtrArray *rows, const char *path)
{
	for (guint i = 0; i < rows->len; i++) {
		StoreRow *row = g_ptr_array_index(rows, i);

		if (strcmp(row->path, path) == 0)
			return row;
	}
	return NULL;
}

static gboolean
copy_write(const char *folder, const char *name, GBytes *bytes, GError **error)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	gsize len;
	const char *data;

	if (bytes == NULL) {
		g_unlink(path);
		return TRUE;
	}
	data = g_bytes_get_data(bytes, &len);
	return g_file_set_contents_full(
		path, data != NULL ? data : "", (gssize)len,
		G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

gboolean
store_keep(const char *store, StoreKind kind, const OukFileChange *change, const char *made,
	   GError **error)
{
	g_autofree char *name = g_compute_checksum_for_string(G_CHECKSUM_SHA256, change->path, -1);
	g_autofree char *folder = g_build_filename(store, name, NULL);
	g_autofree char *path = g_build_filename(folder, "record", NULL);
	g_autoptr(GKeyFile) record = g_key_file_new();
	g_autoptr(GError) reason = NULL;

	g_key_file_set_string(record, GROUP, "kind", kinds[kind]);
	g_key_file_set_string(record, GROUP, "path", change->path);
	g_key_file_set_string(record, GROUP, "made", made);
	g_key_file_set_integer(record, GROUP, "mode", (int)change->mode);
	if (g_mkdir_with_parents(folder, 0700) == 0 &&
	    copy_write(folder, "before", change->before, &reason) &&
	    copy_write(folder, "after", change->after, &reason) &&
	    g_key_file_save_to_file(record, path, &reason))
		return TRUE;
	return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)",
			     reason != NULL ? reason->message : folder);
}

void
store_drop(const char *store, const StoreRow *row)
{
	static const char *const names[] = {"record", "before", "after"};
	g_autofree char *folder = g_build_filename(store, row->name, NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(folder, names[i], NULL);

		g_unlink(path);
	}
	g_rmdir(folder);
	g_rmdir(store);
}

char *
store_missing_folder(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	char *missing = g_strdup("");

	while (!g_file_test(folder, G_FILE_TEST_EXISTS)) {
		char *above = g_path_get_dirname(folder);

		g_free(missing);
		missing = g_steal_pointer(&folder);
		folder = above;
	}
	return missing;
}

void
store_remove_folders(const StoreRow *row)
{
	g_autofree char *folder = g_path_get_dirname(row->path);

	if (*row->made == '\0')
		return;
	while (g_str_has_prefix(folder, row->made) && g_rmdir(folder) == 0) {
		char *above = g_path_get_dirname(folder);

		g_free(folder);
		folder = above;
	}
}
