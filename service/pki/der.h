/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DER, one element at a time: lengths up to 2^32, tags of one byte. */
#ifndef CS_PKI_DER_H
#define CS_PKI_DER_H

#include "common/bytes.h"

enum cs_der_tag {
	CS_DER_INTEGER = 0x02,
	CS_DER_BITS = 0x03,
	CS_DER_OCTETS = 0x04,
	CS_DER_OID = 0x06,
	CS_DER_SEQUENCE = 0x30,
};

/*
 * Takes an element off the front; its contents, and the whole of it with tag and length.  Either
 * may be NULL.  False for another tag, a length that is not the shortest, or one beyond the end.
 */
UK_CHECKED bool cs_der_take(struct uk_span *in, uint8_t tag, struct uk_span *ret_inside,
			    struct uk_span *ret_whole);

/* Tag and length of an element whose contents come next. */
void cs_der_head(struct uk_writer *out, uint8_t tag, size_t len);
void cs_der_put(struct uk_writer *out, uint8_t tag, struct uk_span inside);
/* A BIT STRING of whole bytes. */
void cs_der_put_bits(struct uk_writer *out, struct uk_span bytes);
/* How many bytes cs_der_head writes. */
size_t cs_der_head_len(size_t len);

#endif
