/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One target a file: bytes that a key, a card or a person's file could hold. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "common/bytes.h"
#include "common/status.h"

#include <stdlib.h>

/* libFuzzer's entry; also called by main.c. Always 0; what is wrong ends the program. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever came in. */
static inline void
must(bool condition)
{
	if (!condition)
		abort();
}

#endif
