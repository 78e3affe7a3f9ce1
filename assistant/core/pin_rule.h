/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a new PIN must be, checked at each stroke, and what typed text cannot be a PIN at all.
 * Pure functions on bytes: nothing of a PIN is copied, kept or logged.
 */
#ifndef OUK_CORE_PIN_RULE_H
#define OUK_CORE_PIN_RULE_H

#include "assistant/core/profile.h"
#include "common/bytes.h"

#include <glib.h>

/* In the order in which they are shown. */
typedef enum {
	OUK_PIN_RULE_CHARACTERS, /* printable ASCII without blanks */
	OUK_PIN_RULE_MIN,
	OUK_PIN_RULE_MAX,
	OUK_PIN_RULE_SEQUENCE,      /* not 123456, fedcba, qwerty */
	OUK_PIN_RULE_REPEAT,        /* not 111111, 121212, 112233 */
	OUK_PIN_RULE_FIRST_PIN,     /* not the PIN every key begins with */
	OUK_PIN_RULE_UNIT,          /* not part of credit code or key number */
	OUK_PIN_RULE_HALL_PASSWORD, /* not a hall's first password */
	OUK_PIN_RULE_OLD,           /* not the old one */
	OUK_PIN_RULE_MIXED,         /* letters and digits: advice, does not refuse */
	OUK_PIN_RULES,
} OukPinRuleId;

typedef struct _OukPinRule OukPinRule;

/*
 * profile may be NULL; min and max (bytes) are the token's, 0 = not known. parts: what a guesser
 * knows of the unit and the key (credit code, serial number); NULL-terminated or NULL.
 */
OukPinRule *ouk_pin_rule_new(const OukProfile *profile, guint min, guint max,
			     const char *const *parts);
void ouk_pin_rule_free(OukPinRule *rule);
/* One line of text that another process makes the same rule from; NULL when it is not one. */
char *ouk_pin_rule_pack(const OukPinRule *rule);
OukPinRule *ouk_pin_rule_unpack(const char *text);
guint ouk_pin_rule_min(const OukPinRule *rule);
guint ouk_pin_rule_max(const OukPinRule *rule);

/* FALSE: this rule never speaks (no first PIN known, ...): leave its line out. */
gboolean ouk_pin_rule_applies(const OukPinRule *rule, OukPinRuleId id);
/* FALSE: only advised; a PIN that breaks it is taken all the same. */
gboolean ouk_pin_rule_is_required(OukPinRuleId id);
/* The line of the list, positive: "6 to 16 characters". Translated; the rule's. */
const char *ouk_pin_rule_sentence(const OukPinRule *rule, OukPinRuleId id);
/* Why it is refused, for beside the field: "The digits follow one another." Translated. */
const char *ouk_pin_rule_reason(const OukPinRule *rule, OukPinRuleId id);

/*
 * The broken rules as bits (1U << id); 0 = good. old_pin may be empty. An empty PIN breaks
 * MIN alone.
 */
guint ouk_pin_rule_broken(const OukPinRule *rule, struct uk_span pin, struct uk_span old_pin);
/* FALSE when one that is required is among the broken ones. */
gboolean ouk_pin_rule_accepts(guint broken);

/* ---- typed to log in: what never reaches the key ---- */

typedef enum {
	OUK_PIN_TYPED_GOOD,
	OUK_PIN_TYPED_EMPTY,
	OUK_PIN_TYPED_FULL_WIDTH, /* an input method was on: １２３ */
	OUK_PIN_TYPED_NOT_ASCII,
	OUK_PIN_TYPED_BLANK,     /* blanks or control characters */
	OUK_PIN_TYPED_TOO_SHORT, /* for the key */
	OUK_PIN_TYPED_TOO_LONG,
	OUK_PIN_TYPED_HALL_PASSWORD, /* ask before a try is spent; may be gone on with */
	OUK_PIN_TYPED_COUNT,
} OukPinTyped;

/* The first thing wrong with it; min and max (bytes) are the token's, 0 = not known. */
OukPinTyped ouk_pin_typed(const OukPinRule *rule, struct uk_span utf8, guint min, guint max);
/* Says that no try was used up. Translated; NULL for GOOD. */
const char *ouk_pin_typed_sentence(OukPinTyped typed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukPinRule, ouk_pin_rule_free)

#endif
