/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes to files that belong to the user. */
#include "assistant/core/doctor/repair.h"
#include "assistant/core/errors.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MODE 0600
#define LINES_MAX 200 /* more are not shown one by one */

void
change_free(gpointer data)
{
	OukFileChange *change = data;

	g_free(change->path);
	g_clear_pointer(&change->before, g_bytes_unref);
	g_clear_pointer(&change->after, g_bytes_unref);
	g_free(change);
}

/* NULL with no error: there is no such file. */
static GBytes *
file_read(const char *path, GError **error)
{
	g_autoptr(GError) reason = NULL;
	char *text = NULL;
	gsize len;

	if (g_file_get_contents(path, &text, &len, &reason))
		return g_bytes_new_take(text, len);
	if (!g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", reason->message);
	return NULL;
}

gboolean
change_add(OukRepair *repair, const char *path, GBytes *after, GError **error)
{
	g_autoptr(GError) reason = NULL;
	OukFileChange *change = g_new0(OukFileChange, 1);
	GStatBuf file;

	if (repair->files == NULL)
		repair->files = g_ptr_array_new_with_free_func(change_free);
	change->path = g_strdup(path);
	change->mode = g_stat(path, &file) == 0 ? file.st_mode & 0777 : FILE_MODE;
	change->before = file_read(path, &reason);
	change->after = after;
	g_ptr_array_add(repair->files, change);
	if (reason == NULL)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&reason));
	return FALSE;
}

/* ---- showing it ---- */

static void
add_lines(GString *text, char mark, char **lines, guint from, guint to)
{
	for (guint i = from; i < to; i++)
		g_string_append_printf(text, "%c%s\n", mark, lines[i]);
}

static char **
lines_of(GBytes *bytes)
{
	g_autofree char *text = NULL;
	gsize len = 0;
	const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

	text = g_utf8_make_valid(data != NULL ? data : "", (gssize)len);
	if (g_str_has_suffix(text, "\n"))
		text[strlen(text) - 1] = '\0';
	return *text == '\0' ? g_new0(char *, 1) : g_strsplit(text, "\n", -1);
}

/* What is the same at both ends is left out. */
static void
add_difference(GString *text, const OukFileChange *change)
{
	g_auto(GStrv) old_lines = lines_of(change->before);
	g_auto(GStrv) new_lines = lines_of(change->after);
	guint old_count = g_strv_length(old_lines), new_count = g_strv_length(new_lines);
	guint first = 0, last = 0, most = MIN(old_count, new_count);

	while (first < most && strcmp(old_lines[first], new_lines[first]) == 0)
		first++;
	while (last < most - first &&
	       strcmp(old_lines[old_count - last - 1], new_lines[new_count - last - 1]) == 0)
		last++;
	if (old_count + new_count - 2 * (first + last) > LINES_MAX) {
		g_string_append_printf(text, _("(%u lines go, %u come)\n"),
				       old_count - first - last, new_count - first - last);
		return;
	}
	g_string_append_printf(text, "@@ %u @@\n", first + 1);
	add_lines(text, '-', old_lines, first, old_count - last);
	add_lines(text, '+', new_lines, first, new_count - last);
}

/* A data base is not shown line by line. */
static gboolean
is_text(GBytes *bytes)
{
	gsize len = 0;
	const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

	return data == NULL || memchr(data, '\0', len) == NULL;
}

char *
change_text(GPtrArray *files)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < files->len; i++) {
		const OukFileChange *change = g_ptr_array_index(files, i);

		g_string_append_printf(text, "--- %s\n",
				       change->before != NULL ? change->path : _("(no file)"));
		g_string_append_printf(text, "+++ %s\n",
				       change->after != NULL ? change->path : _("(no file)"));
		if (is_text(change->before) && is_text(change->after))
			add_difference(text, change);
		else
			g_string_append_printf(
				text, _("(%zu bytes)\n"),
				change->after != NULL ? g_bytes_get_size(change->after) : 0);
	}
	return g_string_free(text, FALSE);
}

/* ---- making it ---- */

gboolean
change_check(const OukFileChange *change, GError **error)
{
	g_autoptr(GError) reason = NULL;
	g_autoptr(GBytes) now = file_read(change->path, &reason);

	if (reason != NULL) {
		g_propagate_error(error, g_steal_pointer(&reason));
		return FALSE;
	}
	if ((now == NULL) != (change->before == NULL) ||
	    (now != NULL && !g_bytes_equal(now, change->before)))
		return ouk_fail_with(error, OUK_E_CHANGED_SINCE, "(%s)", change->path);
	return TRUE;
}

gboolean
change_make(const OukFileChange *change, GError **error)
{
	g_autoptr(GError) reason = NULL;
	g_autofree char *folder = g_path_get_dirname(change->path);
	const char *data;
	gsize len;

	if (change->after == NULL) {
		if (g_unlink(change->path) == 0 || errno == ENOENT)
			return TRUE;
		return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s: %s)", change->path,
				     g_strerror(errno));
	}
	data = g_bytes_get_data(change->after, &len);
	if (g_mkdir_with_parents(folder, 0755) == 0 &&
	    g_file_set_contents_full(change->path, data != NULL ? data : "", (gssize)len,
				     G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				     (int)change->mode, &reason))
		return g_chmod(change->path, change->mode) == 0 ||
		       ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", change->path);
	return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)",
			     reason != NULL ? reason->message : folder);
}
