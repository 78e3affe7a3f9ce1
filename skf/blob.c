/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/blob.h"

#include <string.h>

#define SM2_BITS         (GM_SM2_LEN * 8)
#define ENVELOPE_VERSION 1
/* Programs pass the size of the structure and not of what is in it: at most its padding more. */
#define CIPHER_SLACK 4

/* A number at the end of its field. */
static bool
take_number(const BYTE *field, size_t field_len, uint8_t *out, size_t len)
{
	size_t before = field_len - len;

	for (size_t i = 0; i < before; i++)
		if (field[i] != 0)
			return false;
	memcpy(out, field + before, len);
	return true;
}

static void
put_number(const uint8_t *number, size_t len, BYTE *field, size_t field_len)
{
	memset(field, 0, field_len - len);
	memcpy(field + field_len - len, number, len);
}

/* ---- RSA ---- */

ULONG
blob_rsa_read(const RSAPUBLICKEYBLOB *blob, struct token_public_key *ret)
{
	struct token_public_key key = {.type = TOKEN_KEY_RSA};
	struct uk_span exponent;

	if (blob == NULL)
		return SAR_INVALIDPARAMERR;
	if (blob->BitLen != 1024 && blob->BitLen != 2048)
		return SAR_RSAMODULUSLENERR;
	key.bits = blob->BitLen;
	exponent = uk_span_of(blob->PublicExponent, sizeof(blob->PublicExponent));
	if (!take_number(blob->Modulus, sizeof(blob->Modulus), key.modulus, key.bits / 8) ||
	    !uk_take_u32(&exponent, UK_BIG_ENDIAN, &key.exponent))
		return SAR_INDATAERR;
	if ((key.modulus[0] & 0x80) == 0 || (key.modulus[key.bits / 8 - 1] & 1) == 0 ||
	    (key.exponent & 1) == 0 || key.exponent < 3)
		return SAR_INDATAERR;
	*ret = key;
	return SAR_OK;
}

void
blob_rsa_write(const struct token_public_key *key, RSAPUBLICKEYBLOB *ret)
{
	struct uk_writer exponent = uk_writer_of(ret->PublicExponent, sizeof(ret->PublicExponent));

	ret->AlgID = SGD_RSA;
	ret->BitLen = key->bits;
	put_number(key->modulus, key->bits / 8, ret->Modulus, sizeof(ret->Modulus));
	uk_put_u32(&exponent, UK_BIG_ENDIAN, key->exponent);
}

/* ---- SM2 ---- */

ULONG
blob_ecc_read(const ECCPUBLICKEYBLOB *blob, struct token_public_key *ret)
{
	struct token_public_key key = {.type = TOKEN_KEY_SM2, .bits = SM2_BITS};

	if (blob == NULL)
		return SAR_INVALIDPARAMERR;
	if (blob->BitLen != SM2_BITS)
		return SAR_MODULUSLENERR;
	if (!take_number(blob->XCoordinate, sizeof(blob->XCoordinate), key.x, sizeof(key.x)) ||
	    !take_number(blob->YCoordinate, sizeof(blob->YCoordinate), key.y, sizeof(key.y)))
		return SAR_INDATAERR;
	*ret = key;
	return SAR_OK;
}

void
blob_ecc_write(const struct token_public_key *key, ECCPUBLICKEYBLOB *ret)
{
	ret->BitLen = SM2_BITS;
	put_number(key->x, sizeof(key->x), ret->XCoordinate, sizeof(ret->XCoordinate));
	put_number(key->y, sizeof(key->y), ret->YCoordinate, sizeof(ret->YCoordinate));
}

ULONG
blob_signature_read(const ECCSIGNATUREBLOB *blob, uint8_t *rs)
{
	uint8_t numbers[2 * GM_SM2_LEN];

	if (blob == NULL)
		return SAR_INVALIDPARAMERR;
	if (!take_number(blob->r, sizeof(blob->r), numbers, GM_SM2_LEN) ||
	    !take_number(blob->s, sizeof(blob->s), numbers + GM_SM2_LEN, GM_SM2_LEN))
		return SAR_INDATAERR;
	memcpy(rs, numbers, sizeof(numbers));
	return SAR_OK;
}

void
blob_signature_write(struct uk_span rs, ECCSIGNATUREBLOB *ret)
{
	put_number(rs.ptr, GM_SM2_LEN, ret->r, sizeof(ret->r));
	put_number(rs.ptr + GM_SM2_LEN, GM_SM2_LEN, ret->s, sizeof(ret->s));
}

/* ---- SM2 ciphers ---- */

void
blob_cipher_write(struct uk_span cipher, ECCCIPHERBLOB *ret)
{
	size_t c2_len = cipher.len - TOKEN_SM2_CIPHER_OVERHEAD;

	put_number(cipher.ptr, GM_SM2_LEN, ret->XCoordinate, sizeof(ret->XCoordinate));
	put_number(cipher.ptr + GM_SM2_LEN, GM_SM2_LEN, ret->YCoordinate, sizeof(ret->YCoordinate));
	memcpy(ret->HASH, cipher.ptr + (size_t)2 * GM_SM2_LEN, sizeof(ret->HASH));
	ret->CipherLen = (ULONG)c2_len;
	/* The structure is declared with one byte of what has as many as it needs. */
	memcpy((BYTE *)ret + BLOB_CIPHER_HEAD, cipher.ptr + TOKEN_SM2_CIPHER_OVERHEAD, c2_len);
}

/* The wrapped key's parts; c2: what follows the head. */
static ULONG
cipher_take(const ECCCIPHERBLOB *head, const BYTE *c2, struct token_wrapped_key *ret)
{
	if (!take_number(head->XCoordinate, sizeof(head->XCoordinate), ret->c1x,
			 sizeof(ret->c1x)) ||
	    !take_number(head->YCoordinate, sizeof(head->YCoordinate), ret->c1y, sizeof(ret->c1y)))
		return SAR_INDATAERR;
	memcpy(ret->c3, head->HASH, sizeof(ret->c3));
	memcpy(ret->c2, c2, GM_BLOCK_LEN);
	ret->c2_len = GM_BLOCK_LEN;
	return SAR_OK;
}

ULONG
blob_wrapped_key_read(struct uk_span wrapped, struct token_wrapped_key *ret)
{
	struct token_wrapped_key key = {.type = TOKEN_KEY_SM2};
	const size_t blob_len = BLOB_CIPHER_HEAD + GM_BLOCK_LEN;
	ECCCIPHERBLOB head; /* the caller's bytes may begin anywhere */
	ULONG rv;

	if (wrapped.ptr == NULL)
		return SAR_INVALIDPARAMERR;
	if (wrapped.len == 128 || wrapped.len == GM_RSA_MAX) {
		*ret = (struct token_wrapped_key){.type = TOKEN_KEY_RSA, .rsa = wrapped};
		return SAR_OK;
	}
	if (wrapped.len < blob_len || wrapped.len > blob_len + CIPHER_SLACK)
		return SAR_INDATALENERR;
	memcpy(&head, wrapped.ptr, BLOB_CIPHER_HEAD);
	if (head.CipherLen != GM_BLOCK_LEN)
		return SAR_INDATALENERR;
	rv = cipher_take(&head, wrapped.ptr + BLOB_CIPHER_HEAD, &key);
	if (rv == SAR_OK)
		*ret = key;
	return rv;
}

ULONG
blob_envelope_read(const ENVELOPEDKEYBLOB *blob, struct token_envelope *ret)
{
	struct token_envelope env = {.sym_alg = GM_ALG_SM4_ECB, .c2_len = GM_BLOCK_LEN};
	struct token_wrapped_key cipher;
	struct token_public_key pair;
	ULONG rv;

	if (blob == NULL)
		return SAR_INVALIDPARAMERR;
	if (blob->Version != ENVELOPE_VERSION)
		return SAR_INDATAERR;
	if (blob->ulSymmAlgID != SGD_SM4_ECB)
		return SAR_NOTSUPPORTYETERR;
	if (blob->ulBits != SM2_BITS)
		return SAR_MODULUSLENERR;
	if (blob->ECCCipherBlob.CipherLen != GM_BLOCK_LEN)
		return SAR_INDATALENERR;
	rv = blob_ecc_read(&blob->PubKey, &pair);
	if (rv == SAR_OK)
		rv = cipher_take(&blob->ECCCipherBlob,
				 (const BYTE *)&blob->ECCCipherBlob + BLOB_CIPHER_HEAD, &cipher);
	if (rv != SAR_OK)
		return rv;
	memcpy(env.c1x, cipher.c1x, sizeof(env.c1x));
	memcpy(env.c1y, cipher.c1y, sizeof(env.c1y));
	memcpy(env.c3, cipher.c3, sizeof(env.c3));
	memcpy(env.c2, cipher.c2, cipher.c2_len);
	memcpy(env.x, pair.x, sizeof(env.x));
	memcpy(env.y, pair.y, sizeof(env.y));
	memcpy(env.private_key, blob->cbEncryptedPriKey, sizeof(env.private_key));
	*ret = env;
	return SAR_OK;
}
