/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/json_text.h"

#include "common/secret.h"

#include <string.h>

#define ESCAPE_U_LEN 6 /* \uXXXX */

/* The number of \uXXXX at the start of the text, or -1. */
static int
escape_u(const char *text, gsize len)
{
	int number = 0;

	if (len < ESCAPE_U_LEN || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (gsize i = 2; i < ESCAPE_U_LEN; i++) {
		if (!g_ascii_isxdigit(text[i]))
			return -1;
		number = number * 16 + g_ascii_xdigit_value(text[i]);
	}
	return number;
}

/*
 * Bytes of the escape that the text begins with; 0: one that is not JSON's. What no text in C can
 * hold (half of a pair of surrogates, the character 0) is made the mark for a lost character.
 */
static gsize
escape_len(char *text, gsize len)
{
	int number = escape_u(text, len);

	if (number < 0)
		return len > 1 && text[1] != '\0' && strchr("\"\\/bfnrt", text[1]) != NULL ? 2 : 0;
	if ((number & 0xfc00) == 0xd800 && len > ESCAPE_U_LEN) {
		int low = escape_u(text + ESCAPE_U_LEN, len - ESCAPE_U_LEN);

		if (low >= 0 && (low & 0xfc00) == 0xdc00)
			return 2 * ESCAPE_U_LEN;
	}
	if (number == 0 || (number & 0xf800) == 0xd800)
		memcpy(text, "\\ufffd", ESCAPE_U_LEN);
	return ESCAPE_U_LEN;
}

/* Bytes of the string that the text begins with, quotes included; 0: it has no end, or no sense. */
static gsize
string_len(char *text, gsize len)
{
	for (gsize i = 1; i < len;) {
		gsize step = text[i] == '\\' ? escape_len(text + i, len - i) : 1;

		/* pages put line breaks into strings without saying \n */
		if (step == 0 || ((guchar)text[i] < 0x20 && strchr("\t\r\n", text[i]) == NULL))
			return 0;
		if (text[i] == '"')
			return i + 1;
		i += step;
	}
	return 0;
}

/*
 * What may stand outside of strings, and no deeper than allowed. Whether it is JSON is for the
 * parser to say.
 */
static gboolean
is_plain(char *text, gsize len)
{
	int depth = 0;

	for (gsize i = 0; i < len;) {
		char c = text[i];
		gsize step = c == '"' ? string_len(text + i, len - i) : 1;

		if (step == 0 || c == '\0')
			return FALSE;
		i += step;
		if ((c == '{' || c == '[') && ++depth > OUK_JSON_DEPTH_MAX)
			return FALSE;
		if (c == '}' || c == ']')
			depth--;
		else if (!g_ascii_isalnum(c) && strchr("\"{[:,+-. \t\r\n", c) == NULL)
			return FALSE;
	}
	return depth == 0;
}

JsonObject *
ouk_json_read(const char *text, gsize len)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonNode *root = NULL;
	char *copy;

	if (len == 0 || len > G_MAXSSIZE || !g_utf8_validate(text, (gssize)len, NULL))
		return NULL;
	copy = g_strndup(text, len);
	if (is_plain(copy, len) && json_parser_load_from_data(parser, copy, (gssize)len, NULL))
		root = json_parser_get_root(parser);
	uk_wipe(copy, len); /* there may be a PIN in it */
	g_free(copy);
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
		return NULL;
	return json_object_ref(json_node_get_object(root));
}

/* Outside of strings JSON has none of these, so that this touches what is inside only. */
static char *
escaped(const char *json)
{
	g_autoptr(GString) out = g_string_sized_new(strlen(json));

	for (const char *at = json; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
		gunichar c = g_utf8_get_char(at);

		if (c < 0x7f && c != '|') {
			g_string_append_c(out, (char)c);
		} else if (c < 0x10000) {
			g_string_append_printf(out, "\\u%04x", c);
		} else {
			c -= 0x10000;
			g_string_append_printf(out, "\\u%04x\\u%04x", 0xd800 + (c >> 10),
					       0xdc00 + (c & 0x3ff));
		}
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
ouk_json_write(JsonNode *node, gboolean ascii)
{
	g_autofree char *text = json_to_string(node, FALSE);

	return ascii ? escaped(text) : g_steal_pointer(&text);
}

char *
ouk_json_text(JsonNode *node)
{
	double number;

	if (node == NULL || !JSON_NODE_HOLDS_VALUE(node))
		return NULL;
	switch (json_node_get_value_type(node)) {
	case G_TYPE_STRING:
		return json_node_dup_string(node);
	case G_TYPE_INT64:
		return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
	case G_TYPE_BOOLEAN:
		return g_strdup(json_node_get_boolean(node) ? "true" : "false");
	case G_TYPE_DOUBLE:
		number = json_node_get_double(node);
		/* what JavaScript prints without a point was never one */
		if (number >= -9007199254740992.0 && number <= 9007199254740992.0 &&
		    number == (double)(gint64)number)
			return g_strdup_printf("%" G_GINT64_FORMAT, (gint64)number);
		return NULL;
	default:
		return NULL;
	}
}

const char *
ouk_json_member(JsonObject *object, const char *name, gsize max)
{
	JsonNode *node = json_object_get_member(object, name);
	const char *text;

	if (node == NULL || json_node_get_value_type(node) != G_TYPE_STRING)
		return NULL;
	text = json_node_get_string(node);
	return text != NULL && strlen(text) <= max ? text : NULL;
}
