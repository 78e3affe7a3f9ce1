/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/cli/cli.h"
#include "assistant/core/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

void
cli_print_json(JsonNode *root)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autofree char *text = NULL;

	json_generator_set_pretty(generator, TRUE);
	json_generator_set_root(generator, root);
	text = json_generator_to_data(generator, NULL);
	g_print("%s\n", text);
	json_node_unref(root);
}

int
cli_report(const GError *error)
{
	const OukErrorRow *row = ouk_error_row(error);

	g_printerr("ukey: %s\n      %s [%s]\n", error->message, _(row->cure), row->name);
	return row->exit;
}

static gboolean
write_all(int fd, GBytes *bytes)
{
	gsize len = 0;
	const guint8 *at = g_bytes_get_data(bytes, &len);

	while (len > 0) {
		ssize_t done = write(fd, at, len);

		if (done < 0)
			return FALSE;
		at += done;
		len -= (gsize)done;
	}
	return TRUE;
}

gboolean
cli_write(const char *path, GBytes *bytes, gboolean force, GError **error)
{
	int fd, saved;
	gboolean done;

	if (path == NULL || strcmp(path, "-") == 0)
		return write_all(STDOUT_FILENO, bytes) || ouk_fail(error, OUK_E_FILE_WRITE);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL), 0644);
	if (fd < 0 && errno == EEXIST)
		return ouk_fail_with(error, OUK_E_FILE_EXISTS, "(%s)", path);
	if (fd < 0)
		return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s: %s)", path, g_strerror(errno));
	done = write_all(fd, bytes);
	saved = errno;
	if (close(fd) != 0 && done) {
		saved = errno;
		done = FALSE;
	}
	return done || ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s: %s)", path, g_strerror(saved));
}

static GBytes *
read_stdin(GError **error)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	guint8 part[4096];
	ssize_t got;

	while ((got = read(STDIN_FILENO, part, sizeof(part))) > 0)
		g_byte_array_append(all, part, (guint)got);
	if (got < 0) {
		ouk_fail(error, OUK_E_FILE_READ);
		return NULL;
	}
	return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

GBytes *
cli_read(const char *path, GError **error)
{
	g_autoptr(GError) reason = NULL;
	g_autoptr(GMappedFile) file = NULL;

	if (strcmp(path, "-") == 0)
		return read_stdin(error);
	file = g_mapped_file_new(path, FALSE, &reason);
	if (file == NULL) {
		ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", reason->message);
		return NULL;
	}
	return g_mapped_file_get_bytes(file);
}
