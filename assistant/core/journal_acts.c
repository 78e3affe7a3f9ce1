/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal as people read it. */
#include "assistant/core/journal.h"

static JsonObject *
act_read(const char *line)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonNode *root = NULL;

	if (json_parser_load_from_data(parser, line, -1, NULL))
		root = json_parser_get_root(parser);
	return root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_node_dup_object(root)
							    : json_object_new();
}

static gint64
number_of(JsonObject *act, const char *name)
{
	return json_object_get_int_member_with_default(act, name, 0);
}

static gboolean
is_begun(JsonObject *act)
{
	return g_strcmp0(json_object_get_string_member_with_default(act, "result", ""),
			 OUK_JOURNAL_BEGUN) == 0;
}

GPtrArray *
ouk_journal_acts(guint most, GError **error)
{
	/* each may have two lines */
	const guint enough = most > G_MAXUINT / 2 ? 0 : most * 2;
	g_autoptr(GPtrArray) lines = ouk_journal_lines(enough, error);
	g_autoptr(GHashTable) ended =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	g_autoptr(GPtrArray) acts = NULL;

	if (lines == NULL)
		return NULL;
	acts = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
	/* from the newest: an end comes behind its beginning */
	for (guint i = lines->len; i > 0 && (most == 0 || acts->len < most); i--) {
		JsonObject *act = act_read(g_ptr_array_index(lines, i - 1));
		gint64 number = number_of(act, "n"), begun = number_of(act, "begun");

		if (begun > 0)
			g_hash_table_add(ended, g_memdup2(&begun, sizeof(begun)));
		if (is_begun(act) && g_hash_table_contains(ended, &number))
			json_object_unref(act);
		else
			g_ptr_array_insert(acts, 0, act);
	}
	return g_steal_pointer(&acts);
}
