/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logging, off unless OPENUKEY_LOG asks for it: LEVEL[:CATEGORY[,CATEGORY...]], for instance
 * "debug:apdu,card" or "warning".  Read once with secure_getenv; lines go to stderr.
 * Nothing secret is ever handed to these functions: APDU data only where its row allows it.
 */
#ifndef UK_COMMON_LOG_H
#define UK_COMMON_LOG_H

#include "common/defs.h"

#include <stdbool.h>

enum uk_log_level { UK_LOG_ERROR, UK_LOG_WARNING, UK_LOG_INFO, UK_LOG_DEBUG };

/* Whether a line of this level and category would be written: for work worth skipping. */
bool uk_log_on(enum uk_log_level level, const char *category);

void uk_log(enum uk_log_level level, const char *category, const char *format, ...) UK_PRINTF(3, 4);

#define uk_error(category, ...)   uk_log(UK_LOG_ERROR, category, __VA_ARGS__)
#define uk_warning(category, ...) uk_log(UK_LOG_WARNING, category, __VA_ARGS__)
#define uk_info(category, ...)    uk_log(UK_LOG_INFO, category, __VA_ARGS__)
#define uk_debug(category, ...)   uk_log(UK_LOG_DEBUG, category, __VA_ARGS__)

#endif
