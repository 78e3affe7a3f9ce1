/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The few language helpers that every folder uses. */
#ifndef UK_COMMON_DEFS_H
#define UK_COMMON_DEFS_H

#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The caller must look at the result. */
#define UK_CHECKED __attribute__((warn_unused_result))

/* Runs fn(&variable) on every way out of the scope. */
#define UK_CLEANUP(fn) __attribute__((cleanup(fn)))

#define UK_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Visible outside the shared object; everything else is hidden. */
#define UK_EXPORT __attribute__((visibility("default")))

#endif
