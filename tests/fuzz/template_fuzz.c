/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A template and a value, with a NUL between them: whatever the value holds, it stays a value. */
#include "service/deliver/template.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void
tree_check(const char *value)
{
	CS_JSON *values = json_pack("{s:s}", "v", value);
	CS_JSON *tree = json_pack("{s:s, s:{s:[s]}, s:i}", "a", "{v}", "b", "c", "{v}", "n", 1);
	CS_JSON *filled = NULL;

	if (values == NULL) /* no UTF-8 */
		return;
	filled = cs_template_json(tree, values);
	must(filled != NULL && json_object_size(filled) == 3);
	must(strcmp(json_string_value(json_object_get(filled, "a")), value) == 0);
	must(json_object_size(json_object_get(filled, "b")) == 1);
	must(json_integer_value(json_object_get(filled, "n")) == 1);
}

static void
url_check(const char *text, const json_t *values)
{
	CS_BLOB filled = {NULL, 0};
	CS_BLOB bare = {NULL, 0};
	CS_JSON *empty = json_pack("{s:s}", "v", "");

	if (cs_template_fill(text, values, CS_ESCAPE_URL, "", &filled) != CS_OK)
		return;
	/* What came in adds letters, digits and percent signs, and nothing that means anything. */
	must(cs_template_fill(text, empty, CS_ESCAPE_URL, "", &bare) == CS_OK);
	for (const char *sign = ":/?#[]@!$&'()*+,;= \r\n\""; *sign != '\0'; sign++) {
		size_t before = 0, after = 0;

		for (size_t i = 0; i < bare.len; i++)
			before += bare.ptr[i] == (uint8_t)*sign;
		for (size_t i = 0; i < filled.len; i++)
			after += filled.ptr[i] == (uint8_t)*sign;
		must(before == after);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *value;
	CS_JSON *values = NULL;
	CS_BLOB header = {NULL, 0};

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	value = strlen(text) < size ? text + strlen(text) + 1 : "";
	values = json_pack("{s:s}", "v", value);
	tree_check(value);
	if (values != NULL) {
		url_check(text, values);
		if (cs_template_fill(value, values, CS_ESCAPE_HEADER, "", &header) == CS_OK &&
		    strchr(value, '{') == NULL)
			must(header.len == strlen(value));
	}
	free(text);
	return 0;
}
