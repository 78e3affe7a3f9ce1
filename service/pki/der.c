/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/pki/der.h"

#define LONG_FORM   0x80U
#define LENGTH_MAX  4U
#define SHORT_LIMIT 0x80U

static bool
length_take(struct uk_span *in, size_t *ret)
{
	uint8_t first, byte;
	size_t len = 0;

	if (!uk_take_u8(in, &first))
		return false;
	if (first < LONG_FORM) {
		*ret = first;
		return true;
	}
	first &= LONG_FORM - 1;
	if (first == 0 || first > LENGTH_MAX)
		return false;
	for (uint8_t i = 0; i < first; i++) {
		if (!uk_take_u8(in, &byte) || (i == 0 && byte == 0))
			return false;
		len = len << 8 | byte;
	}
	*ret = len;
	return len >= SHORT_LIMIT;
}

bool
cs_der_take(struct uk_span *in, uint8_t tag, struct uk_span *ret_inside, struct uk_span *ret_whole)
{
	struct uk_span rest = *in, inside;
	uint8_t found;
	size_t len;

	if (!uk_take_u8(&rest, &found) || found != tag || !length_take(&rest, &len) ||
	    !uk_take(&rest, len, &inside))
		return false;
	if (ret_inside != NULL)
		*ret_inside = inside;
	if (ret_whole != NULL)
		*ret_whole = uk_span_of(in->ptr, in->len - rest.len);
	*in = rest;
	return true;
}

static size_t
length_bytes(size_t len)
{
	size_t count = 0;

	for (; len > 0; len >>= 8)
		count++;
	return count;
}

size_t
cs_der_head_len(size_t len)
{
	return len < SHORT_LIMIT ? 2 : 2 + length_bytes(len);
}

void
cs_der_head(struct uk_writer *out, uint8_t tag, size_t len)
{
	size_t count = length_bytes(len);

	uk_put_u8(out, tag);
	if (len < SHORT_LIMIT) {
		uk_put_u8(out, (uint8_t)len);
		return;
	}
	uk_put_u8(out, (uint8_t)(LONG_FORM | count));
	for (; count > 0; count--)
		uk_put_u8(out, (uint8_t)(len >> (8 * (count - 1))));
}

void
cs_der_put(struct uk_writer *out, uint8_t tag, struct uk_span inside)
{
	cs_der_head(out, tag, inside.len);
	uk_put(out, inside);
}

void
cs_der_put_bits(struct uk_writer *out, struct uk_span bytes)
{
	cs_der_head(out, CS_DER_BITS, bytes.len + 1);
	uk_put_u8(out, 0);
	uk_put(out, bytes);
}
