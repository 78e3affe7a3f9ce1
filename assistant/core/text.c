/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/text.h"

#include <string.h>

/* Marks that make a line read otherwise than it is written. */
static gboolean
turns_direction(gunichar c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

char *
ouk_text_of(const void *bytes, gsize len)
{
	char *text = g_utf8_make_valid(bytes != NULL ? bytes : "", (gssize)len);

	for (char *at = text; *at != '\0';) {
		char *next = g_utf8_next_char(at);
		gunichar c = g_utf8_get_char(at);

		if (g_unichar_iscntrl(c) || turns_direction(c))
			memset(at, ' ', (size_t)(next - at));
		at = next;
	}
	return text;
}
