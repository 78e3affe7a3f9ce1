/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/sm2.h"

#include "common/secret.h"
#include "virtual/key/crypto.h"

#include <openssl/asn1t.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

/* SM2Cipher of GM/T 0009, which is what libcrypto reads and writes. */
typedef struct {
	ASN1_INTEGER *x;
	ASN1_INTEGER *y;
	ASN1_OCTET_STRING *hash;
	ASN1_OCTET_STRING *cipher;
} VK_SM2_CIPHER;

DECLARE_ASN1_FUNCTIONS(VK_SM2_CIPHER)

ASN1_SEQUENCE(VK_SM2_CIPHER) =
	{
		ASN1_SIMPLE(VK_SM2_CIPHER, x, ASN1_INTEGER),
		ASN1_SIMPLE(VK_SM2_CIPHER, y, ASN1_INTEGER),
		ASN1_SIMPLE(VK_SM2_CIPHER, hash, ASN1_OCTET_STRING),
		ASN1_SIMPLE(VK_SM2_CIPHER, cipher, ASN1_OCTET_STRING),
} ASN1_SEQUENCE_END(VK_SM2_CIPHER)

		IMPLEMENT_ASN1_FUNCTIONS(VK_SM2_CIPHER)

#define FREE_FN(name, type, free_fn)    \
	static void name(type **object) \
	{                               \
		free_fn(*object);       \
	}

			FREE_FN(pkey_free, EVP_PKEY, EVP_PKEY_free) FREE_FN(pkey_ctx_free,
									    EVP_PKEY_CTX,
									    EVP_PKEY_CTX_free)
				FREE_FN(number_free, BIGNUM,
					BN_clear_free) FREE_FN(group_free, EC_GROUP, EC_GROUP_free)
					FREE_FN(point_free, EC_POINT, EC_POINT_free)
						FREE_FN(sig_free, ECDSA_SIG,
							ECDSA_SIG_free) FREE_FN(sm2_cipher_free,
										VK_SM2_CIPHER,
										VK_SM2_CIPHER_free)

							static void der_free(unsigned char **der)
{
	OPENSSL_free(*der);
}

/* d NULL: a public key only. NULL when the numbers are no key. */
static EVP_PKEY *
make_pkey(const uint8_t *d, const uint8_t point[VK_SM2_PUBLIC_LEN])
{
	UK_CLEANUP(pkey_ctx_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	uint8_t encoded[1 + VK_SM2_PUBLIC_LEN];
	UK_CLEANUP(number_free) BIGNUM *scalar = NULL;
	UK_SECRET native = {0};
	char group[] = "SM2";
	OSSL_PARAM params[4], *next = params;
	EVP_PKEY *pkey = NULL;

	encoded[0] = 4;
	memcpy(encoded + 1, point, VK_SM2_PUBLIC_LEN);
	*next++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	*next++ = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded,
						    sizeof(encoded));
	if (d != NULL) {
		scalar = BN_bin2bn(d, GM_SM2_LEN, NULL);
		if (scalar == NULL || BN_bn2nativepad(scalar, native.bytes, GM_SM2_LEN) < 0)
			return NULL;
		*next++ =
			OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native.bytes, GM_SM2_LEN);
	}
	*next = OSSL_PARAM_construct_end();
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, d == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR,
			      params) != 1)
		return NULL;
	return pkey;
}

bool
vk_sm2_public(const uint8_t d[GM_SM2_LEN], uint8_t point[VK_SM2_PUBLIC_LEN])
{
	UK_CLEANUP(group_free) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
	UK_CLEANUP(number_free) BIGNUM *scalar = BN_bin2bn(d, GM_SM2_LEN, NULL);
	UK_CLEANUP(point_free) EC_POINT *result = NULL;
	uint8_t encoded[1 + VK_SM2_PUBLIC_LEN];

	if (group == NULL || scalar == NULL || BN_is_zero(scalar) ||
	    BN_cmp(scalar, EC_GROUP_get0_order(group)) >= 0)
		return false;
	result = EC_POINT_new(group);
	if (result == NULL || EC_POINT_mul(group, result, scalar, NULL, NULL, NULL) != 1 ||
	    EC_POINT_point2oct(group, result, POINT_CONVERSION_UNCOMPRESSED, encoded,
			       sizeof(encoded), NULL) != sizeof(encoded))
		return false;
	memcpy(point, encoded + 1, VK_SM2_PUBLIC_LEN);
	return true;
}

bool
vk_sm2_generate(uint8_t pair[VK_SM2_PAIR_LEN])
{
	UK_CLEANUP(pkey_ctx_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	UK_CLEANUP(pkey_free) EVP_PKEY *pkey = NULL;
	UK_CLEANUP(number_free) BIGNUM *d = NULL;

	return ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
	       EVP_PKEY_CTX_set_group_name(ctx, "SM2") == 1 && EVP_PKEY_generate(ctx, &pkey) == 1 &&
	       EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
	       BN_bn2binpad(d, pair, GM_SM2_LEN) == GM_SM2_LEN &&
	       vk_sm2_public(pair, pair + GM_SM2_LEN);
}

static bool
split_signature(const uint8_t *der, size_t len, uint8_t rs[VK_SM2_PUBLIC_LEN])
{
	UK_CLEANUP(sig_free) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);

	return sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, GM_SM2_LEN) == GM_SM2_LEN &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + GM_SM2_LEN, GM_SM2_LEN) == GM_SM2_LEN;
}

bool
vk_sm2_sign(const uint8_t pair[VK_SM2_PAIR_LEN], const uint8_t e[GM_SM3_LEN],
	    uint8_t rs[VK_SM2_PUBLIC_LEN])
{
	UK_CLEANUP(pkey_free) EVP_PKEY *pkey = make_pkey(pair, pair + GM_SM2_LEN);
	UK_CLEANUP(pkey_ctx_free)
	EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
	uint8_t der[80];
	size_t len = sizeof(der);

	return ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
	       EVP_PKEY_sign(ctx, der, &len, e, GM_SM3_LEN) == 1 && split_signature(der, len, rs);
}

static int
join_signature(const uint8_t rs[VK_SM2_PUBLIC_LEN], unsigned char **ret_der)
{
	UK_CLEANUP(sig_free) ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(rs, GM_SM2_LEN, NULL);
	BIGNUM *s = BN_bin2bn(rs + GM_SM2_LEN, GM_SM2_LEN, NULL);

	if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return -1;
	}
	return i2d_ECDSA_SIG(sig, ret_der);
}

bool
vk_sm2_verify(const uint8_t point[VK_SM2_PUBLIC_LEN], const uint8_t e[GM_SM3_LEN],
	      const uint8_t rs[VK_SM2_PUBLIC_LEN])
{
	UK_CLEANUP(pkey_free) EVP_PKEY *pkey = make_pkey(NULL, point);
	UK_CLEANUP(pkey_ctx_free)
	EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
	UK_CLEANUP(der_free) unsigned char *der = NULL;
	int len = join_signature(rs, &der);

	return ctx != NULL && len > 0 && EVP_PKEY_verify_init(ctx) == 1 &&
	       EVP_PKEY_verify(ctx, der, (size_t)len, e, GM_SM3_LEN) == 1;
}

/* a, b, Gx, Gy of GM/T 0003.5, as they go into Z */
static bool
curve_bytes(uint8_t out[4 * GM_SM2_LEN])
{
	UK_CLEANUP(group_free) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
	UK_CLEANUP(number_free) BIGNUM *a = BN_new();
	UK_CLEANUP(number_free) BIGNUM *b = BN_new();
	uint8_t generator[1 + VK_SM2_PUBLIC_LEN];

	if (group == NULL || a == NULL || b == NULL ||
	    EC_GROUP_get_curve(group, NULL, a, b, NULL) != 1 ||
	    BN_bn2binpad(a, out, GM_SM2_LEN) != GM_SM2_LEN ||
	    BN_bn2binpad(b, out + GM_SM2_LEN, GM_SM2_LEN) != GM_SM2_LEN ||
	    EC_POINT_point2oct(group, EC_GROUP_get0_generator(group), POINT_CONVERSION_UNCOMPRESSED,
			       generator, sizeof(generator), NULL) != sizeof(generator))
		return false;
	memcpy(out + VK_SM2_PUBLIC_LEN, generator + 1, VK_SM2_PUBLIC_LEN);
	return true;
}

bool
vk_sm2_z(const uint8_t point[VK_SM2_PUBLIC_LEN], struct uk_span id, uint8_t z[GM_SM3_LEN])
{
	uint8_t curve[4 * GM_SM2_LEN];
	uint8_t entl[2] = {(uint8_t)(id.len >> 5), (uint8_t)(id.len << 3)};
	struct uk_span parts[] = {
		{entl, 2}, id, {curve, sizeof(curve)}, {point, VK_SM2_PUBLIC_LEN}};

	return id.len < 0x2000 && curve_bytes(curve) &&
	       vk_digest(VK_SM3, parts, ARRAY_SIZE(parts), z);
}

bool
vk_sm2_digest(const uint8_t point[VK_SM2_PUBLIC_LEN], struct uk_span id, struct uk_span message,
	      uint8_t e[GM_SM3_LEN])
{
	uint8_t z[GM_SM3_LEN];
	struct uk_span parts[] = {{z, sizeof(z)}, message};

	return vk_sm2_z(point, id, z) && vk_digest(VK_SM3, parts, ARRAY_SIZE(parts), e);
}

static bool
put_number(struct uk_writer *out, const ASN1_INTEGER *integer)
{
	UK_CLEANUP(number_free) BIGNUM *number = ASN1_INTEGER_to_BN(integer, NULL);
	uint8_t bytes[GM_SM2_LEN];

	if (number == NULL || BN_bn2binpad(number, bytes, GM_SM2_LEN) != GM_SM2_LEN)
		return false;
	uk_put(out, uk_span_of(bytes, sizeof(bytes)));
	return true;
}

static void
put_octets(struct uk_writer *out, const ASN1_OCTET_STRING *octets)
{
	uk_put(out, uk_span_of(ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets)));
}

bool
vk_sm2_encrypt(const uint8_t point[VK_SM2_PUBLIC_LEN], struct uk_span plain, struct uk_writer *out)
{
	UK_CLEANUP(pkey_free) EVP_PKEY *pkey = make_pkey(NULL, point);
	UK_CLEANUP(pkey_ctx_free)
	EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
	UK_CLEANUP(der_free) unsigned char *der = NULL;
	UK_CLEANUP(sm2_cipher_free) VK_SM2_CIPHER *cipher = NULL;
	const unsigned char *at;
	size_t len;

	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_encrypt(ctx, NULL, &len, plain.ptr, plain.len) != 1)
		return false;
	at = der = OPENSSL_malloc(len);
	if (der == NULL || EVP_PKEY_encrypt(ctx, der, &len, plain.ptr, plain.len) != 1)
		return false;
	cipher = d2i_VK_SM2_CIPHER(NULL, &at, (long)len);
	if (cipher == NULL)
		return false;
	uk_put_u8(out, 4);
	if (!put_number(out, cipher->x) || !put_number(out, cipher->y))
		return false;
	put_octets(out, cipher->hash);
	put_octets(out, cipher->cipher);
	return !out->overflow;
}

static bool
set_number(ASN1_INTEGER *integer, const uint8_t bytes[GM_SM2_LEN])
{
	UK_CLEANUP(number_free) BIGNUM *number = BN_bin2bn(bytes, GM_SM2_LEN, NULL);

	return number != NULL && BN_to_ASN1_INTEGER(number, integer) != NULL;
}

static int
join_cipher(const struct vk_sm2_cipher *in, unsigned char **ret_der)
{
	UK_CLEANUP(sm2_cipher_free) VK_SM2_CIPHER *cipher = VK_SM2_CIPHER_new();

	if (cipher == NULL || in->point.len != VK_SM2_PUBLIC_LEN || in->cipher.len > UINT16_MAX ||
	    !set_number(cipher->x, in->point.ptr) ||
	    !set_number(cipher->y, in->point.ptr + GM_SM2_LEN) ||
	    ASN1_OCTET_STRING_set(cipher->hash, in->hash.ptr, (int)in->hash.len) != 1 ||
	    ASN1_OCTET_STRING_set(cipher->cipher, in->cipher.ptr, (int)in->cipher.len) != 1)
		return -1;
	return i2d_VK_SM2_CIPHER(cipher, ret_der);
}

bool
vk_sm2_decrypt(const uint8_t pair[VK_SM2_PAIR_LEN], const struct vk_sm2_cipher *in,
	       struct uk_writer *out)
{
	UK_CLEANUP(pkey_free) EVP_PKEY *pkey = make_pkey(pair, pair + GM_SM2_LEN);
	UK_CLEANUP(pkey_ctx_free)
	EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
	UK_CLEANUP(der_free) unsigned char *der = NULL;
	UK_SECRET plain = {0};
	int len = join_cipher(in, &der);

	plain.len = sizeof(plain.bytes);
	if (ctx == NULL || len < 0 || in->cipher.len > plain.len ||
	    EVP_PKEY_decrypt_init(ctx) != 1 ||
	    EVP_PKEY_decrypt(ctx, plain.bytes, &plain.len, der, (size_t)len) != 1)
		return false;
	uk_put(out, uk_secret_peek(&plain));
	return !out->overflow;
}
