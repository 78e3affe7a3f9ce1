/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was changed, so that it can be taken back byte by byte. One folder for each repair:
 * "record" and, for each file, copies "N.before" and "N.after" (none: the file was not there).
 */
#include "assistant/core/doctor/repair.h"
#include "assistant/core/errors.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#define GROUP      "undo"
#define FILES_MAX  16
#define NAME_WIDTH "%06u"

static char *
store_folder(void)
{
	return g_build_filename(g_get_user_state_dir(), "openukey", "undo", NULL);
}

/* The highest number of a record, 0 when there is none. */
static guint
newest_number(const char *store)
{
	g_autoptr(GDir) dir = g_dir_open(store, 0, NULL);
	const char *name;
	guint64 number;
	guint newest = 0;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
		if (g_ascii_string_to_unsigned(name, 10, 1, G_MAXUINT32 - 1, &number, NULL) &&
		    number > newest)
			newest = (guint)number;
	return newest;
}

/* ---- keeping ---- */

static gboolean
copy_keep(const char *folder, guint index, const char *which, GBytes *bytes, GError **error)
{
	g_autofree char *name = g_strdup_printf("%u.%s", index, which);
	g_autofree char *path = g_build_filename(folder, name, NULL);
	const char *data;
	gsize len;

	if (bytes == NULL)
		return TRUE;
	data = g_bytes_get_data(bytes, &len);
	return g_file_set_contents_full(
		path, data != NULL ? data : "", (gssize)len,
		G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

static gboolean
record_write(const char *folder, GKeyFile *record, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "record", NULL);

	return g_key_file_save_to_file(record, path, error);
}

static gboolean
record_fill(const OukRepair *repair, const char *folder, GKeyFile *record, GError **error)
{
	g_key_file_set_string(record, GROUP, "title", repair->title);
	for (guint i = 0; repair->files != NULL && i < repair->files->len; i++) {
		const OukFileChange *change = g_ptr_array_index(repair->files, i);
		g_autofree char *group = g_strdup_printf("%u", i);

		g_key_file_set_string(record, group, "path", change->path);
		g_key_file_set_integer(record, group, "mode", (int)change->mode);
		if (!copy_keep(folder, i, "before", change->before, error) ||
		    !copy_keep(folder, i, "after", change->after, error))
			return FALSE;
	}
	return record_write(folder, record, error);
}

char *
undo_keep(const OukRepair *repair, GError **error)
{
	g_autoptr(GKeyFile) record = g_key_file_new();
	g_autoptr(GError) reason = NULL;
	g_autofree char *store = store_folder();
	g_autofree char *name = g_strdup_printf(NAME_WIDTH, newest_number(store) + 1);
	g_autofree char *folder = g_build_filename(store, name, NULL);

	if (g_mkdir_with_parents(folder, 0700) == 0 && record_fill(repair, folder, record, &reason))
		return g_steal_pointer(&folder);
	ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", reason != NULL ? reason->message : folder);
	undo_drop(folder);
	return NULL;
}

gboolean
undo_finish(const char *folder, const char *root_id, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "record", NULL);
	g_autoptr(GKeyFile) record = g_key_file_new();

	if (root_id == NULL)
		return TRUE;
	if (*root_id == '\0') { /* nothing had to be changed */
		undo_drop(folder);
		return TRUE;
	}
	g_key_file_load_from_file(record, path, G_KEY_FILE_NONE, NULL);
	g_key_file_set_string(record, GROUP, "root", root_id);
	return record_write(folder, record, error);
}

void
undo_drop(const char *folder)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
		g_ptr_array_add(names, g_build_filename(folder, name, NULL));
	for (guint i = 0; i < names->len; i++)
		g_unlink(g_ptr_array_index(names, i));
	g_rmdir(folder);
}

/* ---- taking back ---- */

static GBytes *
copy_read(const char *folder, guint index, const char *which)
{
	g_autofree char *name = g_strdup_printf("%u.%s", index, which);
	g_autofree char *path = g_build_filename(folder, name, NULL);
	char *text;
	gsize len;

	return g_file_get_contents(path, &text, &len, NULL) ? g_bytes_new_take(text, len) : NULL;
}

/* The change backwards: what came after is what must be there now. */
static gboolean
add_backwards(OukRepair *repair, const char *folder, GKeyFile *record, guint index)
{
	g_autofree char *group = g_strdup_printf("%u", index);
	g_autofree char *path = g_key_file_get_string(record, group, "path", NULL);
	OukFileChange *change;

	if (path == NULL)
		return FALSE;
	if (repair->files == NULL)
		repair->files = g_ptr_array_new_with_free_func(change_free);
	change = g_new0(OukFileChange, 1);
	change->path = g_steal_pointer(&path);
	change->before = copy_read(folder, index, "after");
	change->after = copy_read(folder, index, "before");
	change->mode = (guint)g_key_file_get_integer(record, group, "mode", NULL);
	g_ptr_array_add(repair->files, change);
	return TRUE;
}

/* Reads a record; FALSE when there is nothing in it to be taken back. */
static gboolean
record_read(OukRepair *repair, const char *folder)
{
	g_autoptr(GKeyFile) record = g_key_file_new();
	g_autofree char *path = g_build_filename(folder, "record", NULL);
	g_autofree char *root = NULL;

	if (!g_key_file_load_from_file(record, path, G_KEY_FILE_NONE, NULL))
		return FALSE;
	for (guint i = 0; i < FILES_MAX && add_backwards(repair, folder, record, i); i++)
		continue;
	root = g_key_file_get_string(record, GROUP, "root", NULL);
	if (root != NULL) {
		const char *const words[] = {"undo", root, NULL};

		repair->root = g_strdupv((char **)(uintptr_t)words);
	}
	return repair->files != NULL || root != NULL;
}

/* Whether the files already are as before: the repair was never made, or undone by hand. */
static gboolean
is_undone(GPtrArray *files)
{
	for (guint i = 0; i < files->len; i++) {
		OukFileChange backwards = *(OukFileChange *)g_ptr_array_index(files, i);

		backwards.before = backwards.after;
		if (!change_check(&backwards, NULL))
			return FALSE;
	}
	return TRUE;
}

gboolean
undo_plan(OukRepair *repair, GError **error)
{
	g_autofree char *store = store_folder();
	guint number;

	while ((number = newest_number(store)) > 0) {
		g_autofree char *name = g_strdup_printf(NAME_WIDTH, number);
		g_autofree char *folder = g_build_filename(store, name, NULL);

		if (record_read(repair, folder) &&
		    (repair->files == NULL || !is_undone(repair->files))) {
			for (guint i = 0; repair->files != NULL && i < repair->files->len; i++)
				if (!change_check(g_ptr_array_index(repair->files, i), error))
					return FALSE;
			repair->undoes = g_steal_pointer(&folder);
			return TRUE;
		}
		g_clear_pointer(&repair->files, g_ptr_array_unref);
		undo_drop(folder);
		if (newest_number(store) == number) /* it cannot be removed */
			break;
	}
	return ouk_fail(error, OUK_E_NOTHING_TO_UNDO);
}
