/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/profile_json.h"

#include "assistant/core/text.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX  2000
#define LIST_MAX  5000U
#define DEPTH_MAX 12
#define DATE_LEN  10

/* What may stand outside of strings; the rest is for the parser to judge. */
static gboolean
is_json(char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("{}[]:,+-. \t\r\n", c) != NULL);
}

/*
 * The parser recurses: count brackets first.  It also knows comments and strings between single
 * quotes, in which a quote of ours would hide them: JSON has neither.
 */
static gboolean
is_shallow(const char *text, gsize len)
{
	int depth = 0;
	gboolean string = FALSE;

	for (gsize i = 0; i < len && depth <= DEPTH_MAX; i++) {
		if (string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			string = !string;
		else if (!string && !is_json(text[i]))
			return FALSE;
		else if (!string && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!string && (text[i] == '}' || text[i] == ']'))
			depth--;
	}
	return depth <= DEPTH_MAX;
}

JsonObject *
profile_json_parse(GBytes *json)
{
	gsize len = 0;
	const char *text = g_bytes_get_data(json, &len);
	g_autoptr(JsonParser) parser = json_parser_new_immutable();
	JsonNode *root;

	if (len == 0 || !g_utf8_validate(text, (gssize)len, NULL) || !is_shallow(text, len) ||
	    !json_parser_load_from_data(parser, text, (gssize)len, NULL))
		return NULL;
	root = json_parser_get_root(parser);
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
		return NULL;
	return json_object_ref(json_node_get_object(root));
}

const char *
profile_json_text(JsonObject *in, const char *name)
{
	JsonNode *node = json_object_get_member(in, name);

	return node != NULL && json_node_get_value_type(node) == G_TYPE_STRING
		       ? json_node_get_string(node)
		       : NULL;
}

void
profile_wrong(ProfileReader *reader, const char *member)
{
	if (reader->wrong == NULL)
		reader->wrong = member;
}

/* The member, or NULL and a mistake where it is needed. */
static JsonNode *
member_of(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need)
{
	JsonNode *node = in != NULL ? json_object_get_member(in, name) : NULL;

	if (node == NULL && need == PROFILE_REQUIRED)
		profile_wrong(reader, name);
	return node;
}

static gboolean
holds(JsonNode *node, GType type)
{
	return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

JsonObject *
profile_object(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need)
{
	JsonNode *node = member_of(reader, in, name, need);

	if (node == NULL)
		return NULL;
	if (!JSON_NODE_HOLDS_OBJECT(node)) {
		profile_wrong(reader, name);
		return NULL;
	}
	return json_node_get_object(node);
}

/* A string that can be shown as it is. */
static char *
text_of(ProfileReader *reader, JsonNode *node, const char *name)
{
	const char *text = holds(node, G_TYPE_STRING) ? json_node_get_string(node) : NULL;
	g_autofree char *shown = NULL;

	if (text != NULL && strlen(text) <= TEXT_MAX)
		shown = ouk_text_of(text, strlen(text));
	if (shown == NULL || *shown == '\0' || strcmp(shown, text) != 0) {
		profile_wrong(reader, name);
		return NULL;
	}
	return g_string_chunk_insert(reader->texts, text);
}

char *
profile_text(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need)
{
	JsonNode *node = member_of(reader, in, name, need);

	return node != NULL ? text_of(reader, node, name) : NULL;
}

static OukWords
words_of(ProfileReader *reader, JsonObject *object)
{
	OukWords words = {
		profile_text(reader, object, "zh_CN", PROFILE_REQUIRED),
		profile_text(reader, object, "en", PROFILE_REQUIRED),
	};

	return words;
}

OukWords
profile_words(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need)
{
	JsonObject *object = profile_object(reader, in, name, need);
	OukWords none = {NULL, NULL};

	return object != NULL ? words_of(reader, object) : none;
}

gboolean
profile_is_url(const char *text)
{
	g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
	const char *scheme = uri != NULL ? g_uri_get_scheme(uri) : "";
	const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;

	return (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) && host != NULL &&
	       *host != '\0' && g_uri_get_userinfo(uri) == NULL;
}

char *
profile_url(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need)
{
	char *text = profile_text(reader, in, name, need);

	if (text != NULL && !profile_is_url(text))
		profile_wrong(reader, name);
	return text;
}

char *
profile_number_to_call(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need)
{
	char *text = profile_text(reader, in, name, need);

	if (text != NULL && strspn(text, "0123456789-") != strlen(text))
		profile_wrong(reader, name);
	return text;
}

/* So many digits, already seen to be digits. */
static guint
digits(const char *text, guint count)
{
	guint number = 0;

	for (guint i = 0; i < count; i++)
		number = number * 10 + (guint)g_ascii_digit_value(text[i]);
	return number;
}

static gboolean
is_date(const char *text)
{
	static const char shape[] = "dddd-dd-dd";

	for (gsize i = 0; i < DATE_LEN; i++)
		if (shape[i] == 'd' ? !g_ascii_isdigit(text[i]) : text[i] != shape[i])
			return FALSE;
	return text[DATE_LEN] == '\0' &&
	       g_date_valid_dmy((GDateDay)digits(text + 8, 2), (GDateMonth)digits(text + 5, 2),
				(GDateYear)digits(text, 4));
}

char *
profile_date(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need)
{
	char *text = profile_text(reader, in, name, need);

	if (text != NULL && !is_date(text))
		profile_wrong(reader, name);
	return text;
}

gint64
profile_integer(ProfileReader *reader, JsonObject *in, const char *name, gint64 most,
		gint64 otherwise)
{
	JsonNode *node = member_of(reader, in, name, PROFILE_OPTIONAL);
	gint64 value;

	if (node == NULL)
		return otherwise;
	value = holds(node, G_TYPE_INT64) ? json_node_get_int(node) : -1;
	if (value < 0 || value > most) {
		profile_wrong(reader, name);
		return otherwise;
	}
	return value;
}

gboolean
profile_boolean(ProfileReader *reader, JsonObject *in, const char *name)
{
	JsonNode *node = member_of(reader, in, name, PROFILE_OPTIONAL);

	if (node == NULL)
		return FALSE;
	if (!holds(node, G_TYPE_BOOLEAN)) {
		profile_wrong(reader, name);
		return FALSE;
	}
	return json_node_get_boolean(node);
}

guint
profile_choice(ProfileReader *reader, JsonObject *in, const char *name, const char *const *choices)
{
	const char *text = profile_text(reader, in, name, PROFILE_REQUIRED);

	for (guint i = 0; text != NULL && choices[i] != NULL; i++)
		if (strcmp(choices[i], text) == 0)
			return i;
	profile_wrong(reader, name);
	return 0;
}

OukOrigin
profile_origin(ProfileReader *reader, JsonObject *in)
{
	const char *source = profile_text(reader, in, "source", PROFILE_REQUIRED);
	OukOrigin origin = {{NULL, NULL}, NULL};

	if (source != NULL)
		origin.source = profile_words(reader, reader->sources, source, PROFILE_REQUIRED);
	origin.checked = profile_date(reader, in, "checked", PROFILE_OPTIONAL);
	return origin;
}

/* ---- lists ---- */

/* NULL when it is missing or no list. */
static JsonArray *
list_of(ProfileReader *reader, JsonObject *in, const char *name)
{
	JsonNode *node = member_of(reader, in, name, PROFILE_OPTIONAL);
	JsonArray *array;

	if (node == NULL)
		return NULL;
	array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
	if (array == NULL || json_array_get_length(array) > LIST_MAX) {
		profile_wrong(reader, name);
		return NULL;
	}
	return array;
}

void
profile_each(ProfileReader *reader, JsonObject *in, const char *name, ProfileElement fn,
	     gpointer data)
{
	JsonArray *array = list_of(reader, in, name);
	guint len = array != NULL ? json_array_get_length(array) : 0;

	for (guint i = 0; i < len && reader->wrong == NULL; i++) {
		JsonNode *node = json_array_get_element(array, i);

		if (JSON_NODE_HOLDS_OBJECT(node))
			fn(reader, json_node_get_object(node), data);
		else
			profile_wrong(reader, name);
	}
}

GPtrArray *
profile_text_list(ProfileReader *reader, JsonObject *in, const char *name)
{
	GPtrArray *list = g_ptr_array_new();
	JsonArray *array = list_of(reader, in, name);
	guint len = array != NULL ? json_array_get_length(array) : 0;

	for (guint i = 0; i < len && reader->wrong == NULL; i++)
		g_ptr_array_add(list, text_of(reader, json_array_get_element(array, i), name));
	return list;
}

static void
add_words(ProfileReader *reader, JsonObject *element, gpointer data)
{
	OukWords *words = g_new0(OukWords, 1);

	*words = words_of(reader, element);
	g_ptr_array_add(data, words);
}

GPtrArray *
profile_words_list(ProfileReader *reader, JsonObject *in, const char *name)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

	profile_each(reader, in, name, add_words, list);
	return list;
}
