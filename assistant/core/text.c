/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/text.h"

#include <string.h>

/*
 * What makes a line read otherwise than it is written, breaks it, or stands in it unseen: so that
 * two names that look alike are alike.  Joiners stay, as some scripts need them.
 */
static const struct {
	gunichar first, last;
} unseen[] = {
	{0x00ad, 0x00ad},   /* soft hyphen */
	{0x061c, 0x061c},   /* direction: Arabic letter mark */
	{0x115f, 0x1160},   /* fillers */
	{0x180e, 0x180e},   /* vowel separator */
	{0x200b, 0x200b},   /* space of no width */
	{0x200e, 0x200f},   /* direction: marks */
	{0x2028, 0x202e},   /* separators of lines; direction: embeddings, overrides */
	{0x2060, 0x206f},   /* of no width; direction: isolates */
	{0x3164, 0x3164},   /* filler */
	{0xfeff, 0xfeff},   /* byte order mark */
	{0xffa0, 0xffa0},   /* filler */
	{0xfff9, 0xfffb},   /* annotations */
	{0xe0000, 0xe007f}, /* tags */
};

static gboolean
is_unseen(gunichar c)
{
	for (gsize i = 0; i < G_N_ELEMENTS(unseen); i++)
		if (c >= unseen[i].first && c <= unseen[i].last)
			return TRUE;
	return FALSE;
}

static char *
text_clean(const void *bytes, gsize len, gboolean lines)
{
	char *text = g_utf8_make_valid(bytes != NULL ? bytes : "", (gssize)len);

	for (char *at = text; *at != '\0';) {
		char *next = g_utf8_next_char(at);
		gunichar c = g_utf8_get_char(at);

		if ((g_unichar_iscntrl(c) && !(lines && (c == '\n' || c == '\t'))) || is_unseen(c))
			memset(at, ' ', (size_t)(next - at));
		at = next;
	}
	return text;
}

char *
ouk_text_of(const void *bytes, gsize len)
{
	return text_clean(bytes, len, FALSE);
}

char *
ouk_text_lines_of(const void *bytes, gsize len)
{
	return text_clean(bytes, len, TRUE);
}

char *
ouk_text_hex(const void *bytes, gsize len)
{
	const guint8 *at = bytes;
	GString *text = g_string_sized_new(2 * len + 1);

	for (gsize i = 0; i < len; i++)
		g_string_append_printf(text, "%02x", at[i]);
	return g_string_free(text, FALSE);
}
