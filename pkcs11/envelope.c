/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/envelope.h"

#include "drivers/crypto/crypto.h"

#include <string.h>

/* GM/T 0016 1.2: fields of ECCPUBLICKEYBLOB and ECCCIPHERBLOB are 64 bytes, numbers at the right.
 */
#define BLOB_NUMBER_LEN 64
#define BLOB_VERSION    1
#define SM2_BITS        256
#define SM4_KEY_LEN     16
#define DER_SEQUENCE    0x30

/* RSAPRIVATEKEYBLOB is 1164 bytes; a block cipher makes it 1168, PKCS #5 padding no less. */
#define RSA_BLOB_MIN 1168
#define RSA_BLOB_MAX 1184

static bool
take_le32(struct uk_span *in, uint32_t expected)
{
	uint32_t value;

	return uk_take_u32(in, UK_LITTLE_ENDIAN, &value) && value == expected;
}

/* A 256-bit number at the right of its 64 bytes; what is before it must be zero. */
static bool
take_number(struct uk_span *in, uint8_t *out)
{
	struct uk_span field;

	if (!uk_take(in, BLOB_NUMBER_LEN, &field))
		return false;
	for (size_t i = 0; i < BLOB_NUMBER_LEN - GM_SM2_LEN; i++)
		if (field.ptr[i] != 0)
			return false;
	memcpy(out, field.ptr + BLOB_NUMBER_LEN - GM_SM2_LEN, GM_SM2_LEN);
	return true;
}

static bool
take_bytes(struct uk_span *in, uint8_t *out, size_t len)
{
	struct uk_span bytes;

	if (!uk_take(in, len, &bytes))
		return false;
	memcpy(out, bytes.ptr, len);
	return true;
}

/* GM/T 0016 ENVELOPEDKEYBLOB: Version, ulSymmAlgID, ulBits, cbEncryptedPriKey, PubKey, cipher */
static bool
blob_read(struct uk_span in, struct token_envelope *ret)
{
	ret->sym_alg = GM_ALG_SM4_ECB;
	ret->c2_len = SM4_KEY_LEN;
	return take_le32(&in, BLOB_VERSION) && take_le32(&in, GM_ALG_SM4_ECB) &&
	       take_le32(&in, SM2_BITS) &&
	       take_bytes(&in, ret->private_key, sizeof(ret->private_key)) &&
	       take_le32(&in, SM2_BITS) && take_number(&in, ret->x) && take_number(&in, ret->y) &&
	       take_number(&in, ret->c1x) && take_number(&in, ret->c1y) &&
	       take_bytes(&in, ret->c3, sizeof(ret->c3)) && take_le32(&in, SM4_KEY_LEN) &&
	       take_bytes(&in, ret->c2, SM4_KEY_LEN) && in.len == 0;
}

/* A DER envelope may hold the 32 bytes of the key alone: they go to the right, as in a blob. */
static bool
der_read(struct uk_span der, struct token_envelope *ret)
{
	struct crypto_enveloped_key key;

	if (crypto_enveloped_key_read(der, &key) != UK_OK || !key.ecb_sm4 ||
	    key.cipher.c2_len != SM4_KEY_LEN)
		return false;
	if (key.private_key_len != GM_SM2_LEN && key.private_key_len != sizeof(ret->private_key))
		return false;
	ret->sym_alg = GM_ALG_SM4_ECB;
	memcpy(ret->c1x, key.cipher.c1x, sizeof(ret->c1x));
	memcpy(ret->c1y, key.cipher.c1y, sizeof(ret->c1y));
	memcpy(ret->c3, key.cipher.c3, sizeof(ret->c3));
	memcpy(ret->c2, key.cipher.c2, key.cipher.c2_len);
	ret->c2_len = key.cipher.c2_len;
	memcpy(ret->x, key.x, sizeof(ret->x));
	memcpy(ret->y, key.y, sizeof(ret->y));
	memcpy(ret->private_key + sizeof(ret->private_key) - key.private_key_len, key.private_key,
	       key.private_key_len);
	return true;
}

enum uk_status
envelope_read(struct uk_span envelope, struct token_envelope *ret)
{
	struct token_envelope parts = {0};
	bool der = envelope.len > 0 && envelope.ptr[0] == DER_SEQUENCE;

	if (der ? !der_read(envelope, &parts) : !blob_read(envelope, &parts))
		return UK_E_ENVELOPE;
	*ret = parts;
	return UK_OK;
}

bool
envelope_rsa_sizes_ok(size_t wrapped_key_len, size_t blob_len)
{
	return (wrapped_key_len == 128 || wrapped_key_len == 256) && blob_len >= RSA_BLOB_MIN &&
	       blob_len <= RSA_BLOB_MAX && blob_len % GM_BLOCK_LEN == 0;
}
