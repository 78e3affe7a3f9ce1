/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every unit test includes. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include "common/bytes.h"
#include "common/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define assert_ok(got) assert_int_equal(got, UK_OK)

static inline struct uk_span
str(const char *text)
{
	return uk_span_str(text);
}

/* The bytes that hex digits stand for, in a buffer of this call's own. */
#define HEX(text) hex_take((uint8_t[sizeof(text) / 2 + 1]){0}, text)

static inline struct uk_span
hex_take(uint8_t *room, const char *text)
{
	size_t len = strlen(text) / 2;

	for (size_t i = 0; i < len; i++) {
		const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
		char *end;

		room[i] = (uint8_t)strtoul(digits, &end, 16);
		assert_int_equal(*end, '\0');
	}
	return uk_span_of(room, len);
}

#define assert_bytes(got, wanted)                                        \
	do {                                                             \
		struct uk_span got_ = (got), wanted_ = (wanted);         \
		assert_int_equal(got_.len, wanted_.len);                 \
		assert_memory_equal(got_.ptr, wanted_.ptr, wanted_.len); \
	} while (0)

#endif
