/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/browsers/policy.h"

#include "assistant/core/hall.h"
#include "assistant/core/hall_origin.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define HTTP  "http:"
#define HTTPS "https:"

/* Until 145, and since 146: one permission was split into two. */
static const char *const loopback[] = {"LocalNetworkAccessAllowedForUrls",
				       "LoopbackNetworkAllowedForUrls"};
#define ADDONS   "ExtensionInstallAllowlist"
#define INSECURE "OverrideSecurityRestrictionsOnInsecureOrigin"

/* ---- the other files ---- */

static JsonNode *
file_read(const char *path)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autofree char *text = NULL;
	gsize len;
	JsonNode *root;

	if (!g_file_get_contents(path, &text, &len, NULL) || len > BROWSER_POLICIES_MAX ||
	    !json_parser_load_from_data(parser, text, (gssize)len, NULL))
		return NULL;
	root = json_parser_steal_root(parser);
	if (root != NULL && !JSON_NODE_HOLDS_OBJECT(root))
		g_clear_pointer(&root, json_node_unref);
	return root;
}

static int
by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the other files, in the order that browsers read them. */
static GPtrArray *
other_files(const char *folder)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
		if (strcmp(name, BROWSER_POLICY_FILE) != 0 && g_str_has_suffix(name, ".json"))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_name);
	return names;
}

static gboolean
sets_ours(JsonObject *policies)
{
	for (gsize i = 0; i < G_N_ELEMENTS(loopback); i++)
		if (json_object_has_member(policies, loopback[i]))
			return TRUE;
	return FALSE;
}

char *
chromium_policy_rival(const char *folder)
{
	g_autoptr(GPtrArray) names = other_files(folder);

	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
		g_autoptr(JsonNode) root = NULL;

		if (strcmp(names->pdata[i], BROWSER_POLICY_FILE) < 0)
			continue;
		root = file_read(path);
		if (root != NULL && sets_ours(json_node_get_object(root)))
			return g_steal_pointer(&path);
	}
	return NULL;
}

/* ---- our file ---- */

static void
add_once(GPtrArray *list, const char *text)
{
	if (!g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
		g_ptr_array_add(list, g_strdup(text));
}

static void
add_texts(GPtrArray *list, JsonNode *node)
{
	JsonArray *array =
		node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

	for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
		JsonNode *element = json_array_get_element(array, i);

		if (json_node_get_value_type(element) == G_TYPE_STRING)
			add_once(list, json_node_get_string(element));
	}
}

/* What others list of the same policy: the last file has the last word, and shall say it too. */
static void
add_of_others(GPtrArray *list, const char *folder, const char *policy)
{
	g_autoptr(GPtrArray) names = other_files(folder);

	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
		g_autoptr(JsonNode) root = file_read(path);

		if (root != NULL)
			add_texts(list, json_object_get_member(json_node_get_object(root), policy));
	}
}

/* A hall that is listed by http may have moved to https meanwhile; never the other way. */
static void
add_origin(GPtrArray *list, const char *url)
{
	g_autofree char *origin = ouk_origin_of(url);
	g_autofree char *secure = NULL;

	if (origin == NULL)
		return;
	add_once(list, origin);
	if (!g_str_has_prefix(origin, HTTP) || strchr(origin + strlen(HTTP), ':') != NULL)
		return;
	secure = g_strconcat(HTTPS, origin + strlen(HTTP), NULL);
	add_once(list, secure);
}

static void
add_halls(GPtrArray *list, const OukProfiles *profiles, gboolean rehearsal)
{
	g_autoptr(GPtrArray) halls = ouk_halls_search(profiles, NULL, rehearsal);

	for (guint i = 0; i < halls->len; i++) {
		const OukHall *hall = g_ptr_array_index(halls, i);

		for (guint n = 0; n < hall->urls->len; n++)
			add_origin(list, g_ptr_array_index(hall->urls, n));
	}
}

static void
put_list(JsonBuilder *json, const char *name, const GPtrArray *list)
{
	json_builder_set_member_name(json, name);
	json_builder_begin_array(json);
	for (guint i = 0; i < list->len; i++)
		json_builder_add_string_value(json, list->pdata[i]);
	json_builder_end_array(json);
}

GPtrArray *
policy_hall_hosts(const OukProfiles *profiles, gboolean rehearsal)
{
	g_autoptr(GPtrArray) origins = g_ptr_array_new_with_free_func(g_free);
	GPtrArray *hosts = g_ptr_array_new_with_free_func(g_free);

	add_halls(origins, profiles, rehearsal);
	for (guint i = 0; i < origins->len; i++) {
		g_autoptr(GUri) uri = g_uri_parse(origins->pdata[i], G_URI_FLAGS_NONE, NULL);

		if (uri != NULL)
			add_once(hosts, g_uri_get_host(uri));
	}
	return hosts;
}

/* Those of the listed origins that have no https. */
static GPtrArray *
plain_origins(const OukProfiles *profiles, gboolean rehearsal)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

	add_halls(list, profiles, rehearsal);
	for (guint i = 0; i < list->len;) {
		if (g_str_has_prefix(list->pdata[i], HTTP))
			i++;
		else
			g_ptr_array_remove_index(list, i);
	}
	return list;
}

static void
put_plain(JsonBuilder *json, const OukProfiles *profiles, gboolean rehearsal, const char *folder)
{
	g_autoptr(GPtrArray) list = plain_origins(profiles, rehearsal);

	add_of_others(list, folder, INSECURE);
	put_list(json, INSECURE, list);
}

GBytes *
chromium_policy(const OukProfiles *profiles, const ChromiumPolicy *ours, const char *folder)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autoptr(GPtrArray) addons = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text = NULL;
	char *line;

	json_builder_begin_object(json);
	for (gsize i = 0; i < G_N_ELEMENTS(loopback); i++) {
		g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

		add_halls(list, profiles, ours->rehearsal);
		add_of_others(list, folder, loopback[i]);
		put_list(json, loopback[i], list);
	}
	if (ours->http_halls)
		put_plain(json, profiles, ours->rehearsal, folder);
	add_once(addons, BROWSER_BLINK_ADDON);
	add_of_others(addons, folder, ADDONS);
	put_list(json, ADDONS, addons);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	text = json_to_string(root, TRUE);
	line = g_strconcat(text, "\n", NULL);
	return g_bytes_new_take(line, strlen(line));
}
