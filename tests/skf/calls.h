/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of calls.def as a table. */
#ifndef TESTS_SKF_CALLS_H
#define TESTS_SKF_CALLS_H

#include "skf/skf.h"

#include <stddef.h>

#define CALL_WORDS_MAX 10

struct call {
	const char *name;
	const char *arguments; /* calls.def */
	ULONG (*call)(const uintptr_t *words);
};

extern const struct call calls[];
extern const size_t calls_count;

#endif
