/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/browsers/policy.h"

#include "assistant/core/errors.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define POLICIES  "policies"
#define DEVICES   "SecurityDevices"
#define ADD       "Add"
#define DELETE    "Delete"
#define ADDONS    "ExtensionSettings"
#define NETWORK   "LocalNetworkAccess"
#define SKIP      "SkipDomains"
#define DEPTH_MAX 32

/* Firefox itself refuses files that nest like that; ours would be a stack to overflow. */
static gboolean
is_shallow(const char *text, gsize len)
{
	guint depth = 0;

	for (gsize i = 0; i < len; i++) {
		if (text[i] == '{' || text[i] == '[')
			depth++;
		else if ((text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
		if (depth > DEPTH_MAX)
			return FALSE;
	}
	return TRUE;
}

/* The file as a tree; NULL when it is none. */
static JsonNode *
tree_of(GBytes *bytes)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	gsize len;
	const char *text = g_bytes_get_data(bytes, &len);
	JsonNode *root;

	if (len > BROWSER_POLICIES_MAX || !g_utf8_validate(text, (gssize)len, NULL) ||
	    !is_shallow(text, len) || !json_parser_load_from_data(parser, text, (gssize)len, NULL))
		return NULL;
	root = json_parser_steal_root(parser);
	if (root != NULL && !JSON_NODE_HOLDS_OBJECT(root))
		g_clear_pointer(&root, json_node_unref);
	return root;
}

static GBytes *
bytes_of(JsonNode *root)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autofree char *text = NULL;
	char *line;

	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	text = json_generator_to_data(generator, NULL);
	line = g_strconcat(text, "\n", NULL);
	return g_bytes_new_take(line, strlen(line));
}

/* The member as an object of the tree's own; made where it is missing; NULL when it is something
 * else. */
static JsonObject *
object_in(JsonObject *parent, const char *name)
{
	JsonNode *node = json_object_get_member(parent, name);

	if (node == NULL) {
		json_object_set_object_member(parent, name, json_object_new());
		node = json_object_get_member(parent, name);
	}
	return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* The member as an object; NULL when there is none. */
static JsonObject *
object_there(JsonObject *parent, const char *name)
{
	JsonNode *node = parent != NULL ? json_object_get_member(parent, name) : NULL;

	return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static const char *
text_there(JsonObject *parent, const char *name)
{
	JsonNode *node = parent != NULL ? json_object_get_member(parent, name) : NULL;

	return node != NULL && json_node_get_value_type(node) == G_TYPE_STRING
		       ? json_node_get_string(node)
		       : NULL;
}

/*
 * Where modules are listed: "Add" of today's form, or the object itself in the older one, which
 * Firefox reads only while there is neither "Add" nor "Delete".
 */
static JsonObject *
modules_in(JsonObject *devices)
{
	if (json_object_get_size(devices) == 0 || json_object_has_member(devices, ADD) ||
	    json_object_has_member(devices, DELETE))
		return object_in(devices, ADD);
	return devices;
}

/* TRUE when the tree has become another one; *ret_good FALSE when something in it is in the way. */
static gboolean
put_module(JsonObject *policies, const char *module, gboolean *ret_good)
{
	JsonObject *devices = object_in(policies, DEVICES);
	JsonObject *modules = devices != NULL ? modules_in(devices) : NULL;

	*ret_good = modules != NULL;
	if (modules == NULL || g_strcmp0(text_there(modules, BROWSER_DEVICE), module) == 0)
		return FALSE;
	json_object_set_string_member(modules, BROWSER_DEVICE, module);
	return TRUE;
}

static gboolean
put_addon(JsonObject *policies, const char *addon)
{
	g_autofree char *address = g_filename_to_uri(addon, NULL, NULL);
	JsonObject *addons = object_in(policies, ADDONS);
	JsonObject *ours;

	/* what an administrator says of the add-on stays */
	if (address == NULL || addons == NULL ||
	    json_object_has_member(addons, BROWSER_GECKO_ADDON))
		return FALSE;
	ours = json_object_new();
	json_object_set_string_member(ours, "installation_mode", "normal_installed");
	json_object_set_string_member(ours, "install_url", address);
	json_object_set_object_member(addons, BROWSER_GECKO_ADDON, ours);
	return TRUE;
}

/* Index of the text in the list; -1 when it is not there. */
static int
index_of(JsonArray *list, const char *text)
{
	for (guint i = 0; i < json_array_get_length(list); i++) {
		JsonNode *node = json_array_get_element(list, i);

		if (json_node_get_value_type(node) == G_TYPE_STRING &&
		    strcmp(json_node_get_string(node), text) == 0)
			return (int)i;
	}
	return -1;
}

static JsonArray *
list_there(JsonObject *parent, const char *name)
{
	JsonNode *node = parent != NULL ? json_object_get_member(parent, name) : NULL;

	return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

/* Only where the hall's page comes from is named; whether Firefox asks others is not ours to say.
 */
static gboolean
put_hosts(JsonObject *policies, const GPtrArray *hosts)
{
	JsonObject *access = hosts != NULL && hosts->len > 0 ? object_in(policies, NETWORK) : NULL;
	gboolean changed = FALSE;
	JsonArray *list;

	if (access == NULL)
		return FALSE;
	if (!json_object_has_member(access, SKIP))
		json_object_set_array_member(access, SKIP, json_array_new());
	list = list_there(access, SKIP);
	for (guint i = 0; list != NULL && i < hosts->len; i++) {
		if (index_of(list, hosts->pdata[i]) >= 0)
			continue;
		json_array_add_string_element(list, hosts->pdata[i]);
		changed = TRUE;
	}
	return changed;
}

static void
take_hosts(JsonObject *policies, const GPtrArray *hosts)
{
	JsonObject *access = object_there(policies, NETWORK);
	JsonArray *list = list_there(access, SKIP);

	for (guint i = 0; list != NULL && i < hosts->len; i++) {
		int at = index_of(list, hosts->pdata[i]);

		if (at >= 0)
			json_array_remove_element(list, (guint)at);
	}
	if (list != NULL && json_array_get_length(list) == 0)
		json_object_remove_member(access, SKIP);
}

GBytes *
firefox_policy_merge(GBytes *before, const FirefoxPolicy *ours, GError **error)
{
	g_autoptr(JsonNode) root = NULL;
	JsonObject *policies;
	gboolean changed, good = TRUE;

	if (before == NULL || g_bytes_get_size(before) == 0) {
		root = json_node_new(JSON_NODE_OBJECT);
		json_node_take_object(root, json_object_new());
	} else {
		root = tree_of(before);
	}
	policies = root != NULL ? object_in(json_node_get_object(root), POLICIES) : NULL;
	if (policies == NULL)
		good = FALSE;
	changed = good && put_module(policies, ours->module, &good);
	if (!good) {
		ouk_fail(error, OUK_E_BROWSER_POLICY);
		return NULL;
	}
	if (ours->addon != NULL && put_addon(policies, ours->addon))
		changed = TRUE;
	if (put_hosts(policies, ours->hosts))
		changed = TRUE;
	return changed || before == NULL ? bytes_of(root) : g_bytes_ref(before);
}

/* Takes the member away, and the object with it when it is empty then. */
static void
take_out(JsonObject *parent, const char *name, const char *member)
{
	JsonObject *object = object_there(parent, name);

	if (object == NULL)
		return;
	if (member != NULL)
		json_object_remove_member(object, member);
	if (json_object_get_size(object) == 0)
		json_object_remove_member(parent, name);
}

GBytes *
firefox_policy_without(GBytes *now, const GPtrArray *hosts)
{
	g_autoptr(JsonNode) root = tree_of(now);
	JsonObject *top = root != NULL ? json_node_get_object(root) : NULL;
	JsonObject *policies = object_there(top, POLICIES);
	JsonObject *devices = object_there(policies, DEVICES);

	if (root == NULL)
		return g_bytes_ref(now);
	if (devices != NULL) {
		if (text_there(devices, BROWSER_DEVICE) != NULL)
			json_object_remove_member(devices, BROWSER_DEVICE);
		take_out(devices, ADD, BROWSER_DEVICE);
		take_out(policies, DEVICES, NULL);
	}
	if (policies != NULL) {
		take_out(policies, ADDONS, BROWSER_GECKO_ADDON);
		take_hosts(policies, hosts);
		take_out(policies, NETWORK, NULL);
	}
	take_out(top, POLICIES, NULL);
	return json_object_get_size(top) > 0 ? bytes_of(root) : NULL;
}

/* By its file name: the same module may be reached by several paths. */
static void
look_at_module(JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
	const char **wanted = data;
	g_autofree char *base = NULL;

	if (json_node_get_value_type(node) != G_TYPE_STRING || *wanted == NULL)
		return;
	base = g_path_get_basename(json_node_get_string(node));
	if (strcmp(base, *wanted) == 0 || g_str_has_prefix(base, "p11-kit-proxy"))
		*wanted = NULL;
}

gboolean
firefox_policy_has(GBytes *now, const char *module)
{
	g_autoptr(JsonNode) root = tree_of(now);
	g_autofree char *base = g_path_get_basename(module);
	JsonObject *devices;
	const char *wanted = base;

	if (root == NULL)
		return FALSE;
	devices = object_there(object_there(json_node_get_object(root), POLICIES), DEVICES);
	if (devices != NULL && object_there(devices, ADD) != NULL)
		devices = object_there(devices, ADD);
	if (devices != NULL)
		json_object_foreach_member(devices, look_at_module, &wanted);
	return wanted == NULL;
}
