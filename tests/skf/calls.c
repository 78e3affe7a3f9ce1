/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/skf/calls.h"

#define CALL(name, arguments, expression)            \
	static ULONG call_##name(const uintptr_t *w) \
	{                                            \
		(void)w;                             \
		return expression;                   \
	}
#include "tests/skf/calls.def"
#undef CALL

#define CALL(name, arguments, expression) {#name, arguments, call_##name},
const struct call calls[] = {
#include "tests/skf/calls.def"
};
#undef CALL

const size_t calls_count = sizeof(calls) / sizeof(calls[0]);
