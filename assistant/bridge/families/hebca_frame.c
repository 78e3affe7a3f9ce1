/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/hebca_frame.h"

#include "assistant/bridge/families/bjca_frame.h"
#include "assistant/bridge/families/json_text.h"

#include <string.h>

/* The page's clock: digits, as many as Date.now() will ever have. */
#define HELLO_DIGITS_MAX 20

static gboolean
is_hello(const char *text, gsize len)
{
	if (len > HELLO_DIGITS_MAX)
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isdigit(text[i]))
			return FALSE;
	return TRUE;
}

/* Behind "1|". */
static gboolean
call_read(const char *text, gsize len, OukHebcaFrame *ret)
{
	const char *bar = memchr(text, '|', len);
	gsize name = bar != NULL ? (gsize)(bar - text) : len;
	g_autoptr(JsonObject) args = NULL;

	if (!ouk_is_function_name(text, name))
		return FALSE;
	args = bar != NULL && name + 1 < len ? ouk_json_read(bar + 1, len - name - 1)
					     : json_object_new();
	if (args == NULL)
		return FALSE;
	ret->kind = OUK_HEBCA_CALL;
	ret->function = g_strndup(text, name);
	ret->args = g_steal_pointer(&args);
	return TRUE;
}

gboolean
ouk_hebca_read(const char *text, gsize len, OukHebcaFrame *ret)
{
	if (len < 2 || text[1] != '|')
		return FALSE;
	switch (text[0]) {
	case '0':
		if (!is_hello(text + 2, len - 2))
			return FALSE;
		ret->kind = OUK_HEBCA_HELLO;
		ret->function = NULL;
		ret->args = NULL;
		return TRUE;
	case '1':
		return call_read(text + 2, len - 2, ret);
	default:
		return FALSE;
	}
}

void
ouk_hebca_frame_clear(OukHebcaFrame *frame)
{
	g_clear_pointer(&frame->function, g_free);
	g_clear_pointer(&frame->args, json_object_unref);
}

char *
ouk_hebca_welcome(void)
{
	return g_strdup("0|Welcome");
}

char *
ouk_hebca_reply(const char *function, JsonNode *answer)
{
	g_autofree char *json = ouk_json_write(answer, TRUE);

	return g_strdup_printf("1|%s|%s", function, json);
}
