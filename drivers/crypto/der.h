/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One DER element after the other; libcrypto reads the tags and lengths, spans keep the bounds. */
#ifndef UK_DRIVERS_CRYPTO_DER_H
#define UK_DRIVERS_CRYPTO_DER_H

#include "drivers/crypto/load.h"

struct der_element {
	int tag;              /* V_ASN1_*, without class and constructed bit */
	int class_bits;       /* V_ASN1_UNIVERSAL, V_ASN1_CONTEXT_SPECIFIC ... */
	struct uk_span whole; /* with tag and length */
	struct uk_span body;
};

/*
 * Takes the next element off the front, whatever it is. False at the end, when it does not fit, or
 * when its length is indefinite (BER).
 */
UK_CHECKED bool der_take(const struct crypto_library *lib, struct uk_span *in,
			 struct der_element *ret);
/* The same, and it must be a universal element of this tag. */
UK_CHECKED bool der_take_tag(const struct crypto_library *lib, struct uk_span *in, int tag,
			     struct der_element *ret);
/* A positive INTEGER, without its leading zero. */
UK_CHECKED bool der_take_uint(const struct crypto_library *lib, struct uk_span *in,
			      struct uk_span *ret);
/* A BIT STRING of whole bytes. */
UK_CHECKED bool der_take_bits(const struct crypto_library *lib, struct uk_span *in,
			      struct uk_span *ret);

#endif
