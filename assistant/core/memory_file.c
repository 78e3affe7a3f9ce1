/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/memory_file.h"

#include "assistant/core/cert.h"
#include "assistant/core/errors.h"
#include "assistant/core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FILE_MAX  (4 * 1024 * 1024)
#define ROWS_MAX  1000
#define LOCK_NAME ".lock"
#define VERSION   1

static void
row_free(MemoryRow *row)
{
	g_free(row->id);
	g_free(row->key_id);
	g_free(row->serial_end);
	g_free(row->label);
	g_free(row->name);
	g_clear_pointer(&row->sign, g_bytes_unref);
	g_clear_pointer(&row->encrypt, g_bytes_unref);
	g_free(row);
}

void
memory_data_init(MemoryData *data)
{
	data->rows = g_ptr_array_new_with_free_func((GDestroyNotify)row_free);
	data->nicknames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void
memory_data_clear(MemoryData *data)
{
	g_clear_pointer(&data->rows, g_ptr_array_unref);
	g_clear_pointer(&data->nicknames, g_hash_table_unref);
}

/* ---- the lock ---- */

int
memory_file_lock(const char *dir, GError **error)
{
	g_autofree char *path = g_build_filename(dir, LOCK_NAME, NULL);
	int fd = -1;

	if (g_mkdir_with_parents(dir, 0700) == 0)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s: %s)", dir, g_strerror(errno));
		return -1;
	}
	while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
		;
	return fd;
}

void
memory_file_unlock(const int *lock)
{
	if (*lock >= 0)
		close(*lock);
}

/* ---- reading ---- */

/* "" when it is missing or no string; both are what a damaged file may have. */
static char *
text_member(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);
	const char *text =
		node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

	return text != NULL ? ouk_text_of(text, strlen(text)) : g_strdup("");
}

static gint64
number_member(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;
}

/* NULL unless it is a certificate; the fingerprint goes to *ret_id. */
static GBytes *
certificate_member(JsonObject *object, const char *name, char **ret_id)
{
	g_autofree char *text = text_member(object, name);
	g_autofree guchar *der = NULL;
	g_autoptr(X509) x509 = NULL;
	const unsigned char *at;
	gsize len = 0;

	if (*text == '\0')
		return NULL;
	der = g_base64_decode(text, &len);
	at = der;
	x509 = d2i_X509(NULL, &at, (long)len);
	ERR_clear_error();
	if (x509 == NULL)
		return NULL;
	if (*ret_id == NULL)
		*ret_id = ouk_x509_fingerprint(x509, "SHA256");
	return g_bytes_new_take(g_steal_pointer(&der), len);
}

static gboolean
row_read(JsonNode *node, MemoryData *data)
{
	JsonObject *object;
	MemoryRow *row;

	if (!JSON_NODE_HOLDS_OBJECT(node) || data->rows->len >= ROWS_MAX)
		return FALSE;
	object = json_node_get_object(node);
	row = g_new0(MemoryRow, 1);
	row->sign = certificate_member(object, "sign", &row->id);
	row->encrypt = certificate_member(object, "encrypt", &row->id);
	if (row->id == NULL) {
		row_free(row);
		return FALSE;
	}
	row->key_id = text_member(object, "key");
	row->serial_end = text_member(object, "serial_end");
	row->label = text_member(object, "label");
	row->name = text_member(object, "container");
	row->seen = number_member(object, "seen");
	row->reminded = (guint)number_member(object, "reminded");
	g_ptr_array_add(data->rows, row);
	return TRUE;
}

static gboolean
rows_read(JsonObject *root, MemoryData *data)
{
	JsonNode *node = json_object_get_member(root, "certificates");
	gboolean good = TRUE;
	JsonArray *array;

	if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
		return FALSE;
	array = json_node_get_array(node);
	for (guint i = 0; i < json_array_get_length(array); i++)
		good = row_read(json_array_get_element(array, i), data) && good;
	return good;
}

static gboolean
nicknames_read(JsonObject *root, MemoryData *data)
{
	JsonNode *node = json_object_get_member(root, "nicknames");
	JsonObjectIter iter;
	const char *key_id;

	if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
		return FALSE;
	json_object_iter_init(&iter, json_node_get_object(node));
	while (json_object_iter_next(&iter, &key_id, NULL))
		g_hash_table_replace(data->nicknames, g_strdup(key_id),
				     text_member(json_node_get_object(node), key_id));
	return TRUE;
}

/* Takes what can be understood; FALSE when that is not all. */
static gboolean
text_read(const char *text, gsize len, MemoryData *data)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonNode *root;
	JsonObject *object;
	gboolean good;

	if (!json_parser_load_from_data(parser, text, (gssize)len, NULL))
		return FALSE;
	root = json_parser_get_root(parser);
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
		return FALSE;
	object = json_node_get_object(root);
	good = number_member(object, "version") == VERSION;
	good = rows_read(object, data) && good;
	return nicknames_read(object, data) && good;
}

/* Renames the file; NULL when even that fails. */
static char *
put_aside(const char *path)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *stamp = g_date_time_format(now, "%Y%m%d-%H%M%S");

	for (guint i = 0; i < 100; i++) {
		g_autofree char *aside = g_strdup_printf("%s.damaged-%s-%u", path, stamp, i);

		if (link(path, aside) == 0) {
			(void)unlink(path);
			return g_steal_pointer(&aside);
		}
		if (errno != EEXIST)
			break;
	}
	return NULL;
}

static gboolean
file_load(const char *path, char **ret_text, gsize *ret_len, GError **error)
{
	g_autoptr(GError) reason = NULL;
	GStatBuf status;

	if (g_stat(path, &status) == 0 && status.st_size > FILE_MAX)
		return ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", path);
	if (g_file_get_contents(path, ret_text, ret_len, &reason))
		return TRUE;
	if (g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		*ret_text = NULL;
		return TRUE;
	}
	return ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", reason->message);
}

gboolean
memory_file_read(const char *dir, const char *path, MemoryData *ret, char **ret_aside,
		 GError **error)
{
	g_autofree char *text = NULL;
	gsize len = 0;

	if (!file_load(path, &text, &len, error))
		return FALSE;
	memory_data_init(ret);
	if (text == NULL || text_read(text, len, ret))
		return TRUE;
	*ret_aside = put_aside(path);
	if (*ret_aside == NULL) {
		memory_data_clear(ret);
		return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s: %s)", path, g_strerror(errno));
	}
	/* If this fails the next change writes it; the damaged one is safe already. */
	if (ret->rows->len > 0 || g_hash_table_size(ret->nicknames) > 0)
		(void)memory_file_write(dir, path, ret, NULL);
	return TRUE;
}

/* ---- writing ---- */

static void
put_text(JsonBuilder *json, const char *name, const char *text)
{
	json_builder_set_member_name(json, name);
	json_builder_add_string_value(json, text);
}

static void
put_number(JsonBuilder *json, const char *name, gint64 value)
{
	json_builder_set_member_name(json, name);
	json_builder_add_int_value(json, value);
}

static void
put_bytes(JsonBuilder *json, const char *name, GBytes *bytes)
{
	gsize len = 0;
	const guchar *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
	g_autofree char *text = data != NULL ? g_base64_encode(data, len) : NULL;

	if (text != NULL)
		put_text(json, name, text);
}

static void
put_row(JsonBuilder *json, const MemoryRow *row)
{
	json_builder_begin_object(json);
	put_text(json, "key", row->key_id);
	put_text(json, "serial_end", row->serial_end);
	put_text(json, "label", row->label);
	put_text(json, "container", row->name);
	put_number(json, "seen", row->seen);
	put_number(json, "reminded", row->reminded);
	put_bytes(json, "sign", row->sign);
	put_bytes(json, "encrypt", row->encrypt);
	json_builder_end_object(json);
}

static char *
text_of_data(const MemoryData *data)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	GHashTableIter iter;
	gpointer key_id, nickname;

	json_builder_begin_object(json);
	put_number(json, "version", VERSION);
	json_builder_set_member_name(json, "certificates");
	json_builder_begin_array(json);
	for (guint i = 0; i < data->rows->len; i++)
		put_row(json, g_ptr_array_index(data->rows, i));
	json_builder_end_array(json);
	json_builder_set_member_name(json, "nicknames");
	json_builder_begin_object(json);
	g_hash_table_iter_init(&iter, data->nicknames);
	while (g_hash_table_iter_next(&iter, &key_id, &nickname))
		put_text(json, key_id, nickname);
	json_builder_end_object(json);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	return json_to_string(root, TRUE);
}

/* The new name of the file is on the disk too. */
static void
dir_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

gboolean
memory_file_write(const char *dir, const char *path, const MemoryData *data, GError **error)
{
	g_autofree char *text = text_of_data(data);
	g_autoptr(GError) reason = NULL;

	if (!g_file_set_contents_full(path, text, -1,
				      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				      0600, &reason))
		return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", reason->message);
	dir_sync(dir);
	return TRUE;
}
