/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/crypto/der.h"

#include <limits.h>

#define DER_ERROR      0x80 /* of ASN1_get_object */
#define DER_INDEFINITE 0x01

bool
der_take(const struct crypto_library *lib, struct uk_span *in, struct der_element *ret)
{
	struct der_element element = {0};
	const unsigned char *at = in->ptr;
	struct uk_span rest = *in;
	long len = 0;
	int bits;

	if (in->len == 0 || in->len > LONG_MAX)
		return false;
	bits = lib->ASN1_get_object(&at, &len, &element.tag, &element.class_bits, (long)in->len);
	if ((bits & (DER_ERROR | DER_INDEFINITE)) != 0 || len < 0)
		return false;
	if (!uk_take(&rest, (size_t)(at - in->ptr) + (size_t)len, &element.whole))
		return false;
	element.body = uk_span_of(at, (size_t)len);
	*in = rest;
	*ret = element;
	return true;
}

bool
der_take_tag(const struct crypto_library *lib, struct uk_span *in, int tag, struct der_element *ret)
{
	struct uk_span rest = *in;
	struct der_element element;

	if (!der_take(lib, &rest, &element))
		return false;
	if (element.class_bits != V_ASN1_UNIVERSAL || element.tag != tag)
		return false;
	*in = rest;
	*ret = element;
	return true;
}

bool
der_take_uint(const struct crypto_library *lib, struct uk_span *in, struct uk_span *ret)
{
	struct uk_span rest = *in;
	struct der_element element;
	struct uk_span zero;

	if (!der_take_tag(lib, &rest, V_ASN1_INTEGER, &element))
		return false;
	if (element.body.len == 0 || (element.body.ptr[0] & 0x80) != 0)
		return false;
	if (element.body.ptr[0] == 0 && !uk_take(&element.body, 1, &zero))
		return false;
	*in = rest;
	*ret = element.body;
	return true;
}

bool
der_take_bits(const struct crypto_library *lib, struct uk_span *in, struct uk_span *ret)
{
	struct uk_span rest = *in;
	struct der_element element;
	uint8_t unused;

	if (!der_take_tag(lib, &rest, V_ASN1_BIT_STRING, &element))
		return false;
	if (!uk_take_u8(&element.body, &unused) || unused != 0)
		return false;
	*in = rest;
	*ret = element.body;
	return true;
}
