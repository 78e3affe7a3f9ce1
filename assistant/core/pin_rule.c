/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/pin_rule.h"

#include "common/secret.h"

#include <glib/gi18n.h>
#include <string.h>

/* Where neither key nor CA says anything: what all three CAs and GM/T 0016 have in common. */
#define MIN_DEFAULT 6U
#define MAX_DEFAULT 16U
/* The first password that halls give out, typed again and again where a PIN belongs. */
#define HALL_PASSWORD "88888888"
/* So many characters in a row out of the credit code or the key's number are too easy to look up.
 */
#define PART_MIN 6
/* "abc", "321", "qwe": from here on it is a sequence and no accident. */
#define RUN_MIN 3
/* A PIN with fewer characters than this outside of sequences is a sequence with an ornament. */
#define FREE_MIN   3
#define PARTS_MAX  8U
#define PACKED_MAX 2048U
#define PACK_MARK  "openukey-pin-rule 1"

struct _OukPinRule {
	guint min, max;
	gboolean mixed;
	char *first, *hall; /* may be NULL */
	GPtrArray *parts;   /* of char * */
	char *min_text, *max_text;
};

/* ---- what a rule looks at; none of these copies a byte ---- */

static guint8
lower(guint8 byte)
{
	return byte >= 'A' && byte <= 'Z' ? (guint8)(byte + 'a' - 'A') : byte;
}

/* Without regard to capitals. */
static gboolean
same_text(struct uk_span pin, const char *text)
{
	if (text == NULL || strlen(text) != pin.len)
		return FALSE;
	for (gsize i = 0; i < pin.len; i++)
		if (lower(pin.ptr[i]) != lower((guint8)text[i]))
			return FALSE;
	return TRUE;
}

static gboolean
has_other_characters(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	for (gsize i = 0; i < pin.len; i++)
		if (pin.ptr[i] < '!' || pin.ptr[i] > '~')
			return TRUE;
	return FALSE;
}

static gboolean
is_short(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	return pin.len < rule->min;
}

static gboolean
is_long(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	return pin.len > rule->max;
}

/* +1 or -1 when b comes next to a on one of the lines that fingers and heads know; else 0. */
static int
step_between(guint8 a, guint8 b)
{
	static const char *const lines[] = {
		"01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm",
		"!@#$%^&*()",
	};

	a = lower(a);
	b = lower(b);
	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
		for (const char *at = lines[i]; at[1] != '\0'; at++) {
			if ((guint8)at[0] == a && (guint8)at[1] == b)
				return 1;
			if ((guint8)at[0] == b && (guint8)at[1] == a)
				return -1;
		}
	return 0;
}

/* How many characters from `at` on follow one another in one direction; at least 1. */
static gsize
run_length(struct uk_span pin, gsize at)
{
	int step = 0;
	gsize len = 1;

	for (; at + len < pin.len; len++) {
		int next = step_between(pin.ptr[at + len - 1], pin.ptr[at + len]);

		if (next == 0 || (step != 0 && next != step))
			break;
		step = next;
	}
	return len;
}

static gboolean
is_sequence(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	gsize outside = 0;
	gboolean any = FALSE;

	for (gsize at = 0; at < pin.len;) {
		gsize len = run_length(pin, at);

		if (len >= RUN_MIN) {
			any = TRUE;
			at += len;
		} else {
			outside++;
			at++;
		}
	}
	return any && outside < FREE_MIN;
}

/* 123123, 1212121: a piece of at most half the length, over and over. */
static gboolean
has_period(struct uk_span pin)
{
	for (gsize period = 1; period <= pin.len / 2; period++) {
		gsize at = period;

		while (at < pin.len && lower(pin.ptr[at]) == lower(pin.ptr[at - period]))
			at++;
		if (at == pin.len)
			return TRUE;
	}
	return FALSE;
}

/* 112233: nobody stands alone. */
static gboolean
is_doubled(struct uk_span pin)
{
	for (gsize i = 0; i < pin.len; i++) {
		gboolean before = i > 0 && lower(pin.ptr[i]) == lower(pin.ptr[i - 1]);
		gboolean after = i + 1 < pin.len && lower(pin.ptr[i]) == lower(pin.ptr[i + 1]);

		if (!before && !after)
			return FALSE;
	}
	return pin.len > 0;
}

/* 888889, 188881: at most two different characters. */
static gboolean
has_two_characters(struct uk_span pin)
{
	guint8 one = pin.len > 0 ? lower(pin.ptr[0]) : 0;
	guint8 other = one;

	for (gsize i = 0; i < pin.len; i++) {
		guint8 byte = lower(pin.ptr[i]);

		if (byte == one || byte == other)
			continue;
		if (other != one)
			return FALSE;
		other = byte;
	}
	return TRUE;
}

static gboolean
is_repeat(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	return pin.len > 1 && (has_two_characters(pin) || has_period(pin) || is_doubled(pin));
}

static gboolean
is_first_pin(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	return same_text(pin, rule->first);
}

/* PART_MIN characters of the PIN from `at` on stand in the text somewhere. */
static gboolean
stands_in(struct uk_span pin, gsize at, const char *text)
{
	gsize len = strlen(text);

	for (gsize i = 0; i + PART_MIN <= len; i++) {
		struct uk_span piece = {pin.ptr + at, PART_MIN};
		gsize same = 0;

		while (same < PART_MIN && lower(piece.ptr[same]) == lower((guint8)text[i + same]))
			same++;
		if (same == PART_MIN)
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_of_unit(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	for (guint i = 0; i < rule->parts->len; i++)
		for (gsize at = 0; at + PART_MIN <= pin.len; at++)
			if (stands_in(pin, at, g_ptr_array_index(rule->parts, i)))
				return TRUE;
	return FALSE;
}

static gboolean
is_hall_password(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	return same_text(pin, rule->hall);
}

static gboolean
is_old_pin(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	return pin.len > 0 && uk_span_equal(pin, old_pin);
}

static gboolean
is_unmixed(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	gboolean letter = FALSE, digit = FALSE;

	for (gsize i = 0; i < pin.len; i++) {
		digit |= g_ascii_isdigit(pin.ptr[i]);
		letter |= g_ascii_isalpha(pin.ptr[i]);
	}
	return pin.len > 0 && !(letter && digit);
}

static const struct {
	gboolean (*broken)(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin);
	gboolean required;
	const char *sentence, *reason; /* the sentences with a number are made for each rule */
} rows[] = {
	[OUK_PIN_RULE_CHARACTERS] =
		{has_other_characters, TRUE,
		 N_("letters, digits and signs of the English keyboard"),
		 N_("There is a character in it that keys do not take. Switch the "
		    "input method off.")},
	[OUK_PIN_RULE_MIN] = {is_short, TRUE, NULL, N_("It is too short.")},
	[OUK_PIN_RULE_MAX] = {is_long, TRUE, NULL, N_("It is too long.")},
	[OUK_PIN_RULE_SEQUENCE] = {is_sequence, TRUE, N_("no sequence such as 123456 or abc123"),
				   N_("Its characters follow one another; that is tried first.")},
	[OUK_PIN_RULE_REPEAT] = {is_repeat, TRUE, N_("no repetition such as 111111 or 121212"),
				 N_("It repeats itself; that is tried first.")},
	[OUK_PIN_RULE_FIRST_PIN] = {is_first_pin, TRUE, N_("not the first PIN of new keys"),
				    N_("Every new key has this PIN; everybody knows it.")},
	[OUK_PIN_RULE_UNIT] = {is_of_unit, TRUE,
			       N_("nothing out of the credit code or the key's number"),
			       N_("It stands in the unit's credit code or the key's number, which "
				  "others can look up.")},
	[OUK_PIN_RULE_HALL_PASSWORD] =
		{is_hall_password, TRUE, N_("not a hall's login password"),
		 N_("This is the first login password of a hall. The UKEY PIN "
		    "must be another one.")},
	[OUK_PIN_RULE_OLD] = {is_old_pin, TRUE, N_("not the old PIN"), N_("It is the old PIN.")},
	[OUK_PIN_RULE_MIXED] = {is_unmixed, FALSE, N_("better: letters and digits mixed"),
				N_("Letters and digits mixed would be safer.")},
};

/* ---- the rule ---- */

static OukPinRule *
rule_make(guint min, guint max)
{
	OukPinRule *rule = g_new0(OukPinRule, 1);

	rule->min = min;
	rule->max = max;
	rule->parts = g_ptr_array_new_with_free_func(g_free);
	return rule;
}

static void
rule_finish(OukPinRule *rule)
{
	if (rule->hall == NULL)
		rule->hall = g_strdup(HALL_PASSWORD);
	rule->min_text = g_strdup_printf(_("at least %u characters"), rule->min);
	rule->max_text = g_strdup_printf(_("at most %u characters"), rule->max);
}

OukPinRule *
ouk_pin_rule_new(const OukProfile *profile, guint min, guint max, const char *const *parts)
{
	const OukPinLimits *limits = profile != NULL ? &profile->pin : NULL;
	guint own_min = limits != NULL ? limits->min : 0;
	guint own_max = limits != NULL && limits->max > 0 ? limits->max : G_MAXUINT;
	OukPinRule *rule = rule_make(MAX(own_min, min), MIN(own_max, max > 0 ? max : G_MAXUINT));

	if (rule->min == 0)
		rule->min = MIN_DEFAULT;
	if (rule->max == G_MAXUINT)
		rule->max = MAX(MAX_DEFAULT, rule->min);
	if (limits != NULL) {
		rule->mixed = limits->advise_letters_and_digits;
		rule->hall = g_strdup(limits->hall_password);
		rule->first = g_strdup(profile->first_pin.value);
	}
	for (; parts != NULL && *parts != NULL && rule->parts->len < PARTS_MAX; parts++)
		if (strlen(*parts) >= PART_MIN)
			g_ptr_array_add(rule->parts, g_strdup(*parts));
	rule_finish(rule);
	return rule;
}

void
ouk_pin_rule_free(OukPinRule *rule)
{
	if (rule == NULL)
		return;
	g_free(rule->first);
	g_free(rule->hall);
	g_ptr_array_unref(rule->parts);
	g_free(rule->min_text);
	g_free(rule->max_text);
	g_free(rule);
}

guint
ouk_pin_rule_min(const OukPinRule *rule)
{
	return rule->min;
}

guint
ouk_pin_rule_max(const OukPinRule *rule)
{
	return rule->max;
}

gboolean
ouk_pin_rule_applies(const OukPinRule *rule, OukPinRuleId id)
{
	switch (id) {
	case OUK_PIN_RULE_FIRST_PIN:
		return rule->first != NULL;
	case OUK_PIN_RULE_UNIT:
		return rule->parts->len > 0;
	case OUK_PIN_RULE_MIXED:
		return rule->mixed;
	default:
		return TRUE;
	}
}

gboolean
ouk_pin_rule_is_required(OukPinRuleId id)
{
	return rows[id].required;
}

const char *
ouk_pin_rule_sentence(const OukPinRule *rule, OukPinRuleId id)
{
	switch (id) {
	case OUK_PIN_RULE_MIN:
		return rule->min_text;
	case OUK_PIN_RULE_MAX:
		return rule->max_text;
	default:
		return _(rows[id].sentence);
	}
}

const char *
ouk_pin_rule_reason(const OukPinRule *rule, OukPinRuleId id)
{
	return _(rows[id].reason);
}

guint
ouk_pin_rule_broken(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin)
{
	guint broken = 0;

	for (guint id = 0; id < OUK_PIN_RULES; id++)
		if (ouk_pin_rule_applies(rule, (OukPinRuleId)id) &&
		    rows[id].broken(rule, pin, old_pin))
			broken |= 1U << id;
	return broken;
}

gboolean
ouk_pin_rule_accepts(guint broken)
{
	for (guint id = 0; id < OUK_PIN_RULES; id++)
		if ((broken & (1U << id)) != 0 && rows[id].required)
			return FALSE;
	return TRUE;
}

/* ---- to another process and back ---- */

static void
pack_text(GString *out, const char *name, const char *text)
{
	if (text == NULL)
		return;
	g_string_append_printf(out, " %s=", name);
	for (; *text != '\0'; text++)
		g_string_append_printf(out, "%02x", (unsigned int)(guint8)*text);
}

char *
ouk_pin_rule_pack(const OukPinRule *rule)
{
	g_autoptr(GString) out = g_string_new(PACK_MARK);

	g_string_append_printf(out, " min=%u max=%u mixed=%d", rule->min, rule->max,
			       rule->mixed ? 1 : 0);
	pack_text(out, "first", rule->first);
	pack_text(out, "hall", rule->hall);
	for (guint i = 0; i < rule->parts->len; i++)
		pack_text(out, "part", g_ptr_array_index(rule->parts, i));
	return g_strdup(out->str);
}

/* Hexadecimal to text without NUL; NULL when it is neither. */
static char *
unpack_text(const char *hex)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (; *hex != '\0'; hex += 2) {
		int high = g_ascii_xdigit_value(hex[0]);
		int low = high >= 0 ? g_ascii_xdigit_value(hex[1]) : -1;

		if (low < 0 || (high == 0 && low == 0))
			return NULL;
		g_string_append_c(text, (char)(high * 16 + low));
	}
	return g_strdup(text->str);
}

static gboolean
unpack_number(const char *text, guint *ret)
{
	guint64 value;

	if (!g_ascii_string_to_unsigned(text, 10, 0, UK_SECRET_MAX, &value, NULL))
		return FALSE;
	*ret = (guint)value;
	return TRUE;
}

static gboolean
unpack_field(OukPinRule *rule, const char *name, const char *value)
{
	g_autofree char *text = NULL;
	guint mixed = 0;

	if (strcmp(name, "min") == 0)
		return unpack_number(value, &rule->min);
	if (strcmp(name, "max") == 0)
		return unpack_number(value, &rule->max);
	if (strcmp(name, "mixed") == 0) {
		rule->mixed = unpack_number(value, &mixed) && mixed != 0;
		return TRUE;
	}
	text = unpack_text(value);
	if (text == NULL)
		return FALSE;
	if (strcmp(name, "first") == 0 && rule->first == NULL)
		rule->first = g_steal_pointer(&text);
	else if (strcmp(name, "hall") == 0 && rule->hall == NULL)
		rule->hall = g_steal_pointer(&text);
	else if (strcmp(name, "part") == 0 && rule->parts->len < PARTS_MAX)
		g_ptr_array_add(rule->parts, g_steal_pointer(&text));
	else
		return FALSE;
	return TRUE;
}

OukPinRule *
ouk_pin_rule_unpack(const char *text)
{
	g_autoptr(OukPinRule) rule = rule_make(0, 0);
	g_auto(GStrv) fields = NULL;

	if (strlen(text) > PACKED_MAX || !g_str_has_prefix(text, PACK_MARK " "))
		return NULL;
	fields = g_strsplit(text + strlen(PACK_MARK " "), " ", -1);
	for (char **field = fields; *field != NULL; field++) {
		char *value = strchr(*field, '=');

		if (value == NULL)
			return NULL;
		*value++ = '\0';
		if (!unpack_field(rule, *field, value))
			return NULL;
	}
	if (rule->min == 0 || rule->max < rule->min)
		return NULL;
	rule_finish(rule);
	return g_steal_pointer(&rule);
}
