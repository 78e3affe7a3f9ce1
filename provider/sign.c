/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/sign.h"

#include "provider/reason.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

/* After p11-kit's PKCS #11 header, which it takes the types from. */
typedef struct CK_INTERFACE CK_INTERFACE;
#include "common/openukey.h"

#define RSA_MAX_BYTES 1024

/* a, b, x_G and y_G of the curve: GM/T 0003.5 */
static const uint8_t sm2_curve[] = {
	0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xfc, 0x28, 0xe9, 0xfa, 0x9e, 0x9d, 0x9f, 0x5e, 0x34, 0x4d, 0x5a, 0x9e, 0x4b, 0xcf,
	0x65, 0x09, 0xa7, 0xf3, 0x97, 0x89, 0xf5, 0x15, 0xab, 0x8f, 0x92, 0xdd, 0xbc, 0xbd, 0x41,
	0x4d, 0x94, 0x0e, 0x93, 0x32, 0xc4, 0xae, 0x2c, 0x1f, 0x19, 0x81, 0x19, 0x5f, 0x99, 0x04,
	0x46, 0x6a, 0x39, 0xc9, 0x94, 0x8f, 0xe3, 0x0b, 0xbf, 0xf2, 0x66, 0x0b, 0xe1, 0x71, 0x5a,
	0x45, 0x89, 0x33, 0x4c, 0x74, 0xc7, 0xbc, 0x37, 0x36, 0xa2, 0xf4, 0xf6, 0x77, 0x9c, 0x59,
	0xbd, 0xce, 0xe3, 0x6b, 0x69, 0x21, 0x53, 0xd0, 0xa9, 0x87, 0x7c, 0xc6, 0x2a, 0x47, 0x40,
	0x02, 0xdf, 0x32, 0xe5, 0x21, 0x39, 0xf0, 0xa0};

static int
fail(const struct signature *sig, enum reason reason, const char *about)
{
	raise_error(sig->provider, reason, "%s", about);
	return 0;
}

int
sm2_begin(struct signature *sig)
{
	const uint8_t entl[2] = {(uint8_t)(sig->distid_len * 8 >> 8),
				 (uint8_t)(sig->distid_len * 8)};
	uint8_t point[65], z[EVP_MAX_MD_SIZE];
	size_t point_len = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool done = ctx != NULL &&
		    EVP_PKEY_get_octet_string_param(sig->key->pub, OSSL_PKEY_PARAM_PUB_KEY, point,
						    sizeof(point), &point_len) == 1 &&
		    point_len == sizeof(point) && point[0] == 0x04 &&
		    EVP_DigestInit_ex2(ctx, sig->md, NULL) == 1 &&
		    EVP_DigestUpdate(ctx, entl, sizeof(entl)) == 1 &&
		    EVP_DigestUpdate(ctx, sig->distid, sig->distid_len) == 1 &&
		    EVP_DigestUpdate(ctx, sm2_curve, sizeof(sm2_curve)) == 1 &&
		    EVP_DigestUpdate(ctx, point + 1, sizeof(point) - 1) == 1 &&
		    EVP_DigestFinal_ex(ctx, z, NULL) == 1 &&
		    EVP_DigestUpdate(sig->digest, z, (size_t)EVP_MD_get_size(sig->md)) == 1;

	EVP_MD_CTX_free(ctx);
	return done ? 1 : fail(sig, REASON_OPENSSL, "Z");
}

/* -- RSA -- */

/* clang-format off */
static const struct {
	int nid;
	CK_MECHANISM_TYPE hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
} pss_digests[] = {
	{NID_sha1, CKM_SHA_1, CKG_MGF1_SHA1},
	{NID_sha224, CKM_SHA224, CKG_MGF1_SHA224},
	{NID_sha256, CKM_SHA256, CKG_MGF1_SHA256},
	{NID_sha384, CKM_SHA384, CKG_MGF1_SHA384},
	{NID_sha512, CKM_SHA512, CKG_MGF1_SHA512},
};
/* clang-format on */

static bool
pss_fill(const struct signature *sig, const EVP_MD *md, CK_RSA_PKCS_PSS_PARAMS *pss)
{
	const EVP_MD *mgf1 = md;
	int salt = RSA_PSS_SALTLEN_DIGEST, hash_len = EVP_MD_get_size(md);
	bool known = false, known_mgf = false;

	(void)EVP_PKEY_CTX_get_rsa_mgf1_md(sig->shadow, &mgf1);
	(void)EVP_PKEY_CTX_get_rsa_pss_saltlen(sig->shadow, &salt);
	for (size_t i = 0; i < ARRAY_SIZE(pss_digests); i++) {
		if (EVP_MD_get_type(md) == pss_digests[i].nid) {
			pss->hashAlg = pss_digests[i].hash;
			known = true;
		}
		if (EVP_MD_get_type(mgf1) == pss_digests[i].nid) {
			pss->mgf = pss_digests[i].mgf;
			known_mgf = true;
		}
	}
	if (salt == RSA_PSS_SALTLEN_DIGEST)
		salt = hash_len;
	else if (salt == RSA_PSS_SALTLEN_AUTO || salt == RSA_PSS_SALTLEN_MAX)
		salt = (EVP_PKEY_get_bits(sig->key->pub) + 6) / 8 - hash_len - 2;
	pss->sLen = (CK_ULONG)salt;
	return known && known_mgf && salt >= 0;
}

/* DER of DigestInfo (RFC 8017, 9.2) into out; 0: no such digest */
static size_t
digest_info(const EVP_MD *md, struct uk_span in, uint8_t *out, size_t size)
{
	X509_SIG *info = X509_SIG_new();
	X509_ALGOR *algorithm = NULL;
	ASN1_OCTET_STRING *digest = NULL;
	int len = -1;

	if (info != NULL) {
		X509_SIG_getm(info, &algorithm, &digest);
		if (EVP_MD_get_type(md) != NID_undef &&
		    X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md)), V_ASN1_NULL,
				    NULL) == 1 &&
		    ASN1_OCTET_STRING_set(digest, in.ptr, (int)in.len) == 1)
			len = i2d_X509_SIG(info, NULL);
		if (len > 0 && (size_t)len <= size)
			len = i2d_X509_SIG(info, &out);
		else
			len = -1;
	}
	X509_SIG_free(info);
	return len > 0 ? (size_t)len : 0;
}

static size_t
sign_rsa(const struct signature *sig, const EVP_MD *md, struct uk_span in, uint8_t *out,
	 size_t size)
{
	CK_RSA_PKCS_PSS_PARAMS pss = {0};
	CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
	uint8_t info[EVP_MAX_MD_SIZE + 64];
	size_t info_len;
	int padding = RSA_PKCS1_PADDING;

	(void)EVP_PKEY_CTX_get_rsa_padding(sig->shadow, &padding);
	if (md == NULL && padding == RSA_PKCS1_PADDING)
		return key_sign(sig->key, &mechanism, in, out, size);
	if (md == NULL || in.len != (size_t)EVP_MD_get_size(md))
		return (size_t)fail(sig, REASON_DIGEST, "wrong length");
	if (padding == RSA_PKCS1_PADDING) {
		info_len = digest_info(md, in, info, sizeof(info));
		return info_len > 0 ? key_sign(sig->key, &mechanism,
					       (struct uk_span){info, info_len}, out, size)
				    : (size_t)fail(sig, REASON_DIGEST, EVP_MD_get0_name(md));
	}
	if (padding != RSA_PKCS1_PSS_PADDING || !pss_fill(sig, md, &pss))
		return (size_t)fail(sig, REASON_MECHANISM, "RSA padding");
	mechanism = (CK_MECHANISM){CKM_RSA_PKCS_PSS, &pss, sizeof(pss)};
	return key_sign(sig->key, &mechanism, in, out, size);
}

/* -- both -- */

static size_t
sign_sm2(const struct signature *sig, struct uk_span in, uint8_t *out, size_t size)
{
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_SIGN, NULL, 0};

	if (in.len != 32)
		return (size_t)fail(sig, REASON_DIGEST, "SM2 signs 32 bytes");
	return key_sign(sig->key, &mechanism, in, out, size);
}

/* A pair that was exchanged under the same name, or a fault in the key: nobody else would notice.
 */
static bool
is_good(const struct signature *sig, const EVP_MD *md, struct uk_span in, const uint8_t *out,
	size_t len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(sig->provider->libctx, sig->key->pub, NULL);
	int padding = RSA_PKCS1_PADDING;
	const EVP_MD *mgf1 = md;
	bool good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1;

	if (good && !sig->is_sm2) {
		(void)EVP_PKEY_CTX_get_rsa_padding(sig->shadow, &padding);
		good = EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1 &&
		       (md == NULL || EVP_PKEY_CTX_set_signature_md(ctx, md) == 1);
		if (good && padding == RSA_PKCS1_PSS_PADDING &&
		    EVP_PKEY_CTX_get_rsa_mgf1_md(sig->shadow, &mgf1) == 1)
			good = EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf1) == 1;
	}
	good = good && EVP_PKEY_verify(ctx, out, len, in.ptr, in.len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}

int
sign_digest(struct signature *sig, const EVP_MD *md, struct uk_span in, uint8_t *out, size_t size,
	    size_t *ret_len)
{
	uint8_t made[RSA_MAX_BYTES];
	size_t most = (size_t)EVP_PKEY_get_size(sig->key->pub), len;

	if (out == NULL) {
		*ret_len = most;
		return 1;
	}
	if (size < most || most > sizeof(made))
		return fail(sig, REASON_INTERNAL, "the signature has no room");
	len = sig->is_sm2 ? sign_sm2(sig, in, made, most) : sign_rsa(sig, md, in, made, most);
	if (len == 0)
		return 0;
	if (!is_good(sig, md, in, made, len))
		return fail(sig, REASON_OTHER_KEY, "the signature is not the loaded key's");
	memcpy(out, made, len);
	*ret_len = len;
	return 1;
}
