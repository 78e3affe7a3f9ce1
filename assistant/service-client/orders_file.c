/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/service-client/orders_file.h"

#include "assistant/core/errors.h"
#include "assistant/core/profile_json.h"

#include <stddef.h>
#include <string.h>

#define FILE_NAME "orders.json"
#define FILE_MAX  (1024 * 1024)
#define ROWS_MAX  1000U
#define TEXT_MAX  200

static const struct {
	const char *name;
	gsize offset;
} texts[] = {
#define AT(field) #field, offsetof(OrdersRow, field)
	{AT(profile)}, {AT(id)}, {AT(number)}, {AT(kind)}, {AT(serial)}, {AT(key)},
#undef AT
};

static char **
text_at(OrdersRow *row, gsize index)
{
	return (char **)(void *)((char *)row + texts[index].offset);
}

OrdersRow *
orders_row_new(void)
{
	OrdersRow *row = g_new0(OrdersRow, 1);

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		*text_at(row, i) = g_strdup("");
	return row;
}

void
orders_row_free(OrdersRow *row)
{
	if (row == NULL)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(*text_at(row, i));
	g_free(row);
}

static char *
path_of(const char *dir)
{
	return g_build_filename(dir, FILE_NAME, NULL);
}

static void
row_read(JsonNode *node, GPtrArray *rows)
{
	JsonObject *object;
	OrdersRow *row;

	if (!JSON_NODE_HOLDS_OBJECT(node))
		return;
	object = json_node_get_object(node);
	row = orders_row_new();
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		const char *text =
			json_object_get_string_member_with_default(object, texts[i].name, "");

		if (text == NULL || strlen(text) > TEXT_MAX)
			continue;
		g_free(*text_at(row, i));
		*text_at(row, i) = g_strdup(text);
	}
	row->made = json_object_get_int_member_with_default(object, "made", 0);
	g_ptr_array_add(rows, row);
}

GPtrArray *
orders_file_read(const char *dir)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)orders_row_free);
	g_autofree char *path = path_of(dir);
	g_autofree char *text = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(JsonObject) root = NULL;
	JsonNode *node;
	JsonArray *list;
	gsize len = 0;

	if (!g_file_get_contents(path, &text, &len, NULL) || len == 0 || len > FILE_MAX)
		return rows;
	bytes = g_bytes_new(text, len);
	root = profile_json_parse(bytes);
	node = root != NULL ? json_object_get_member(root, "orders") : NULL;
	if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
		return rows;
	list = json_node_get_array(node);
	for (guint i = 0; i < MIN(json_array_get_length(list), ROWS_MAX); i++)
		row_read(json_array_get_element(list, i), rows);
	return rows;
}

static JsonObject *
object_of(OrdersRow *row)
{
	JsonObject *object = json_object_new();

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		json_object_set_string_member(object, texts[i].name, *text_at(row, i));
	json_object_set_int_member(object, "made", row->made);
	return object;
}

gboolean
orders_file_write(const char *dir, const GPtrArray *rows, GError **error)
{
	g_autofree char *path = path_of(dir);
	g_autofree char *text = NULL;
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
	JsonObject *root = json_object_new();
	JsonArray *list = json_array_new();

	for (guint i = 0; i < rows->len; i++)
		json_array_add_object_element(list, object_of(g_ptr_array_index(rows, i)));
	json_object_set_int_member(root, "version", 1);
	json_object_set_array_member(root, "orders", list);
	json_node_take_object(node, root);
	text = json_to_string(node, TRUE);
	return g_file_set_contents_full(
		       path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
		       0600, NULL) ||
	       ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", path);
}
