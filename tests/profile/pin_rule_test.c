/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which new PINs are refused, and with which reason; which typed text costs no try. */
#include "assistant/core/pin_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BIT(id) (1U << OUK_PIN_RULE_##id)

static const char *const parts[] = {"91110108MA01ABCD2X", "3300790518026147", "0003", NULL};
static OukProfile profile = {
	.pin = {.min = 6, .max = 16, .advise_letters_and_digits = TRUE},
	.first_pin = {.kind = OUK_FIRST_PIN_FIXED},
};

static OukPinRule *
rule_of_all(void)
{
	static char first[] = "123456", hall[] = "88888888";

	profile.first_pin.value = first;
	profile.pin.hall_password = hall;
	return ouk_pin_rule_new(&profile, 4, 13, parts);
}

static guint
broken_by(const OukPinRule *rule, const char *pin)
{
	return ouk_pin_rule_broken(rule, uk_span_str(pin), uk_span_str("Old-8421"));
}

static void
each_weak_pin_is_refused_with_its_reasons(void **state)
{
	static const struct {
		const char *pin;
		guint broken; /* without MIXED, which is advice */
	} rows[] = {
		{"", BIT(MIN)},
		{"a", BIT(MIN)},
		{"4x9q1", BIT(MIN)},
		{"4x9q17", 0},
		{"Tea4two!", 0},
		{"4x9q17zu2m5k8", 0},
		{"4x9q17zu2m5k8w", BIT(MAX)},
		{"123456", BIT(SEQUENCE) | BIT(FIRST_PIN)},
		{"654321", BIT(SEQUENCE)},
		{"890123", BIT(SEQUENCE)},
		{"abcdef", BIT(SEQUENCE)},
		{"ABCdef", BIT(SEQUENCE)},
		{"fedcba", BIT(SEQUENCE)},
		{"qwerty", BIT(SEQUENCE)},
		{"1qwert", BIT(SEQUENCE)},
		{"poiuyt", BIT(SEQUENCE)},
		{"abc123", BIT(SEQUENCE)},
		{"123456a", BIT(SEQUENCE)},
		{"a123456b", BIT(SEQUENCE)},
		{"ab123456c", 0},
		{"!@#$%^", BIT(SEQUENCE)},
		{"111111", BIT(REPEAT)},
		{"888888", BIT(REPEAT)},
		{"88888888", BIT(REPEAT) | BIT(HALL_PASSWORD)},
		{"121212", BIT(REPEAT)},
		{"1212121", BIT(REPEAT)},
		{"123123", BIT(SEQUENCE) | BIT(REPEAT)},
		{"112233", BIT(REPEAT)},
		{"aAaAaA", BIT(REPEAT)},
		{"188881", BIT(REPEAT)},
		{"5a5a5a5b", 0},
		{"Old-8421", BIT(OLD)},
		{"old-8421", 0},
		{"91110108", BIT(UNIT)},
		{"ma01abcd2x", BIT(UNIT)},
		{"xx01ABCDyy", BIT(UNIT)},
		{"00790518", BIT(UNIT)},
		{"790518", BIT(UNIT)},
		{"4x0003q7", 0},
		{"Tea 4two", BIT(CHARACTERS)},
		{"Tea\t4two", BIT(CHARACTERS)},
		{"Tea4two\x7f", BIT(CHARACTERS)},
		{"茶4two", BIT(CHARACTERS)},
		{"１２３", BIT(CHARACTERS)},
	};
	g_autoptr(OukPinRule) rule = rule_of_all();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint broken = broken_by(rule, rows[i].pin) & ~BIT(MIXED);

		if (broken != rows[i].broken)
			print_error("%s: %#x instead of %#x\n", rows[i].pin, broken,
				    rows[i].broken);
		assert_int_equal(broken, rows[i].broken);
		assert_int_equal(ouk_pin_rule_accepts(broken), rows[i].broken == 0);
	}
}

/* The same judgement as the rule's, written another way and for six digits only. */
static gboolean
digits_are_weak(const char *pin)
{
	guint run = 1, direction = 0, outside = 0, kinds = 0, seen = 0;
	gboolean any = FALSE, doubled = TRUE;
	guint step[6] = {0}; /* 1 up, 2 down, from the digit before */

	for (guint i = 0; i < 6; i++) {
		guint digit = (guint)(pin[i] - '0');

		kinds += (seen & (1U << digit)) == 0;
		seen |= 1U << digit;
		if (i > 0) {
			guint before = (guint)(pin[i - 1] - '0');

			step[i] = (before + 1) % 10 == digit   ? 1
				  : (digit + 1) % 10 == before ? 2
							       : 0;
		}
		if (!(i > 0 && pin[i - 1] == pin[i]) && !(i < 5 && pin[i + 1] == pin[i]))
			doubled = FALSE;
	}
	for (guint i = 0; i < 6; i += run) {
		direction = 0;
		for (run = 1; i + run < 6; run++) {
			if (step[i + run] == 0 || (direction != 0 && step[i + run] != direction))
				break;
			direction = step[i + run];
		}
		any |= run >= 3;
		if (run < 3) {
			run = 1;
			outside++;
		}
	}
	return (any && outside < 3) || kinds <= 2 || doubled || memcmp(pin, pin + 3, 3) == 0;
}

static void
every_pin_of_six_digits_is_judged_alike(void **state)
{
	g_autoptr(OukPinRule) rule = ouk_pin_rule_new(NULL, 6, 16, NULL);
	guint weak = 0;

	for (guint number = 0; number < 1000000; number++) {
		char pin[8];
		gboolean expected;

		(void)snprintf(pin, sizeof(pin), "%06u", number);
		expected = digits_are_weak(pin);
		weak += expected;
		if (ouk_pin_rule_accepts(broken_by(rule, pin)) == expected)
			fail_msg("%s: expected %s", pin, expected ? "weak" : "good");
	}
	/* most are left to choose from */
	assert_in_range(weak, 1000, 50000);
}

static void
lengths_are_those_that_key_and_ca_both_take(void **state)
{
	static const struct {
		guint ca_min, ca_max, min, max, ret_min, ret_max;
	} rows[] = {
		{0, 0, 0, 0, 6, 16},   {6, 16, 0, 0, 6, 16}, {6, 16, 4, 13, 6, 13},
		{6, 16, 8, 32, 8, 16}, {0, 0, 2, 16, 2, 16}, {0, 0, 0, 12, 6, 12},
		{8, 0, 0, 0, 8, 16},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		OukProfile ca = {.pin = {.min = rows[i].ca_min, .max = rows[i].ca_max}};
		g_autoptr(OukPinRule) rule = ouk_pin_rule_new(&ca, rows[i].min, rows[i].max, NULL);

		assert_int_equal(ouk_pin_rule_min(rule), rows[i].ret_min);
		assert_int_equal(ouk_pin_rule_max(rule), rows[i].ret_max);
	}
}

static void
advice_is_given_and_does_not_refuse(void **state)
{
	g_autoptr(OukPinRule) rule = rule_of_all();
	g_autoptr(OukPinRule) plain = ouk_pin_rule_new(NULL, 0, 0, NULL);

	assert_int_equal(broken_by(rule, "849173"), BIT(MIXED));
	assert_true(ouk_pin_rule_accepts(BIT(MIXED)));
	assert_int_equal(broken_by(rule, "84917q"), 0);
	assert_int_equal(broken_by(plain, "849173"), 0);
	assert_false(ouk_pin_rule_applies(plain, OUK_PIN_RULE_MIXED));
	assert_false(ouk_pin_rule_applies(plain, OUK_PIN_RULE_FIRST_PIN));
	assert_false(ouk_pin_rule_applies(plain, OUK_PIN_RULE_UNIT));
}

static void
every_rule_has_its_words(void **state)
{
	g_autoptr(OukPinRule) rule = rule_of_all();

	for (guint id = 0; id < OUK_PIN_RULES; id++) {
		assert_string_not_equal(ouk_pin_rule_sentence(rule, id), "");
		assert_string_not_equal(ouk_pin_rule_reason(rule, id), "");
		assert_null(strchr(ouk_pin_rule_sentence(rule, id), '%'));
	}
	assert_string_equal(ouk_pin_rule_sentence(rule, OUK_PIN_RULE_MIN), "at least 6 characters");
	assert_string_equal(ouk_pin_rule_sentence(rule, OUK_PIN_RULE_MAX), "at most 13 characters");
}

static void
another_process_makes_the_same_rule(void **state)
{
	static const char *const pins[] = {"123456", "91110108",       "88888888",
					   "4x9q17", "4x9q17zu2m5k8w", "849173"};
	static const char *const wrong[] = {
		"",
		"openukey-pin-rule 1",
		"openukey-pin-rule 2 min=6 max=16",
		"openukey-pin-rule 1 min=6",
		"openukey-pin-rule 1 min=0 max=16",
		"openukey-pin-rule 1 min=9 max=6",
		"openukey-pin-rule 1 min=6 max=99999",
		"openukey-pin-rule 1 min=6 max=16 first=3",
		"openukey-pin-rule 1 min=6 max=16 first=00",
		"openukey-pin-rule 1 min=6 max=16 first=zz",
		"openukey-pin-rule 1 min=6 max=16 what=31",
		"openukey-pin-rule 1 min=6 max=16 first=31 first=32",
		"openukey-pin-rule 1 min=6 max=16 first",
		"openukey-pin-rule 1 min=-6 max=16",
	};
	g_autoptr(OukPinRule) rule = rule_of_all();
	g_autofree char *text = ouk_pin_rule_pack(rule);
	g_autoptr(OukPinRule) copy = ouk_pin_rule_unpack(text);
	g_autofree char *again = copy != NULL ? ouk_pin_rule_pack(copy) : NULL;

	assert_non_null(copy);
	assert_string_equal(text, again);
	assert_null(strchr(text, '\n'));
	for (size_t i = 0; i < G_N_ELEMENTS(pins); i++)
		assert_int_equal(broken_by(rule, pins[i]), broken_by(copy, pins[i]));
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(OukPinRule) none = ouk_pin_rule_unpack(wrong[i]);

		if (none != NULL)
			print_error("taken: %s\n", wrong[i]);
		assert_null(none);
	}
}

static void
typed_text_that_cannot_be_a_pin_costs_no_try(void **state)
{
	static const struct {
		const char *text;
		OukPinTyped typed;
	} rows[] = {
		{"", OUK_PIN_TYPED_EMPTY},
		{"123456", OUK_PIN_TYPED_GOOD},
		{"4x9q17", OUK_PIN_TYPED_GOOD},
		{"１２３４５６", OUK_PIN_TYPED_FULL_WIDTH},
		{"12345６", OUK_PIN_TYPED_FULL_WIDTH},
		{"ａｂｃ１２３", OUK_PIN_TYPED_FULL_WIDTH},
		{"密码１", OUK_PIN_TYPED_FULL_WIDTH},
		{"123　456", OUK_PIN_TYPED_FULL_WIDTH},
		{"密码密码", OUK_PIN_TYPED_NOT_ASCII},
		{"12345é", OUK_PIN_TYPED_NOT_ASCII},
		{"12345\xff", OUK_PIN_TYPED_NOT_ASCII},
		{"12345\xef", OUK_PIN_TYPED_NOT_ASCII},
		{"12345\xef\xbc", OUK_PIN_TYPED_NOT_ASCII},
		{"123 456", OUK_PIN_TYPED_BLANK},
		{"123456\n", OUK_PIN_TYPED_BLANK},
		{"12345", OUK_PIN_TYPED_TOO_SHORT},
		{"12345678901234567", OUK_PIN_TYPED_TOO_LONG},
		{"88888888", OUK_PIN_TYPED_HALL_PASSWORD},
		{"8888888", OUK_PIN_TYPED_GOOD},
		{"888888888", OUK_PIN_TYPED_GOOD},
	};
	g_autoptr(OukPinRule) rule = ouk_pin_rule_new(NULL, 6, 16, NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		OukPinTyped typed = ouk_pin_typed(rule, uk_span_str(rows[i].text), 6, 16);

		if (typed != rows[i].typed)
			print_error("%s: %d\n", rows[i].text, (int)typed);
		assert_int_equal(typed, rows[i].typed);
		assert_true((ouk_pin_typed_sentence(typed) == NULL) ==
			    (typed == OUK_PIN_TYPED_GOOD));
	}
	/* a key that does not tell its limits has none */
	assert_int_equal(ouk_pin_typed(rule, uk_span_str("1"), 0, 0), OUK_PIN_TYPED_GOOD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_weak_pin_is_refused_with_its_reasons),
		cmocka_unit_test(every_pin_of_six_digits_is_judged_alike),
		cmocka_unit_test(lengths_are_those_that_key_and_ca_both_take),
		cmocka_unit_test(advice_is_given_and_does_not_refuse),
		cmocka_unit_test(every_rule_has_its_words),
		cmocka_unit_test(another_process_makes_the_same_rule),
		cmocka_unit_test(typed_text_that_cannot_be_a_pin_costs_no_try),
	};

	return cmocka_run_group_tests_name("PIN rule", tests, NULL, NULL);
}
