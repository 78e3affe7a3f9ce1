/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/wire/json.h"

#include "common/secret.h"
#include "service/base/random.h"

#include <malloc.h>
#include <string.h>

/* Codes, PINs and people's numbers pass through such objects: what is let go is wiped first. */
static void
free_wiped(void *ptr)
{
	if (ptr != NULL)
		uk_wipe(ptr, malloc_usable_size(ptr));
	free(ptr);
}

__attribute__((constructor)) static void
wipe_begin(void)
{
	json_set_alloc_funcs(malloc, free_wiped);
}

json_t *
cs_json_read(struct uk_span bytes)
{
	json_t *json = json_loadb((const char *)bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, NULL);

	if (json != NULL && !json_is_object(json)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

const char *
cs_json_text(const json_t *object, const char *name, size_t most)
{
	const json_t *member = json_object_get(object, name);

	if (!json_is_string(member) || json_string_length(member) > most)
		return NULL;
	return json_string_value(member);
}

const char *
cs_json_text_or_empty(const json_t *object, const char *name, size_t most)
{
	return json_object_get(object, name) == NULL ? "" : cs_json_text(object, name, most);
}

const char *
cs_json_word(const json_t *object, const char *name, size_t most)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ._:-";
	const char *text = cs_json_text_or_empty(object, name, most);

	return text != NULL && strspn(text, allowed) == strlen(text) ? text : NULL;
}

bool
cs_json_number(const json_t *object, const char *name, int64_t *ret)
{
	const json_t *member = json_object_get(object, name);

	if (!json_is_integer(member))
		return false;
	*ret = json_integer_value(member);
	return true;
}

bool
cs_json_hex(const json_t *object, const char *name, uint8_t *ret, size_t len)
{
	const char *text = cs_json_text(object, name, 2 * len);

	return text != NULL && cs_hex_read(text, ret, len);
}

bool
cs_json_blob(const json_t *object, const char *name, size_t most, struct cs_blob *ret)
{
	const char *text = cs_json_text(object, name, 2 * most);
	size_t len = text != NULL ? strlen(text) : 1;

	return len % 2 == 0 && cs_blob_room(ret, len / 2) == CS_OK &&
	       cs_hex_read(text, ret->ptr, ret->len);
}

bool
cs_json_put_hex(json_t *object, const char *name, struct uk_span bytes)
{
	char *text = malloc(2 * bytes.len + 1);
	bool put;

	if (text == NULL)
		return false;
	cs_hex(bytes, text);
	put = json_object_set_new(object, name, json_string(text)) == 0;
	uk_wipe(text, 2 * bytes.len);
	free(text);
	return put;
}

json_t *
cs_json_error(enum cs_status status)
{
	return json_pack("{s:s}", "error", cs_status_code(status));
}

enum cs_status
cs_json_status(const json_t *answer)
{
	const char *code = cs_json_text(answer, "error", 32);

	if (json_object_get(answer, "error") == NULL)
		return CS_OK;
	return code != NULL ? cs_status_of_code(code) : CS_E_INTERNAL;
}
