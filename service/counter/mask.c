/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Personal data for those who may not see it: enough to ask "does it end in 8000?", no more. */
#include "service/counter/counter.h"

#include <stdio.h>
#include <string.h>

#define TAIL 4

/* Bytes of the first character (UTF-8). */
static size_t
first_len(const char *text)
{
	size_t len = text[0] != '\0' ? 1 : 0;

	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

static bool
ends(const char *text, const char *with)
{
	size_t len = strlen(text), tail = strlen(with);

	return len >= tail && strcmp(text + len - tail, with) == 0;
}

static bool
plain_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

void
cs_mask(const char *member, const char *value, char ret[CS_MASK_TEXT])
{
	size_t len = strlen(value), first = first_len(value);
	const char *at = strchr(value, '@');

	if (strcmp(member, "unit") == 0 || strcmp(member, "unit_code") == 0 ||
	    strcmp(member, "years") == 0)
		(void)snprintf(ret, CS_MASK_TEXT, "%.60s", value); /* in public registers */
	else if (value[0] == '\0')
		ret[0] = '\0';
	else if (ends(member, "_name"))
		(void)snprintf(ret, CS_MASK_TEXT, "%.*s**", (int)(first < 8 ? first : 0), value);
	else if (at != NULL && plain_ascii(value) && strlen(at) < CS_MASK_TEXT / 2)
		(void)snprintf(ret, CS_MASK_TEXT, "%.1s***%s", value, at);
	else if (ends(member, "phone") && len >= 11 && plain_ascii(value))
		(void)snprintf(ret, CS_MASK_TEXT, "%.3s****%s", value, value + len - TAIL);
	else if (len >= 12 && plain_ascii(value))
		(void)snprintf(ret, CS_MASK_TEXT, "****%s", value + len - TAIL);
	else
		(void)snprintf(ret, CS_MASK_TEXT, "****");
}
