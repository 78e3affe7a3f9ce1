/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/envelope.h"

#include "assistant/core/errors.h"
#include "common/bytes.h"
#include "common/gm.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <string.h>

#define SM2_BITS     256U
#define FIELD_LEN    64 /* numbers in the blob are right-aligned in this */
#define MODE_MASK    0xffU
#define MODE_ECB     0x01U
#define RSA_BLOB_LEN 1164U

/* clang-format off */
/* GM/T 0009: SM2Cipher and SM2EnvelopedKey */
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

	static void SM2_ENVELOPED_KEY_free(SM2_ENVELOPED_KEY * envelope)
{
	ASN1_item_free((ASN1_VALUE *)envelope, ASN1_ITEM_rptr(SM2_ENVELOPED_KEY));
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SM2_ENVELOPED_KEY, SM2_ENVELOPED_KEY_free)

/* ---- GM/T 0016 ---- */

/* One number of 64 bytes that must fit in 32. */
static gboolean
take_number(struct uk_span *in, guint8 *out)
{
	static const guint8 zeros[FIELD_LEN - GM_SM2_LEN];
	struct uk_span field;

	if (!uk_take(in, FIELD_LEN, &field) || memcmp(field.ptr, zeros, sizeof(zeros)) != 0)
		return FALSE;
	memcpy(out, field.ptr + sizeof(zeros), GM_SM2_LEN);
	return TRUE;
}

/* x and y into an uncompressed point, checked to be on the curve. */
static EVP_PKEY *
take_point(struct uk_span *in)
{
	guint8 point[1 + 2 * GM_SM2_LEN] = {POINT_CONVERSION_UNCOMPRESSED};

	if (!take_number(in, point + 1) || !take_number(in, point + 1 + GM_SM2_LEN))
		return NULL;
	return ouk_key_sm2(point, sizeof(point));
}

static gboolean
take_cipher(struct uk_span *in)
{
	g_autoptr(EVP_PKEY) c1 = take_point(in);
	struct uk_span hash, cipher;
	uint32_t len = 0;

	return c1 != NULL && uk_take(in, GM_SM3_LEN, &hash) &&
	       uk_take_u32(in, UK_LITTLE_ENDIAN, &len) && len == GM_BLOCK_LEN &&
	       uk_take(in, len, &cipher);
}

/* ENVELOPEDKEYBLOB, pack(1), integers as on a PC */
static EVP_PKEY *
blob_public(GBytes *envelope)
{
	struct uk_span in =
		uk_span_of(g_bytes_get_data(envelope, NULL), g_bytes_get_size(envelope));
	struct uk_span private_key;
	uint32_t version = 0, alg = 0, bits = 0, public_bits = 0;
	g_autoptr(EVP_PKEY) key = NULL;

	if (!uk_take_u32(&in, UK_LITTLE_ENDIAN, &version) || version != 1 ||
	    !uk_take_u32(&in, UK_LITTLE_ENDIAN, &alg) || (alg & MODE_MASK) != MODE_ECB ||
	    !uk_take_u32(&in, UK_LITTLE_ENDIAN, &bits) || bits != SM2_BITS ||
	    !uk_take(&in, FIELD_LEN, &private_key) ||
	    !uk_take_u32(&in, UK_LITTLE_ENDIAN, &public_bits) || public_bits != SM2_BITS)
		return NULL;
	key = take_point(&in);
	if (key == NULL || !take_cipher(&in) || in.len != 0)
		return NULL;
	return g_steal_pointer(&key);
}

/* ---- GM/T 0009 ---- */

static gboolean
cipher_fits(const SM2_CIPHER *cipher)
{
	return ASN1_STRING_length(cipher->hash) == GM_SM3_LEN &&
	       ASN1_STRING_length(cipher->cipher) == GM_BLOCK_LEN &&
	       ASN1_STRING_length(cipher->x) <= GM_SM2_LEN &&
	       ASN1_STRING_length(cipher->y) <= GM_SM2_LEN;
}

static EVP_PKEY *
der_public(GBytes *envelope)
{
	gsize size;
	const unsigned char *start = g_bytes_get_data(envelope, &size); /* NULL when it is empty */
	const unsigned char *bytes = start;
	g_autoptr(SM2_ENVELOPED_KEY) parts = NULL;
	int sealed;

	if (size == 0)
		return NULL;
	parts = (SM2_ENVELOPED_KEY *)ASN1_item_d2i(NULL, &bytes, (long)size,
						   ASN1_ITEM_rptr(SM2_ENVELOPED_KEY));
	if (parts == NULL || bytes != start + size || !cipher_fits(parts->sym_key))
		return NULL;
	sealed = ASN1_STRING_length(parts->private_key);
	if (sealed != GM_SM2_LEN && sealed != FIELD_LEN)
		return NULL;
	return ouk_key_sm2(ASN1_STRING_get0_data(parts->public_key),
			   (gsize)ASN1_STRING_length(parts->public_key));
}

EVP_PKEY *
ouk_envelope_public(GBytes *envelope, GError **error)
{
	EVP_PKEY *key = NULL;

	/* An empty file has no bytes to point at. */
	if (g_bytes_get_size(envelope) > 0)
		key = blob_public(envelope);
	if (key == NULL && g_bytes_get_size(envelope) > 0)
		key = der_public(envelope);
	ERR_clear_error();
	if (key == NULL)
		ouk_fail(error, OUK_E_NOT_AN_ENVELOPE);
	return key;
}

gboolean
ouk_wrapped_check(GBytes *wrapped, GBytes *blob, EVP_PKEY *signer, GError **error)
{
	gsize blob_len = g_bytes_get_size(blob);

	if (g_bytes_get_size(wrapped) != (gsize)EVP_PKEY_get_size(signer) ||
	    blob_len < RSA_BLOB_LEN || blob_len >= RSA_BLOB_LEN + 2 * GM_BLOCK_LEN ||
	    blob_len % GM_BLOCK_LEN != 0)
		return ouk_fail(error, OUK_E_NOT_AN_ENVELOPE);
	return TRUE;
}
