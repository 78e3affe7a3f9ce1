/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates made for a test, and a folder to remember them in. */
#ifndef TESTS_CORE_PAPER_H
#define TESTS_CORE_PAPER_H

#include "assistant/core/memory.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#define DAY  ((gint64)24 * 60 * 60)
#define UNIT "邢台示例商贸有限公司"

/* For cmocka: a folder for each test, a key for all. */
extern char *paper_dir;
int paper_setup(void **state);
int paper_teardown(void **state);
int paper_group_setup(void **state);
int paper_group_teardown(void **state);

gint64 now_is(void);
/* A pair with a signing certificate; times are Unix times. */
OukPairView *pair_make(const char *unit, const char *issuer, gint64 begins, gint64 ends,
		       gint64 now);
/* Puts one row into the file, as a program that saw the key would. */
void remember(OukMemory *memory, OukPairView *pair, const char *key_id);
OukMemory *open_memory(void);

#endif
