/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program and openukey-skf-host say to one another: messages of a SOCK_SEQPACKET socket, one
 * request, one answer.  A request is its op (1 byte) and its fields, an answer a return code (u32),
 * the tries left (1 byte, 0xff: not told) and its fields.  Integers are little-endian; a field of
 * bytes has its length (u32) before it.
 */
#ifndef UK_DRIVERS_SKF_WIRE_H
#define UK_DRIVERS_SKF_WIRE_H

#include "common/bytes.h"
#include "common/status.h"

#define SKF_PROTOCOL    1
#define SKF_MESSAGE_MAX (72 * 1024)
#define SKF_TRIES_NONE  0xff
#define SKF_DEVICES_MAX 16
#define SKF_NAMES_MAX   (16 * 1024) /* bytes of a list of names */

#define OP(name, secret, spends) SKF_OP_##name,
enum skf_op {
#include "drivers/skf/ops.def"
	SKF_OP_COUNT
};
#undef OP

#define SAR(name, value, status) SAR_##name = (value),
enum skf_sar {
#include "drivers/skf/sar.def"
	SAR_FAIL = 0x0a000001,
	SAR_UNKNOWNERR = 0x0a000002,
	SAR_INVALIDHANDLEERR = 0x0a000005,
};
#undef SAR

struct skf_op_row {
	const char *name;
	bool secret, spends;
};

/* NULL: no such op. */
const struct skf_op_row *skf_op_row(unsigned int op);

/* What a return code is to us. */
enum uk_status skf_status(uint32_t sar);

static inline void
skf_put_u32(struct uk_writer *out, uint32_t value)
{
	uk_put_u32(out, UK_LITTLE_ENDIAN, value);
}

static inline void
skf_put_bytes(struct uk_writer *out, struct uk_span bytes)
{
	skf_put_u32(out, (uint32_t)bytes.len);
	uk_put(out, bytes);
}

UK_CHECKED static inline bool
skf_take_u32(struct uk_span *in, uint32_t *ret)
{
	return uk_take_u32(in, UK_LITTLE_ENDIAN, ret);
}

UK_CHECKED static inline bool
skf_take_bytes(struct uk_span *in, struct uk_span *ret)
{
	struct uk_span rest = *in;
	uint32_t len;

	if (!skf_take_u32(&rest, &len) || !uk_take(&rest, len, ret))
		return false;
	*in = rest;
	return true;
}

/* The same, not longer than max. */
UK_CHECKED static inline bool
skf_take_name(struct uk_span *in, size_t max, struct uk_span *ret)
{
	struct uk_span rest = *in;
	struct uk_span name;

	if (!skf_take_bytes(&rest, &name) || name.len > max)
		return false;
	*in = rest;
	*ret = name;
	return true;
}

#endif
