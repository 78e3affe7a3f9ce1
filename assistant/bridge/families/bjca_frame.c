/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/bjca_frame.h"

#include "assistant/bridge/families/json_text.h"

#include <string.h>

gboolean
ouk_is_function_name(const char *text, gsize len)
{
	if (len == 0 || len > OUK_BJCA_FUNCTION_MAX)
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isalnum(text[i]) && text[i] != '_')
			return FALSE;
	return TRUE;
}

/* The scripts say it several times, and not all versions say it in all places. */
static const char *
function_of(JsonObject *object)
{
	static const char *const names[] = {"xtx_func_name", "func"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *text = ouk_json_member(object, names[i], OUK_BJCA_FUNCTION_MAX);

		if (text != NULL && ouk_is_function_name(text, strlen(text)))
			return text;
	}
	return NULL;
}

static gboolean
arg_add(JsonArray *args, JsonNode *node)
{
	if (json_array_get_length(args) >= OUK_BJCA_ARGS_MAX ||
	    (!JSON_NODE_HOLDS_VALUE(node) && !JSON_NODE_HOLDS_NULL(node)))
		return FALSE;
	json_array_add_element(args, json_node_copy(node));
	return TRUE;
}

/* `param` as a list, else param_1, param_2, ... as far as they go. NULL: neither. */
static JsonArray *
args_of(JsonObject *object)
{
	g_autoptr(JsonArray) args = json_array_new();
	JsonNode *list = json_object_get_member(object, "param");

	if (list != NULL && JSON_NODE_HOLDS_ARRAY(list)) {
		JsonArray *from = json_node_get_array(list);

		for (guint i = 0; i < json_array_get_length(from); i++)
			if (!arg_add(args, json_array_get_element(from, i)))
				return NULL;
		return g_steal_pointer(&args);
	}
	for (guint i = 1;; i++) {
		g_autofree char *name = g_strdup_printf("param_%u", i);
		JsonNode *node = json_object_get_member(object, name);

		if (node == NULL)
			return g_steal_pointer(&args);
		if (!arg_add(args, node))
			return NULL;
	}
}

static gboolean
is_id(JsonNode *node)
{
	g_autofree char *text = ouk_json_text(node);

	return text != NULL && strlen(text) <= OUK_BJCA_ID_MAX;
}

gboolean
ouk_bjca_read(const char *text, gsize len, OukBjcaCall *ret)
{
	g_autoptr(JsonObject) object = ouk_json_read(text, len);
	const char *function = object != NULL ? function_of(object) : NULL;
	g_autoptr(JsonArray) args = function != NULL ? args_of(object) : NULL;
	JsonNode *id;

	if (args == NULL)
		return FALSE;
	id = json_object_get_member(object, "call_cmd_id");
	if (id != NULL && !is_id(id))
		return FALSE;
	ret->id = id != NULL ? json_node_copy(id) : NULL;
	ret->function = g_strdup(function);
	ret->args = g_steal_pointer(&args);
	ret->token = g_strdup(ouk_json_member(object, "token", OUK_BJCA_TOKEN_MAX));
	return TRUE;
}

void
ouk_bjca_call_clear(OukBjcaCall *call)
{
	g_clear_pointer(&call->id, json_node_unref);
	g_clear_pointer(&call->function, g_free);
	g_clear_pointer(&call->args, json_array_unref);
	g_clear_pointer(&call->token, g_free);
}

static char *
object_text(JsonObject *object)
{
	g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);

	return ouk_json_write(node, FALSE);
}

char *
ouk_bjca_reply(const OukBjcaCall *call, JsonNode *value, const char *token)
{
	g_autoptr(JsonObject) object = json_object_new();
	g_autofree char *text = ouk_json_text(value);

	if (call->id != NULL)
		json_object_set_member(object, "call_cmd_id", json_node_copy(call->id));
	json_object_set_string_member(object, "retVal", text != NULL ? text : "");
	if (token != NULL)
		json_object_set_string_member(object, "token", token);
	return object_text(object);
}

char *
ouk_bjca_push(const char *event)
{
	g_autoptr(JsonObject) object = json_object_new();

	json_object_set_string_member(object, "call_cmd_id", event);
	json_object_set_string_member(object, "retVal", "");
	return object_text(object);
}
