/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/frame.h"

#include <string.h>

#define NUMBER_MAX (G_GINT64_CONSTANT(1) << 53)
#define TEXT_MAX   1024

gboolean
ouk_frame_size(const guint8 *bytes, gsize len, gsize most, gsize *ret_size)
{
	guint32 size;

	*ret_size = 0;
	if (len < OUK_FRAME_HEAD)
		return TRUE;
	memcpy(&size, bytes, sizeof(size));
	if (size == 0 || size > most)
		return FALSE;
	*ret_size = OUK_FRAME_HEAD + (gsize)size;
	return TRUE;
}

GBytes *
ouk_frame_make(const char *text, gsize len, gsize most)
{
	guint32 size = (guint32)len;
	guint8 *bytes;

	if (len == 0 || len > most)
		return NULL;
	bytes = g_malloc(OUK_FRAME_HEAD + len);
	memcpy(bytes, &size, sizeof(size));
	memcpy(bytes + OUK_FRAME_HEAD, text, len);
	return g_bytes_new_take(bytes, OUK_FRAME_HEAD + len);
}

/* ---- members ---- */

/* A whole number from 1; 0: there is none. */
static gint64
number_of(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);
	gint64 number;

	if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
	    json_node_get_value_type(node) != G_TYPE_INT64)
		return 0;
	number = json_node_get_int(node);
	return number > 0 && number < NUMBER_MAX ? number : 0;
}

static const char *
text_of(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);
	const char *text;

	if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
	    json_node_get_value_type(node) != G_TYPE_STRING)
		return NULL;
	text = json_node_get_string(node);
	return strlen(text) <= TEXT_MAX && *text != '\0' ? text : NULL;
}

static gboolean
open_read(JsonObject *object, OukFrame *frame)
{
	frame->kind = OUK_FRAME_OPEN;
	frame->page = number_of(object, "open");
	frame->family = text_of(object, "family");
	frame->origin = text_of(object, "origin");
	frame->top = text_of(object, "top");
	/* one that is there and cannot be read is not the same as none */
	return frame->page != 0 && frame->family != NULL && frame->origin != NULL &&
	       (frame->top != NULL || !json_object_has_member(object, "top"));
}

static gboolean
call_read(JsonObject *object, OukFrame *frame)
{
	JsonNode *args = json_object_get_member(object, "args");

	frame->kind = OUK_FRAME_CALL;
	frame->page = number_of(object, "page");
	frame->call = text_of(object, "call");
	if (frame->page == 0 || frame->call == NULL || args == NULL || !JSON_NODE_HOLDS_ARRAY(args))
		return FALSE;
	frame->args = json_node_get_array(args);
	return TRUE;
}

gboolean
ouk_frame_read(JsonNode *root, OukFrame *ret)
{
	JsonObject *object;

	*ret = (OukFrame){.id = 0};
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
		return FALSE;
	object = json_node_get_object(root);
	ret->id = number_of(object, "id");
	if (ret->id == 0)
		return FALSE;
	if (json_object_has_member(object, "open"))
		return open_read(object, ret);
	if (json_object_has_member(object, "call"))
		return call_read(object, ret);
	if (json_object_has_member(object, "close")) {
		ret->kind = OUK_FRAME_CLOSE;
		ret->page = number_of(object, "close");
		return ret->page != 0;
	}
	ret->kind = OUK_FRAME_HELLO;
	return number_of(object, "hello") != 0;
}
