/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/args.h"

#include "assistant/bridge/families/json_text.h"
#include "assistant/core/errors.h"

#include <string.h>

/* ---- from pages ---- */

static const char *
text_at(JsonArray *args, guint at)
{
	JsonNode *node = json_array_get_element(args, at);

	return json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : NULL;
}

/*
 * Whether a type's name stands behind each argument. Where the core took one for a PIN it is ""
 * by now.
 */
static gboolean
has_types(JsonArray *args)
{
	static const char *const types[] = {"BSTR",  "LONG",    "BOOL", "SHORT",
					    "ULONG", "VARIANT", NULL};
	guint len = json_array_get_length(args);
	gboolean seen = FALSE;

	if (len < 2 || len % 2 != 0)
		return FALSE;
	for (guint i = 1; i < len; i += 2) {
		const char *text = text_at(args, i);

		if (text == NULL || (*text != '\0' && !g_strv_contains(types, text)))
			return FALSE;
		seen = seen || *text != '\0';
	}
	return seen;
}

char *
ouk_arg_text(JsonArray *args, guint n)
{
	guint at = has_types(args) ? 2 * n : n;
	char *text = at < json_array_get_length(args)
			     ? ouk_json_text(json_array_get_element(args, at))
			     : NULL;

	if (text != NULL && strlen(text) > OUK_ARG_DATA_MAX)
		g_clear_pointer(&text, g_free);
	return text;
}

static char *
needed(char *text, GError **error)
{
	if (text == NULL)
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
	return text;
}

char *
ouk_arg_need(JsonArray *args, guint n, GError **error)
{
	return needed(ouk_arg_text(args, n), error);
}

GBytes *
ouk_arg_bytes(JsonArray *args, guint n, GError **error)
{
	char *text = ouk_arg_need(args, n, error);

	return text != NULL ? g_bytes_new_take(text, strlen(text)) : NULL;
}

static GBytes *
base64_needed(const char *text, GError **error)
{
	GBytes *bytes = text != NULL ? ouk_base64_read(text) : NULL;

	if (bytes == NULL)
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
	return bytes;
}

GBytes *
ouk_arg_base64(JsonArray *args, guint n, GError **error)
{
	g_autofree char *text = ouk_arg_text(args, n);

	return base64_needed(text, error);
}

gint64
ouk_arg_number(JsonArray *args, guint n)
{
	g_autofree char *text = ouk_arg_text(args, n);
	gint64 number;

	if (text == NULL || !g_ascii_string_to_signed(text, 10, 0, G_MAXINT32, &number, NULL))
		return -1;
	return number;
}

char *
ouk_arg_member(JsonArray *args, const char *name)
{
	JsonNode *first = json_array_get_length(args) > 0 ? json_array_get_element(args, 0) : NULL;
	char *text;

	if (first == NULL || !JSON_NODE_HOLDS_OBJECT(first))
		return NULL;
	text = ouk_json_text(json_object_get_member(json_node_get_object(first), name));
	if (text != NULL && strlen(text) > OUK_ARG_DATA_MAX)
		g_clear_pointer(&text, g_free);
	return text;
}

char *
ouk_arg_member_need(JsonArray *args, const char *name, GError **error)
{
	return needed(ouk_arg_member(args, name), error);
}

GBytes *
ouk_arg_member_base64(JsonArray *args, const char *name, GError **error)
{
	g_autofree char *text = ouk_arg_member(args, name);

	return base64_needed(text, error);
}

/* ---- base64 ---- */

GBytes *
ouk_base64_read(const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/=\r\n\t ";
	gsize len = 0;
	guchar *bytes;

	/* GLib's decoder skips what it does not know */
	if (text[strspn(text, alphabet)] != '\0')
		return NULL;
	bytes = g_base64_decode(text, &len);
	if (len == 0) {
		g_free(bytes);
		return NULL;
	}
	return g_bytes_new_take(bytes, len);
}

char *
ouk_base64_write(GBytes *bytes)
{
	gsize len = 0;
	const guchar *data = g_bytes_get_data(bytes, &len);

	return g_base64_encode(data, len);
}

/* ---- to pages ---- */

JsonNode *
ouk_answer_text(const char *text)
{
	return text != NULL ? json_node_init_string(json_node_alloc(), text) : NULL;
}

JsonNode *
ouk_answer_take(char *text)
{
	g_autofree char *taken = text;

	return ouk_answer_text(taken);
}

JsonNode *
ouk_answer_base64(GBytes *bytes)
{
	return bytes != NULL ? ouk_answer_take(ouk_base64_write(bytes)) : NULL;
}

JsonNode *
ouk_answer_truth(gboolean truth)
{
	return ouk_answer_text(truth ? "true" : "false");
}

JsonNode *
ouk_answer_number(gint64 number)
{
	return ouk_answer_take(g_strdup_printf("%" G_GINT64_FORMAT, number));
}
