/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule as another process hands it to the prompt, and text typed as a PIN. */
#include "assistant/core/pin_rule.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct uk_span typed = uk_span_of(bytes, size);
	g_autofree char *text = g_strndup((const char *)bytes, size);
	g_autoptr(OukPinRule) rule = ouk_pin_rule_unpack(text);
	g_autoptr(OukPinRule) plain = ouk_pin_rule_new(NULL, 0, 0, NULL);
	guint broken = ouk_pin_rule_broken(plain, typed, typed);

	must(size == 0 || !ouk_pin_rule_accepts(broken)); /* it is the old one */
	must(ouk_pin_typed(plain, typed, 6, 16) < OUK_PIN_TYPED_COUNT);
	if (rule != NULL) {
		g_autofree char *packed = ouk_pin_rule_pack(rule);
		g_autoptr(OukPinRule) copy = ouk_pin_rule_unpack(packed);
		g_autofree char *again = NULL;

		must(copy != NULL);
		again = ouk_pin_rule_pack(copy);
		must(strcmp(packed, again) == 0);
		must(ouk_pin_rule_broken(rule, typed, typed) ==
		     ouk_pin_rule_broken(copy, typed, typed));
	}
	return 0;
}
