/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/wipe.h"

#include "common/secret.h"

#include <string.h>

/* json-glib keeps the text as a copy of its own, which it gives out as const. */
static void
text_wipe(JsonNode *node)
{
	const char *text = json_node_get_string(node);

	if (text != NULL)
		uk_wipe((char *)(uintptr_t)text, strlen(text));
}

static void
value_wipe(JsonNode *node)
{
	if (node == NULL || !JSON_NODE_HOLDS_VALUE(node))
		return;
	if (json_node_get_value_type(node) == G_TYPE_STRING)
		text_wipe(node);
	else if (json_node_get_value_type(node) == G_TYPE_INT64)
		json_node_set_int(node, 0);
	else if (json_node_get_value_type(node) == G_TYPE_DOUBLE)
		json_node_set_double(node, 0);
}

static void
members_wipe(JsonObject *object, const char *names)
{
	g_auto(GStrv) each = g_strsplit(names, " ", -1);

	for (gsize i = 0; each[i] != NULL; i++)
		value_wipe(json_object_get_member(object, each[i]));
}

void
wipe_pins(JsonArray *args, const OukFamilyRow *row)
{
	guint count = json_array_get_length(args);

	for (guint i = 0; i < count && i < 32; i++) {
		JsonNode *node = json_array_get_element(args, i);

		if ((row->pins & (1U << i)) != 0)
			wipe_node(node);
		else if (row->pin_members != NULL && JSON_NODE_HOLDS_OBJECT(node))
			members_wipe(json_node_get_object(node), row->pin_members);
	}
}

static void
element_wipe(JsonArray *array, guint at, JsonNode *node, gpointer data)
{
	wipe_node(node);
}

static void
member_wipe(JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
	wipe_node(node);
}

void
wipe_node(JsonNode *node)
{
	if (node == NULL)
		return;
	if (JSON_NODE_HOLDS_ARRAY(node))
		json_array_foreach_element(json_node_get_array(node), element_wipe, NULL);
	else if (JSON_NODE_HOLDS_OBJECT(node))
		json_object_foreach_member(json_node_get_object(node), member_wipe, NULL);
	else
		value_wipe(node);
}
