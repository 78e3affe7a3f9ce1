/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checking signatures with public keys.  RSA and EC key objects of libcrypto read the default
 * configuration (load.h), so the two short formulas stand here over its numbers and points. Nothing
 * in this file is secret.
 */
#include "drivers/crypto/load.h"

#include <openssl/obj_mac.h>
#include <string.h>

#define RSA_BYTES_MAX  512
#define PKCS1_OVERHEAD 11 /* 00 01, at least eight FF, 00 */

/* ---- numbers and points that free themselves ---- */

static void
number_free(BIGNUM **number)
{
	crypto_load()->BN_free(*number);
}

static void
scratch_free(BN_CTX **scratch)
{
	crypto_load()->BN_CTX_free(*scratch);
}

static void
point_free(EC_POINT **point)
{
	crypto_load()->EC_POINT_free(*point);
}

static void
group_free(EC_GROUP **group)
{
	crypto_load()->EC_GROUP_free(*group);
}

static void
sig_free(ECDSA_SIG **sig)
{
	crypto_load()->ECDSA_SIG_free(*sig);
}

#define NUMBER  UK_CLEANUP(number_free) BIGNUM
#define SCRATCH UK_CLEANUP(scratch_free) BN_CTX
#define POINT   UK_CLEANUP(point_free) EC_POINT
#define GROUP   UK_CLEANUP(group_free) EC_GROUP
#define SIG     UK_CLEANUP(sig_free) ECDSA_SIG

static BIGNUM *
number_of(const struct crypto_library *lib, struct uk_span bytes)
{
	return bytes.len > RSA_BYTES_MAX ? NULL : lib->BN_bin2bn(bytes.ptr, (int)bytes.len, NULL);
}

/* ---- PKCS #1 v1.5 ---- */

/* RFC 8017, 9.2, note 1; the last byte is the digest's length. */
static const struct {
	size_t len;
	uint8_t bytes[19];
} prefixes[CRYPTO_HASH_COUNT] = {
	[CRYPTO_SHA1] = {15,
			 {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05,
			  0x00, 0x04, 0x14}},
	[CRYPTO_SHA256] = {19,
			   {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
			    0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}},
	[CRYPTO_SHA384] = {19,
			   {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
			    0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30}},
	[CRYPTO_SHA512] = {19,
			   {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
			    0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40}},
};

enum uk_status
crypto_digest_info(enum crypto_hash hash, struct uk_span digest, struct uk_writer *out)
{
	if ((unsigned int)hash >= CRYPTO_HASH_COUNT || prefixes[hash].len == 0)
		return UK_E_NOT_SUPPORTED;
	if (digest.len != crypto_hash_len(hash))
		return UK_E_DATA_LEN;
	uk_put(out, uk_span_of(prefixes[hash].bytes, prefixes[hash].len));
	uk_put(out, digest);
	return out->overflow ? UK_E_DATA_LEN : UK_OK;
}

/* 00 01 FF .. FF 00 data, k bytes */
static bool
encode_pkcs1(struct uk_span data, size_t k, uint8_t *out)
{
	struct uk_writer w = uk_writer_of(out, k);

	if (k < PKCS1_OVERHEAD || data.len > k - PKCS1_OVERHEAD)
		return false;
	uk_put_u8(&w, 0x00);
	uk_put_u8(&w, 0x01);
	uk_put_fill(&w, 0xff, k - 3 - data.len);
	uk_put_u8(&w, 0x00);
	uk_put(&w, data);
	return !w.overflow;
}

enum uk_status
crypto_rsa_verify(struct uk_span modulus, uint32_t exponent, struct uk_span data,
		  struct uk_span signature)
{
	const struct crypto_library *lib = crypto_load();
	uint8_t wanted[RSA_BYTES_MAX];
	uint8_t got[RSA_BYTES_MAX];

	if (lib == NULL)
		return UK_E_CRYPTO;
	if (modulus.len > RSA_BYTES_MAX || !encode_pkcs1(data, modulus.len, wanted))
		return UK_E_DATA_LEN;
	if (signature.len != modulus.len)
		return UK_E_SIGNATURE;

	CRYPTO_QUIET quiet = crypto_quiet(lib);
	NUMBER *n = number_of(lib, modulus);
	NUMBER *s = number_of(lib, signature);
	NUMBER *e = lib->BN_new();
	NUMBER *m = lib->BN_new();
	SCRATCH *scratch = lib->BN_CTX_new_ex(lib->context);
	if (n == NULL || s == NULL || e == NULL || m == NULL || scratch == NULL)
		return UK_E_MEMORY;
	if (!lib->BN_is_odd(n) || exponent < 3 || lib->BN_set_word(e, exponent) != 1)
		return UK_E_CRYPTO;
	if (lib->BN_cmp(s, n) >= 0)
		return UK_E_SIGNATURE;
	if (lib->BN_mod_exp(m, s, e, n, scratch) != 1 ||
	    lib->BN_bn2binpad(m, got, (int)modulus.len) < 0)
		return UK_E_CRYPTO;
	return memcmp(got, wanted, modulus.len) == 0 ? UK_OK : UK_E_SIGNATURE;
}

/* ---- SM2 ---- */

struct curve {
	const struct crypto_library *lib;
	const EC_GROUP *group;
	BN_CTX *scratch;
};

/*
 * ret = s G + t P, one doubling a bit and one addition where a bit is set. (EC_POINT_mul asks for
 * random numbers, and with them for the configuration.)
 */
static bool
sum_of_products(const struct curve *c, const BIGNUM *s, const BIGNUM *t, const EC_POINT *p,
		EC_POINT *ret)
{
	const struct crypto_library *lib = c->lib;
	const EC_POINT *g = lib->EC_GROUP_get0_generator(c->group);
	POINT *both = lib->EC_POINT_new(c->group);

	if (both == NULL || !lib->EC_POINT_add(c->group, both, g, p, c->scratch) ||
	    !lib->EC_POINT_set_to_infinity(c->group, ret))
		return false;
	for (int bit = GM_SM2_LEN * 8 - 1; bit >= 0; bit--) {
		bool in_s = lib->BN_is_bit_set(s, bit) == 1;
		bool in_t = lib->BN_is_bit_set(t, bit) == 1;
		const EC_POINT *add = in_s && in_t ? both : in_s ? g : p;

		if (!lib->EC_POINT_dbl(c->group, ret, ret, c->scratch))
			return false;
		if ((in_s || in_t) && !lib->EC_POINT_add(c->group, ret, ret, add, c->scratch))
			return false;
	}
	return true;
}

/* GM/T 0003.2, section 7.1, steps B1 to B7, with e given. */
static enum uk_status
sm2_check(const struct curve *c, const EC_POINT *key, const BIGNUM *e, const BIGNUM *r,
	  const BIGNUM *s)
{
	const struct crypto_library *lib = c->lib;
	const BIGNUM *n = lib->EC_GROUP_get0_order(c->group);
	NUMBER *t = lib->BN_new();
	NUMBER *x1 = lib->BN_new();
	NUMBER *sum = lib->BN_new();
	POINT *point = lib->EC_POINT_new(c->group);

	if (t == NULL || x1 == NULL || sum == NULL || point == NULL)
		return UK_E_MEMORY;
	if (lib->BN_is_zero(r) || lib->BN_cmp(r, n) >= 0 || lib->BN_is_zero(s) ||
	    lib->BN_cmp(s, n) >= 0)
		return UK_E_SIGNATURE;
	if (!lib->BN_mod_add(t, r, s, n, c->scratch))
		return UK_E_CRYPTO;
	if (lib->BN_is_zero(t))
		return UK_E_SIGNATURE;
	if (!sum_of_products(c, s, t, key, point))
		return UK_E_CRYPTO;
	if (lib->EC_POINT_is_at_infinity(c->group, point))
		return UK_E_SIGNATURE;
	if (!lib->EC_POINT_get_affine_coordinates(c->group, point, x1, NULL, c->scratch) ||
	    !lib->BN_mod_add(sum, e, x1, n, c->scratch))
		return UK_E_CRYPTO;
	return lib->BN_cmp(sum, r) == 0 ? UK_OK : UK_E_SIGNATURE;
}

enum uk_status
crypto_sm2_verify(const uint8_t *x, const uint8_t *y, struct uk_span digest, struct uk_span rs)
{
	const struct crypto_library *lib = crypto_load();

	if (lib == NULL)
		return UK_E_CRYPTO;
	if (digest.len != GM_SM3_LEN)
		return UK_E_DATA_LEN;
	if (rs.len != (size_t)2 * GM_SM2_LEN)
		return UK_E_SIGNATURE;

	CRYPTO_QUIET quiet = crypto_quiet(lib);
	GROUP *group = lib->EC_GROUP_new_by_curve_name_ex(lib->context, NULL, NID_sm2);
	SCRATCH *scratch = lib->BN_CTX_new_ex(lib->context);
	if (group == NULL || scratch == NULL)
		return UK_E_CRYPTO;
	NUMBER *px = number_of(lib, uk_span_of(x, GM_SM2_LEN));
	NUMBER *py = number_of(lib, uk_span_of(y, GM_SM2_LEN));
	NUMBER *e = number_of(lib, digest);
	NUMBER *r = number_of(lib, uk_span_of(rs.ptr, GM_SM2_LEN));
	NUMBER *s = number_of(lib, uk_span_of(rs.ptr + GM_SM2_LEN, GM_SM2_LEN));
	POINT *key = lib->EC_POINT_new(group);
	if (px == NULL || py == NULL || e == NULL || r == NULL || s == NULL || key == NULL)
		return UK_E_MEMORY;
	/* Fails for a point that is not on the curve. */
	if (!lib->EC_POINT_set_affine_coordinates(group, key, px, py, scratch))
		return UK_E_CRYPTO;
	return sm2_check(&(struct curve){lib, group, scratch}, key, e, r, s);
}

/* a, b, Gx and Gy of the curve in GM/T 0003.5, as they go into Z */
static const uint8_t sm2_parameters[] = {
	0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xfc, 0x28, 0xe9, 0xfa, 0x9e, 0x9d, 0x9f, 0x5e, 0x34, 0x4d, 0x5a, 0x9e, 0x4b, 0xcf,
	0x65, 0x09, 0xa7, 0xf3, 0x97, 0x89, 0xf5, 0x15, 0xab, 0x8f, 0x92, 0xdd, 0xbc, 0xbd, 0x41,
	0x4d, 0x94, 0x0e, 0x93, 0x32, 0xc4, 0xae, 0x2c, 0x1f, 0x19, 0x81, 0x19, 0x5f, 0x99, 0x04,
	0x46, 0x6a, 0x39, 0xc9, 0x94, 0x8f, 0xe3, 0x0b, 0xbf, 0xf2, 0x66, 0x0b, 0xe1, 0x71, 0x5a,
	0x45, 0x89, 0x33, 0x4c, 0x74, 0xc7, 0xbc, 0x37, 0x36, 0xa2, 0xf4, 0xf6, 0x77, 0x9c, 0x59,
	0xbd, 0xce, 0xe3, 0x6b, 0x69, 0x21, 0x53, 0xd0, 0xa9, 0x87, 0x7c, 0xc6, 0x2a, 0x47, 0x40,
	0x02, 0xdf, 0x32, 0xe5, 0x21, 0x39, 0xf0, 0xa0,
};

/* GM/T 0009, 8.1: SM3(ENTL || ID || a || b || Gx || Gy || Px || Py) */
enum uk_status
crypto_sm2_z(struct uk_span id, const uint8_t *x, const uint8_t *y, uint8_t *out)
{
	uint8_t bits[2];
	struct crypto_digest *digest;
	enum uk_status st;

	if (id.len > UINT16_MAX / 8)
		return UK_E_DATA_LEN;
	bits[0] = (uint8_t)(id.len * 8 >> 8);
	bits[1] = (uint8_t)(id.len * 8);
	st = crypto_digest_new(CRYPTO_SM3, &digest);
	if (st != UK_OK)
		return st;
	const struct uk_span parts[] = {
		uk_span_of(bits, sizeof(bits)),
		id,
		uk_span_of(sm2_parameters, sizeof(sm2_parameters)),
		uk_span_of(x, GM_SM2_LEN),
		uk_span_of(y, GM_SM2_LEN),
	};
	for (size_t i = 0; i < ARRAY_SIZE(parts) && st == UK_OK; i++)
		st = crypto_digest_update(digest, parts[i]);
	if (st == UK_OK)
		st = crypto_digest_final(digest, out);
	crypto_digest_free(digest);
	return st;
}

enum uk_status
crypto_sm2_sig_to_der(struct uk_span rs, struct uk_writer *out)
{
	const struct crypto_library *lib = crypto_load();
	unsigned char *der = NULL;
	int len;

	if (lib == NULL)
		return UK_E_CRYPTO;
	if (rs.len != (size_t)2 * GM_SM2_LEN)
		return UK_E_DATA_LEN;
	CRYPTO_QUIET quiet = crypto_quiet(lib);
	SIG *sig = lib->ECDSA_SIG_new();
	BIGNUM *r = number_of(lib, uk_span_of(rs.ptr, GM_SM2_LEN));
	BIGNUM *s = number_of(lib, uk_span_of(rs.ptr + GM_SM2_LEN, GM_SM2_LEN));
	if (sig == NULL || r == NULL || s == NULL || lib->ECDSA_SIG_set0(sig, r, s) != 1) {
		lib->BN_free(r);
		lib->BN_free(s);
		return UK_E_MEMORY;
	}
	len = lib->i2d_ECDSA_SIG(sig, &der);
	if (len <= 0)
		return UK_E_CRYPTO;
	uk_put(out, uk_span_of(der, (size_t)len));
	lib->CRYPTO_free(der, __FILE__, __LINE__);
	return out->overflow ? UK_E_DATA_LEN : UK_OK;
}

enum uk_status
crypto_sm2_sig_from_der(struct uk_span der, struct uk_writer *out)
{
	const struct crypto_library *lib = crypto_load();
	const unsigned char *at = der.ptr;
	uint8_t rs[2 * GM_SM2_LEN];
	const BIGNUM *r;
	const BIGNUM *s;

	if (lib == NULL)
		return UK_E_CRYPTO;
	if (der.len == 0 || der.len > 72)
		return UK_E_SIGNATURE;
	CRYPTO_QUIET quiet = crypto_quiet(lib);
	SIG *sig = lib->d2i_ECDSA_SIG(NULL, &at, (long)der.len);
	if (sig == NULL || at != der.ptr + der.len)
		return UK_E_SIGNATURE;
	lib->ECDSA_SIG_get0(sig, &r, &s);
	if (lib->BN_is_negative(r) || lib->BN_is_negative(s) ||
	    lib->BN_bn2binpad(r, rs, GM_SM2_LEN) < 0 ||
	    lib->BN_bn2binpad(s, rs + GM_SM2_LEN, GM_SM2_LEN) < 0)
		return UK_E_SIGNATURE;
	uk_put(out, uk_span_of(rs, sizeof(rs)));
	return out->overflow ? UK_E_DATA_LEN : UK_OK;
}
