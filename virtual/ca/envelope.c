/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "envelope.h"

#include "common/gm.h"
#include "common/secret.h"
#include "files.h"
#include "ossl.h"

#include <openssl/asn1t.h>
#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#define SM2_BITS         256U
#define FIELD_LEN        64U /* numbers in the SKF blobs are right-aligned in this */
#define RSA_HALF         128U
#define RSA_EXPONENT_LEN 4U
#define RSA_BLOB_LEN     1164U
#define RSA_BLOB_PADDED  1168U

/* clang-format off */
/* GM/T 0009: SM2Cipher, which is what libcrypto's SM2 encryption writes. */
typedef struct {
	ASN1_INTEGER *x, *y;
	ASN1_OCTET_STRING *hash, *cipher;
} SM2_CIPHER;

ASN1_SEQUENCE(SM2_CIPHER) = {
	ASN1_SIMPLE(SM2_CIPHER, x, ASN1_INTEGER),
	ASN1_SIMPLE(SM2_CIPHER, y, ASN1_INTEGER),
	ASN1_SIMPLE(SM2_CIPHER, hash, ASN1_OCTET_STRING),
	ASN1_SIMPLE(SM2_CIPHER, cipher, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(SM2_CIPHER)

/* GM/T 0009: SM2EnvelopedKey */
typedef struct {
	X509_ALGOR *sym_alg;
	SM2_CIPHER *sym_key;
	ASN1_BIT_STRING *public_key, *private_key;
} SM2_ENVELOPED_KEY;

ASN1_SEQUENCE(SM2_ENVELOPED_KEY) = {
	ASN1_SIMPLE(SM2_ENVELOPED_KEY, sym_alg, X509_ALGOR),
	ASN1_SIMPLE(SM2_ENVELOPED_KEY, sym_key, SM2_CIPHER),
	ASN1_SIMPLE(SM2_ENVELOPED_KEY, public_key, ASN1_BIT_STRING),
	ASN1_SIMPLE(SM2_ENVELOPED_KEY, private_key, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(SM2_ENVELOPED_KEY)
	/* clang-format on */

	static void SM2_CIPHER_free(SM2_CIPHER * cipher)
{
	ASN1_item_free((ASN1_VALUE *)cipher, ASN1_ITEM_rptr(SM2_CIPHER));
}

static void
SM2_ENVELOPED_KEY_free(SM2_ENVELOPED_KEY *envelope)
{
	ASN1_item_free((ASN1_VALUE *)envelope, ASN1_ITEM_rptr(SM2_ENVELOPED_KEY));
}

OSSL_SCOPED(SM2_CIPHER)
OSSL_SCOPED(SM2_ENVELOPED_KEY)

/* A private key in the clear, gone with its scope. */
struct clear_text {
	uint8_t bytes[RSA_BLOB_PADDED];
};

static void
clear_text_wipe(struct clear_text *text)
{
	uk_wipe(text, sizeof(*text));
}

static bool
sm4_key_new(struct uk_secret *ret_key)
{
	ret_key->len = GM_BLOCK_LEN;
	return RAND_priv_bytes(ret_key->bytes, GM_BLOCK_LEN) == 1 || ca_fail("no random numbers");
}

/* in.len is a multiple of the block; out has room for as much. */
static bool
sm4_encrypt(const struct uk_secret *key, struct uk_span in, uint8_t *out)
{
	SCOPED(EVP_CIPHER_CTX) *ctx = EVP_CIPHER_CTX_new();
	int len = 0;

	if (ctx == NULL || EVP_EncryptInit_ex(ctx, EVP_sm4_ecb(), NULL, key->bytes, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
	    EVP_EncryptUpdate(ctx, out, &len, in.ptr, (int)in.len) != 1 || (size_t)len != in.len)
		return ca_fail("SM4 encryption failed");
	return true;
}

/* Encrypts a symmetric key to a public one; rsa: PKCS #1 v1.5. */
static bool
key_wrap(EVP_PKEY *signer, const struct uk_secret *key, struct uk_writer *out)
{
	SCOPED(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new(signer, NULL);
	size_t len = out->cap - out->len;

	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    (EVP_PKEY_is_a(signer, "RSA") &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
	    EVP_PKEY_encrypt(ctx, out->ptr + out->len, &len, key->bytes, key->len) != 1)
		return ca_fail("the symmetric key cannot be encrypted to the signing key");
	out->len += len;
	return true;
}

/* One number of a key, big-endian and right-aligned in `width` bytes. */
static bool
put_number(EVP_PKEY *key, const char *name, size_t width, struct uk_writer *out)
{
	UK_CLEANUP(BIGNUM_wipe) BIGNUM *number = NULL;

	if (out->cap - out->len < width || EVP_PKEY_get_bn_param(key, name, &number) != 1 ||
	    BN_bn2binpad(number, out->ptr + out->len, (int)width) != (int)width)
		return ca_fail("the key pair has no number %s that fits", name);
	out->len += width;
	return true;
}

/* ---- SM2 ---- */

/* The private key under SM4-ECB in `width` bytes (32 or 64), right-aligned before encryption. */
static bool
put_private_key(EVP_PKEY *pair, const struct uk_secret *key, size_t width, struct uk_writer *out)
{
	UK_CLEANUP(clear_text_wipe) struct clear_text text = {0};
	struct uk_writer clear = uk_writer_of(text.bytes, sizeof(text.bytes));
	uint8_t cipher[FIELD_LEN];

	if (!put_number(pair, OSSL_PKEY_PARAM_PRIV_KEY, width, &clear) ||
	    !sm4_encrypt(key, uk_writer_span(&clear), cipher))
		return false;
	uk_put(out, uk_span_of(cipher, width));
	return true;
}

/* A fresh SM4 key and its SM2Cipher. NULL after a message. */
static SM2_CIPHER *
session_key_new(EVP_PKEY *signer, struct uk_secret *ret_key)
{
	uint8_t der[256];
	struct uk_writer out = uk_writer_of(der, sizeof(der));
	const unsigned char *at = der;
	SM2_CIPHER *cipher;

	if (!sm4_key_new(ret_key) || !key_wrap(signer, ret_key, &out))
		return NULL;
	cipher = (SM2_CIPHER *)ASN1_item_d2i(NULL, &at, (long)out.len, ASN1_ITEM_rptr(SM2_CIPHER));
	if (cipher == NULL)
		ca_fail("libcrypto's SM2 ciphertext is not an SM2Cipher");
	return cipher;
}

static bool
put_integer(const ASN1_INTEGER *integer, struct uk_writer *out)
{
	SCOPED(BIGNUM) *number = ASN1_INTEGER_to_BN(integer, NULL);

	if (number == NULL || out->cap - out->len < FIELD_LEN ||
	    BN_bn2binpad(number, out->ptr + out->len, FIELD_LEN) != (int)FIELD_LEN)
		return ca_fail("SM2 ciphertext out of range");
	out->len += FIELD_LEN;
	return true;
}

static void
put_octets(const ASN1_OCTET_STRING *octets, struct uk_writer *out)
{
	uk_put(out, uk_span_of(ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets)));
}

/* ECCPUBLICKEYBLOB */
static bool
put_public_blob(EVP_PKEY *pair, struct uk_writer *out)
{
	uk_put_u32(out, UK_LITTLE_ENDIAN, SM2_BITS);
	return put_number(pair, OSSL_PKEY_PARAM_EC_PUB_X, FIELD_LEN, out) &&
	       put_number(pair, OSSL_PKEY_PARAM_EC_PUB_Y, FIELD_LEN, out);
}

/* ECCCIPHERBLOB */
static bool
put_cipher_blob(const SM2_CIPHER *cipher, struct uk_writer *out)
{
	if (!put_integer(cipher->x, out) || !put_integer(cipher->y, out))
		return false;
	put_octets(cipher->hash, out);
	uk_put_u32(out, UK_LITTLE_ENDIAN, (uint32_t)ASN1_STRING_length(cipher->cipher));
	put_octets(cipher->cipher, out);
	return true;
}

bool
envelope_put_blob(EVP_PKEY *pair, EVP_PKEY *signer, enum envelope_align align,
		  struct uk_writer *out)
{
	UK_SECRET key = {0};
	SCOPED(SM2_CIPHER) *cipher = session_key_new(signer, &key);

	if (cipher == NULL)
		return false;
	uk_put_u32(out, UK_LITTLE_ENDIAN, 1); /* Version */
	uk_put_u32(out, UK_LITTLE_ENDIAN, GM_ALG_SM4_ECB);
	uk_put_u32(out, UK_LITTLE_ENDIAN, SM2_BITS);
	if (align == ENVELOPE_RIGHT) {
		if (!put_private_key(pair, &key, FIELD_LEN, out))
			return false;
	} else {
		if (!put_private_key(pair, &key, GM_SM2_LEN, out))
			return false;
		uk_put_fill(out, 0, FIELD_LEN - GM_SM2_LEN);
	}
	if (!put_public_blob(pair, out) || !put_cipher_blob(cipher, out))
		return false;
	return !out->overflow || ca_fail("the envelope is too long");
}

/* A BIT STRING without unused bits. */
static bool
bits_set(ASN1_BIT_STRING *bits, struct uk_span bytes)
{
	bits->flags &= ~(long)(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
	bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	return ASN1_BIT_STRING_set(bits, (unsigned char *)(uintptr_t)bytes.ptr, (int)bytes.len) ==
	       1;
}

static bool
public_point_set(ASN1_BIT_STRING *bits, EVP_PKEY *pair)
{
	uint8_t bytes[1 + 2 * GM_SM2_LEN];
	struct uk_writer point = uk_writer_of(bytes, sizeof(bytes));

	uk_put_u8(&point, POINT_CONVERSION_UNCOMPRESSED);
	return put_number(pair, OSSL_PKEY_PARAM_EC_PUB_X, GM_SM2_LEN, &point) &&
	       put_number(pair, OSSL_PKEY_PARAM_EC_PUB_Y, GM_SM2_LEN, &point) &&
	       bits_set(bits, uk_writer_span(&point));
}

bool
envelope_put_der(EVP_PKEY *pair, EVP_PKEY *signer, struct uk_writer *out)
{
	UK_SECRET key = {0};
	SCOPED(SM2_ENVELOPED_KEY) *envelope =
		(SM2_ENVELOPED_KEY *)ASN1_item_new(ASN1_ITEM_rptr(SM2_ENVELOPED_KEY));
	uint8_t cipher[GM_SM2_LEN];
	struct uk_writer sealed = uk_writer_of(cipher, sizeof(cipher));
	unsigned char *der = NULL;
	int len;

	if (envelope == NULL)
		return ca_fail("out of memory");
	SM2_CIPHER_free(envelope->sym_key);
	envelope->sym_key = session_key_new(signer, &key);
	if (envelope->sym_key == NULL || !put_private_key(pair, &key, GM_SM2_LEN, &sealed))
		return false;
	if (X509_ALGOR_set0(envelope->sym_alg, OBJ_nid2obj(NID_sm4_ecb), V_ASN1_UNDEF, NULL) != 1 ||
	    !public_point_set(envelope->public_key, pair) ||
	    !bits_set(envelope->private_key, uk_writer_span(&sealed)))
		return ca_fail("the envelope cannot be made");
	len = ASN1_item_i2d((ASN1_VALUE *)envelope, &der, ASN1_ITEM_rptr(SM2_ENVELOPED_KEY));
	if (len <= 0)
		return ca_fail("the envelope cannot be encoded");
	uk_put(out, uk_span_of(der, (size_t)len));
	OPENSSL_free(der);
	return !out->overflow || ca_fail("the envelope is too long");
}

/* ---- RSA ---- */

/* RSAPRIVATEKEYBLOB, integers as on a PC. */
static bool
put_private_blob(EVP_PKEY *pair, struct uk_writer *out)
{
	static const struct {
		const char *name;
		size_t width;
	} numbers[] = {
		{OSSL_PKEY_PARAM_RSA_N, GM_RSA_MAX},
		{OSSL_PKEY_PARAM_RSA_E, RSA_EXPONENT_LEN},
		{OSSL_PKEY_PARAM_RSA_D, GM_RSA_MAX},
		{OSSL_PKEY_PARAM_RSA_FACTOR1, RSA_HALF},
		{OSSL_PKEY_PARAM_RSA_FACTOR2, RSA_HALF},
		{OSSL_PKEY_PARAM_RSA_EXPONENT1, RSA_HALF},
		{OSSL_PKEY_PARAM_RSA_EXPONENT2, RSA_HALF},
		{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, RSA_HALF},
	};

	uk_put_u32(out, UK_LITTLE_ENDIAN, GM_ALG_RSA);
	uk_put_u32(out, UK_LITTLE_ENDIAN, (uint32_t)EVP_PKEY_get_bits(pair));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!put_number(pair, numbers[i].name, numbers[i].width, out))
			return false;
	uk_put_fill(out, 0, RSA_BLOB_PADDED - RSA_BLOB_LEN);
	return !out->overflow;
}

bool
envelope_put_rsa(EVP_PKEY *pair, EVP_PKEY *signer, struct uk_writer *wrapped,
		 struct uk_writer *blob)
{
	UK_SECRET key = {0};
	UK_CLEANUP(clear_text_wipe) struct clear_text text = {0};
	struct uk_writer clear = uk_writer_of(text.bytes, sizeof(text.bytes));
	uint8_t cipher[RSA_BLOB_PADDED];

	if (!sm4_key_new(&key) || !key_wrap(signer, &key, wrapped) ||
	    !put_private_blob(pair, &clear) || !sm4_encrypt(&key, uk_writer_span(&clear), cipher))
		return false;
	uk_put(blob, uk_span_of(cipher, sizeof(cipher)));
	return !blob->overflow || ca_fail("the blob is too long");
}
