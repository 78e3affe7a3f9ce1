/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was typed to log in and cannot be a PIN, so that it costs no try. */
#include "assistant/core/pin_rule.h"

#include <glib/gi18n.h>

/* U+FF01 to U+FF5E and U+3000 in UTF-8: EF BC 81 to EF BD 9E, E3 80 80. */
static gboolean
is_full_width(struct uk_span utf8, gsize at)
{
	guint8 second;

	if (at + 3 > utf8.len)
		return FALSE;
	second = utf8.ptr[at + 1];
	if (utf8.ptr[at] == 0xe3)
		return second == 0x80 && utf8.ptr[at + 2] == 0x80;
	return utf8.ptr[at] == 0xef && (second == 0xbc || second == 0xbd);
}

static OukPinTyped
characters_typed(struct uk_span utf8)
{
	OukPinTyped found = OUK_PIN_TYPED_GOOD;

	for (gsize i = 0; i < utf8.len; i++) {
		if (is_full_width(utf8, i))
			return OUK_PIN_TYPED_FULL_WIDTH;
		if (utf8.ptr[i] >= 0x80)
			found = OUK_PIN_TYPED_NOT_ASCII;
		else if ((utf8.ptr[i] <= ' ' || utf8.ptr[i] == 0x7f) && found == OUK_PIN_TYPED_GOOD)
			found = OUK_PIN_TYPED_BLANK;
	}
	return found;
}

OukPinTyped
ouk_pin_typed(const OukPinRule *rule, struct uk_span utf8, guint min, guint max)
{
	const guint hall = 1U << OUK_PIN_RULE_HALL_PASSWORD;
	OukPinTyped typed;

	if (utf8.len == 0)
		return OUK_PIN_TYPED_EMPTY;
	typed = characters_typed(utf8);
	if (typed != OUK_PIN_TYPED_GOOD)
		return typed;
	if (utf8.len < min)
		return OUK_PIN_TYPED_TOO_SHORT;
	if (max > 0 && utf8.len > max)
		return OUK_PIN_TYPED_TOO_LONG;
	if (rule != NULL && (ouk_pin_rule_broken(rule, utf8, (struct uk_span){0}) & hall) != 0)
		return OUK_PIN_TYPED_HALL_PASSWORD;
	return OUK_PIN_TYPED_GOOD;
}

const char *
ouk_pin_typed_sentence(OukPinTyped typed)
{
	static const char *const sentences[OUK_PIN_TYPED_COUNT] = {
		[OUK_PIN_TYPED_EMPTY] = N_("Type the UKEY PIN."),
		[OUK_PIN_TYPED_FULL_WIDTH] =
			N_("These are full-width characters. Switch the input method to English "
			   "and type the UKEY PIN again. Nothing was sent to the key, no try was "
			   "used up."),
		[OUK_PIN_TYPED_NOT_ASCII] =
			N_("There is a character in it that no UKEY PIN has. Switch the input "
			   "method to English and type it again. Nothing was sent to the key, no "
			   "try was used up."),
		[OUK_PIN_TYPED_BLANK] =
			N_("There is a blank in it. Type the UKEY PIN again without. "
			   "Nothing was sent to the key, no try was used up."),
		[OUK_PIN_TYPED_TOO_SHORT] = N_(
			"This is too short for the UKEY PIN. Nothing was sent to the key, no try "
			"was used up."),
		[OUK_PIN_TYPED_TOO_LONG] =
			N_("This is too long for the UKEY PIN. Nothing was sent to the key, no try "
			   "was used up."),
		[OUK_PIN_TYPED_HALL_PASSWORD] = N_(
			"This is the login password of a hall, not the UKEY PIN. Nothing was sent "
			"to the key, no try was used up. Type the UKEY PIN."),
	};

	if (typed <= OUK_PIN_TYPED_GOOD || typed >= OUK_PIN_TYPED_COUNT)
		return NULL;
	return _(sentences[typed]);
}
