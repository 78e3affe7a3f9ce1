/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SM2EnvelopedKey of GM/T 0009: how some CAs deliver an encryption key pair. */
#include "drivers/crypto/der.h"

#include <string.h>

/* OBJECT IDENTIFIER 1.2.156.10197.1.104 (SM4) and .104.1 (SM4-ECB) */
static const uint8_t oid_sm4[] = {0x06, 0x07, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x68};
static const uint8_t oid_sm4_ecb[] = {0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x68, 0x01};

static bool
is_sm4_ecb(const struct crypto_library *lib, struct uk_span algorithm)
{
	struct der_element oid;

	if (!der_take_tag(lib, &algorithm, V_ASN1_OBJECT, &oid))
		return false;
	return uk_span_equal(oid.whole, uk_span_of(oid_sm4, sizeof(oid_sm4))) ||
	       uk_span_equal(oid.whole, uk_span_of(oid_sm4_ecb, sizeof(oid_sm4_ecb)));
}

/* A number, right-aligned in `width` bytes. */
static bool
take_number(const struct crypto_library *lib, struct uk_span *in, uint8_t *out, size_t width)
{
	struct uk_span number;

	if (!der_take_uint(lib, in, &number) || number.len > width)
		return false;
	memset(out, 0, width - number.len);
	if (number.len > 0)
		memcpy(out + width - number.len, number.ptr, number.len);
	return true;
}

/* SM2Cipher: SEQUENCE { x, y, hash, cipher text } */
static bool
read_cipher(const struct crypto_library *lib, struct uk_span in, struct crypto_sm2_cipher *key)
{
	struct der_element hash;
	struct der_element cipher;

	if (!take_number(lib, &in, key->c1x, sizeof(key->c1x)) ||
	    !take_number(lib, &in, key->c1y, sizeof(key->c1y)) ||
	    !der_take_tag(lib, &in, V_ASN1_OCTET_STRING, &hash) ||
	    !der_take_tag(lib, &in, V_ASN1_OCTET_STRING, &cipher))
		return false;
	if (in.len != 0 || hash.body.len != sizeof(key->c3) || cipher.body.len == 0 ||
	    cipher.body.len > sizeof(key->c2))
		return false;
	memcpy(key->c3, hash.body.ptr, sizeof(key->c3));
	memcpy(key->c2, cipher.body.ptr, cipher.body.len);
	key->c2_len = cipher.body.len;
	return true;
}

static bool
read_public_key(struct uk_span in, struct crypto_enveloped_key *key)
{
	struct uk_span x;
	struct uk_span y;
	uint8_t form;

	if (!uk_take_u8(&in, &form) || form != 0x04 || !uk_take(&in, sizeof(key->x), &x) ||
	    !uk_take(&in, sizeof(key->y), &y) || in.len != 0)
		return false;
	memcpy(key->x, x.ptr, sizeof(key->x));
	memcpy(key->y, y.ptr, sizeof(key->y));
	return true;
}

static bool
read_key(const struct crypto_library *lib, struct uk_span in, struct crypto_enveloped_key *key)
{
	struct der_element outer;
	struct der_element algorithm;
	struct der_element cipher;
	struct uk_span public_key;
	struct uk_span private_key;

	if (!der_take_tag(lib, &in, V_ASN1_SEQUENCE, &outer) || in.len != 0)
		return false;
	in = outer.body;
	if (!der_take_tag(lib, &in, V_ASN1_SEQUENCE, &algorithm) ||
	    !der_take_tag(lib, &in, V_ASN1_SEQUENCE, &cipher) ||
	    !der_take_bits(lib, &in, &public_key) || !der_take_bits(lib, &in, &private_key))
		return false;
	if (in.len != 0 || private_key.len == 0 || private_key.len > sizeof(key->private_key))
		return false;
	key->ecb_sm4 = is_sm4_ecb(lib, algorithm.body);
	memcpy(key->private_key, private_key.ptr, private_key.len);
	key->private_key_len = private_key.len;
	return read_cipher(lib, cipher.body, &key->cipher) && read_public_key(public_key, key);
}

enum uk_status
crypto_enveloped_key_read(struct uk_span der, struct crypto_enveloped_key *ret)
{
	const struct crypto_library *lib = crypto_load();
	struct crypto_enveloped_key key = {0};

	if (lib == NULL)
		return UK_E_CRYPTO;
	CRYPTO_QUIET quiet = crypto_quiet(lib);
	if (!read_key(lib, der, &key))
		return UK_E_ENVELOPE;
	*ret = key;
	return UK_OK;
}

enum uk_status
crypto_sm2_cipher_read(struct uk_span der, struct crypto_sm2_cipher *ret)
{
	const struct crypto_library *lib = crypto_load();
	struct crypto_sm2_cipher cipher = {0};
	struct der_element outer;

	if (lib == NULL)
		return UK_E_CRYPTO;
	CRYPTO_QUIET quiet = crypto_quiet(lib);
	if (!der_take_tag(lib, &der, V_ASN1_SEQUENCE, &outer) || der.len != 0 ||
	    !read_cipher(lib, outer.body, &cipher))
		return UK_E_ENVELOPE;
	*ret = cipher;
	return UK_OK;
}
