/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/bytes.h"

#include <string.h>

struct uk_span
uk_span_str(const char *text)
{
	return uk_span_of(text, strlen(text));
}

bool
uk_span_equal(struct uk_span a, struct uk_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
uk_take(struct uk_span *in, size_t n, struct uk_span *out)
{
	if (n > in->len)
		return false;
	*out = (struct uk_span){in->ptr, n};
	*in = (struct uk_span){n == 0 ? in->ptr : in->ptr + n, in->len - n};
	return true;
}

bool
uk_take_u8(struct uk_span *in, uint8_t *out)
{
	struct uk_span byte;

	if (!uk_take(in, 1, &byte))
		return false;
	*out = byte.ptr[0];
	return true;
}

/* width is 2 or 4 */
static bool
take_uint(struct uk_span *in, enum uk_order order, size_t width, uint32_t *out)
{
	struct uk_span bytes;
	uint32_t value = 0;

	if (!uk_take(in, width, &bytes))
		return false;
	for (size_t i = 0; i < width; i++)
		value = value << 8 | bytes.ptr[order == UK_BIG_ENDIAN ? i : width - 1 - i];
	*out = value;
	return true;
}

bool
uk_take_u16(struct uk_span *in, enum uk_order order, uint16_t *out)
{
	uint32_t value;

	if (!take_uint(in, order, 2, &value))
		return false;
	*out = (uint16_t)value;
	return true;
}

bool
uk_take_u32(struct uk_span *in, enum uk_order order, uint32_t *out)
{
	return take_uint(in, order, 4, out);
}

bool
uk_take_name(struct uk_span *in, struct uk_span *out)
{
	const uint8_t *nul;
	struct uk_span rest;
	uint8_t end;

	if (in->len == 0)
		return false;
	nul = memchr(in->ptr, 0, in->len);
	if (nul == NULL)
		return uk_take(in, in->len, out);
	rest = *in;
	if (!uk_take(&rest, (size_t)(nul - in->ptr), out) || !uk_take_u8(&rest, &end))
		return false;
	*in = rest;
	return true;
}

void
uk_put(struct uk_writer *out, struct uk_span bytes)
{
	if (out->overflow || bytes.len > out->cap - out->len) {
		out->overflow = true;
		return;
	}
	if (bytes.len > 0)
		memcpy(out->ptr + out->len, bytes.ptr, bytes.len);
	out->len += bytes.len;
}

void
uk_put_u8(struct uk_writer *out, uint8_t value)
{
	uk_put(out, (struct uk_span){&value, 1});
}

static void
put_uint(struct uk_writer *out, enum uk_order order, size_t width, uint32_t value)
{
	uint8_t bytes[4];

	for (size_t i = 0; i < width; i++)
		bytes[order == UK_BIG_ENDIAN ? width - 1 - i : i] = (uint8_t)(value >> (8 * i));
	uk_put(out, (struct uk_span){bytes, width});
}

void
uk_put_u16(struct uk_writer *out, enum uk_order order, uint16_t value)
{
	put_uint(out, order, 2, value);
}

void
uk_put_u32(struct uk_writer *out, enum uk_order order, uint32_t value)
{
	put_uint(out, order, 4, value);
}

void
uk_put_fill(struct uk_writer *out, uint8_t value, size_t count)
{
	if (out->overflow || count > out->cap - out->len) {
		out->overflow = true;
		return;
	}
	memset(out->ptr + out->len, value, count);
	out->len += count;
}

void
uk_put_padded(struct uk_writer *out, struct uk_span bytes, size_t width)
{
	if (bytes.len > width) {
		out->overflow = true;
		return;
	}
	uk_put(out, bytes);
	uk_put_fill(out, 0, width - bytes.len);
}
