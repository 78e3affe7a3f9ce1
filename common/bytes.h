/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spans borrow bytes, writers fill a caller's array, and both know their bounds.
 * Nothing in the project parses with raw pointers.
 */
#ifndef UK_COMMON_BYTES_H
#define UK_COMMON_BYTES_H

#include "common/defs.h"

#include <stdbool.h>
#include <stdint.h>

/* Borrowed, read-only bytes. */
struct uk_span {
	const uint8_t *ptr;
	size_t len;
};

/* Bytes being put into room of the caller's; overflow sticks and is seen once at the end. */
struct uk_writer {
	uint8_t *ptr;
	size_t len; /* written so far */
	size_t cap;
	bool overflow;
};

/* Order of multi-byte integers on the wire (gm-keys 2.1). */
enum uk_order { UK_BIG_ENDIAN, UK_LITTLE_ENDIAN };

static inline struct uk_span
uk_span_of(const void *ptr, size_t len)
{
	return (struct uk_span){(const uint8_t *)ptr, len};
}

/* A span over a string, without its NUL. */
struct uk_span uk_span_str(const char *text);

bool uk_span_equal(struct uk_span a, struct uk_span b);

/* Takes n bytes off the front. On failure neither *in nor *out has changed. */
UK_CHECKED bool uk_take(struct uk_span *in, size_t n, struct uk_span *out);
UK_CHECKED bool uk_take_u8(struct uk_span *in, uint8_t *out);
UK_CHECKED bool uk_take_u16(struct uk_span *in, enum uk_order order, uint16_t *out);
UK_CHECKED bool uk_take_u32(struct uk_span *in, enum uk_order order, uint32_t *out);

/*
 * Takes one NUL-terminated name off the front of a list of names: up to the NUL or, for a last
 * name that has none, to the end. False when nothing is left; empty names are returned as such.
 */
UK_CHECKED bool uk_take_name(struct uk_span *in, struct uk_span *out);

static inline struct uk_writer
uk_writer_of(void *ptr, size_t cap)
{
	return (struct uk_writer){(uint8_t *)ptr, 0, cap, false};
}

void uk_put(struct uk_writer *out, struct uk_span bytes);
void uk_put_u8(struct uk_writer *out, uint8_t value);
void uk_put_u16(struct uk_writer *out, enum uk_order order, uint16_t value);
void uk_put_u32(struct uk_writer *out, enum uk_order order, uint32_t value);
/* count bytes of value */
void uk_put_fill(struct uk_writer *out, uint8_t value, size_t count);
/* bytes, then zeros up to width; bytes longer than width count as overflow. */
void uk_put_padded(struct uk_writer *out, struct uk_span bytes, size_t width);

/* What has been written; empty after an overflow. */
static inline struct uk_span
uk_writer_span(const struct uk_writer *out)
{
	return (struct uk_span){out->ptr, out->overflow ? 0 : out->len};
}

#endif
