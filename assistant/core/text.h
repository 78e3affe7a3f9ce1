/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that comes from certificates, keys and services, made safe to show. */
#ifndef OUK_CORE_TEXT_H
#define OUK_CORE_TEXT_H

#include <glib.h>

/*
 * UTF-8 from bytes that may be anything: what is no UTF-8 is replaced; control characters, those
 * that turn the direction of writing and those that are not seen become spaces. The caller frees.
 */
char *ouk_text_of(const void *bytes, gsize len);
/* The same for a text of several lines: their ends and tabulators stay. */
char *ouk_text_lines_of(const void *bytes, gsize len);

/* Bytes as hexadecimal digits, lower case, nothing between them. The caller frees. */
char *ouk_text_hex(const void *bytes, gsize len);

#endif
