/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/deliver/template.h"

#include "common/bytes.h"

#include <string.h>

#define NAME_MAX_LEN 32
#define NAME_CHARS   "abcdefghijklmnopqrstuvwxyz0123456789_"
#define UNRESERVED   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
#define DEPTH_MAX    16

static void
url_put(struct uk_writer *out, const char *value)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *value != '\0'; value++) {
		uint8_t byte = (uint8_t)*value;

		if (strchr(UNRESERVED, *value) != NULL) {
			uk_put_u8(out, byte);
			continue;
		}
		uk_put_u8(out, '%');
		uk_put_u8(out, (uint8_t)digits[byte >> 4]);
		uk_put_u8(out, (uint8_t)digits[byte & 15]);
	}
}

static bool
value_put(struct uk_writer *out, const char *value, enum cs_escape how)
{
	if (how == CS_ESCAPE_HEADER)
		for (const char *at = value; *at != '\0'; at++)
			if ((uint8_t)*at < 0x20 || *at == 0x7f)
				return false;
	if (how == CS_ESCAPE_URL)
		url_put(out, value);
	else
		uk_put(out, uk_span_str(value));
	return true;
}

/* The name in "{name}..."; 0 when there is none: a brace is a brace then. */
static size_t
name_at(const char *text, char ret[NAME_MAX_LEN + 1])
{
	size_t len = strspn(text + 1, NAME_CHARS);

	if (len == 0 || len > NAME_MAX_LEN || text[1 + len] != '}')
		return 0;
	memcpy(ret, text + 1, len);
	ret[len] = '\0';
	return len + 2;
}

enum cs_status
cs_template_fill(const char *text, const json_t *values, enum cs_escape how, const char *missing,
		 struct cs_blob *ret)
{
	CS_BLOB room = {NULL, 0};
	enum cs_status st = cs_blob_room(&room, CS_TEMPLATE_MAX);
	struct uk_writer out;

	if (st != CS_OK)
		return st;
	out = uk_writer_of(room.ptr, room.len);
	while (*text != '\0') {
		char name[NAME_MAX_LEN + 1];
		size_t len = *text == '{' ? name_at(text, name) : 0;
		const char *value;

		if (len == 0) {
			uk_put_u8(&out, (uint8_t)*text++);
			continue;
		}
		value = json_string_value(json_object_get(values, name));
		if (value == NULL)
			value = missing;
		if (value == NULL || !value_put(&out, value, how))
			return CS_E_ARGUMENTS;
		text += len;
	}
	return out.overflow ? CS_E_TOO_LARGE : cs_blob_set(ret, uk_writer_span(&out));
}

static json_t *
text_filled(const json_t *text, const json_t *values)
{
	CS_BLOB filled = {NULL, 0};

	if (cs_template_fill(json_string_value(text), values, CS_ESCAPE_NONE, NULL, &filled) !=
	    CS_OK)
		return NULL;
	return json_stringn((const char *)filled.ptr, filled.len);
}

/* Fills in what is under the node; the node itself when it is a text is the caller's. */
static bool
tree_fill(json_t *tree, const json_t *values, int depth)
{
	json_t *node;
	const char *name;
	size_t i;

	if (depth > DEPTH_MAX)
		return false;
	json_object_foreach(
		tree, name,
		node) if (json_is_string(node)
				  ? json_object_set_new(tree, name, text_filled(node, values)) != 0
				  : !tree_fill(node, values, depth + 1)) return false;
	json_array_foreach(
		tree, i,
		node) if (json_is_string(node)
				  ? json_array_set_new(tree, i, text_filled(node, values)) != 0
				  : !tree_fill(node, values, depth + 1)) return false;
	return true;
}

json_t *
cs_template_json(const json_t *tree, const json_t *values)
{
	json_t *copy = json_is_string(tree) ? text_filled(tree, values) : json_deep_copy(tree);

	if (copy != NULL && !json_is_string(copy) && !tree_fill(copy, values, 0)) {
		json_decref(copy);
		return NULL;
	}
	return copy;
}
