/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/skf/stranger/other_side.h"

#include <openssl/asn1t.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N 32 /* bytes of an SM2 number */

/* What must not fail here. */
static void
need(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "the other side: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

/* ---- keys ---- */

EVP_PKEY *
sm2_make(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");

	need(key != NULL, "an SM2 pair");
	return key;
}

static EVP_PKEY *
key_from(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	need(EVP_PKEY_fromdata_init(context) == 1 &&
		     EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1,
	     "a public key");
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return key;
}

EVP_PKEY *
sm2_from_blob(const sk_ecc_public *blob)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	uint8_t point[1 + 2 * N] = {0x04};

	memcpy(point + 1, blob->x + N, N);
	memcpy(point + 1 + N, blob->y + N, N);
	OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0);
	OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
	return key_from("SM2", build);
}

void
sm2_to_blob(EVP_PKEY *key, sk_ecc_public *blob)
{
	uint8_t point[1 + 2 * N];
	size_t len = 0;

	need(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					     &len) == 1 &&
		     len == sizeof(point) && point[0] == 0x04,
	     "its point");
	memset(blob, 0, sizeof(*blob));
	blob->bits = 256;
	memcpy(blob->x + N, point + 1, N);
	memcpy(blob->y + N, point + 1 + N, N);
}

EVP_PKEY *
rsa_from_blob(const sk_rsa_public *blob)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	size_t len = blob->bits / 8;
	BIGNUM *n = BN_bin2bn(blob->modulus + sizeof(blob->modulus) - len, (int)len, NULL);
	BIGNUM *e = BN_bin2bn(blob->exponent, sizeof(blob->exponent), NULL);
	EVP_PKEY *key = NULL;

	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
	key = key_from("RSA", build);
	BN_free(n);
	BN_free(e);
	return key;
}

/* ---- the CA ---- */

static EVP_PKEY *
ca_key(void)
{
	static EVP_PKEY *key;

	if (key == NULL)
		key = sm2_make();
	return key;
}

static EVP_MD_CTX *
sm2_context(EVP_PKEY *key, EVP_PKEY_CTX **ret_id)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	*ret_id = EVP_PKEY_CTX_new(key, NULL);
	need(EVP_PKEY_CTX_set1_id(*ret_id, SM2_ID, strlen(SM2_ID)) == 1, "the id");
	EVP_MD_CTX_set_pkey_ctx(context, *ret_id);
	return context;
}

static void
name_set(X509_NAME *name, const char *unit)
{
	need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)unit, -1,
					-1, 0) == 1,
	     "a name");
}

size_t
certify(EVP_PKEY *subject, const char *name, uint8_t der[CERT_ROOM])
{
	static long serial = 1;
	X509 *cert = X509_new();
	EVP_PKEY_CTX *id = NULL;
	EVP_MD_CTX *context = sm2_context(ca_key(), &id);
	int len = 0;

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
	name_set(X509_get_issuer_name(cert), "Stranger's CA");
	name_set(X509_get_subject_name(cert), name);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	need(X509_set_pubkey(cert, subject) == 1 &&
		     EVP_DigestSignInit(context, NULL, EVP_sm3(), NULL, ca_key()) == 1 &&
		     X509_sign_ctx(cert, context) > 0,
	     "a certificate");
	len = i2d_X509(cert, NULL);
	need(len > 0 && len <= CERT_ROOM, "its length");
	i2d_X509(cert, &(unsigned char *){der});
	EVP_MD_CTX_free(context);
	EVP_PKEY_CTX_free(id);
	X509_free(cert);
	return (size_t)len;
}

EVP_PKEY *
certified(const uint8_t *der, size_t len)
{
	X509 *cert = d2i_X509(NULL, &(const unsigned char *){der}, (long)len);
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	EVP_PKEY *key = NULL;

	if (cert == NULL)
		return NULL;
	ASN1_OCTET_STRING_set(id, (const unsigned char *)SM2_ID, (int)strlen(SM2_ID));
	X509_set0_distinguishing_id(cert, id);
	if (X509_verify(cert, ca_key()) == 1)
		key = X509_get_pubkey(cert);
	X509_free(cert);
	return key;
}

/* ---- SM2 cipher texts: SEQUENCE { x, y, hash, cipher } (GM/T 0009, 7.2) ---- */

typedef struct {
	ASN1_INTEGER *x, *y;
	ASN1_OCTET_STRING *hash, *cipher;
} SEALED;

ASN1_SEQUENCE(SEALED) =
	{
		ASN1_SIMPLE(SEALED, x, ASN1_INTEGER),
		ASN1_SIMPLE(SEALED, y, ASN1_INTEGER),
		ASN1_SIMPLE(SEALED, hash, ASN1_OCTET_STRING),
		ASN1_SIMPLE(SEALED, cipher, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(SEALED)

		static SEALED
	* sealed_read(const uint8_t *der, size_t len)
{
	return (SEALED *)ASN1_item_d2i(NULL, &der, (long)len, ASN1_ITEM_rptr(SEALED));
}

static void
number_get(const ASN1_INTEGER *number, uint8_t out[64])
{
	BIGNUM *value = ASN1_INTEGER_to_BN(number, NULL);

	memset(out, 0, 64);
	need(BN_bn2binpad(value, out + N, N) == N, "a number");
	BN_free(value);
}

static void
number_set(ASN1_INTEGER *number, const uint8_t in[64])
{
	BIGNUM *value = BN_bin2bn(in + N, N, NULL);

	BN_to_ASN1_INTEGER(value, number);
	BN_free(value);
}

void
sm2_seal(EVP_PKEY *to, const uint8_t key[SM4_KEY], sk_ecc_cipher *blob)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(to, NULL);
	uint8_t der[256];
	size_t len = sizeof(der);
	SEALED *sealed = NULL;

	need(EVP_PKEY_encrypt_init(context) == 1 &&
		     EVP_PKEY_encrypt(context, der, &len, key, SM4_KEY) == 1,
	     "SM2 encryption");
	sealed = sealed_read(der, len);
	need(sealed != NULL && sealed->cipher->length == SM4_KEY && sealed->hash->length == 32,
	     "its cipher text");
	number_get(sealed->x, blob->x);
	number_get(sealed->y, blob->y);
	memcpy(blob->hash, sealed->hash->data, sizeof(blob->hash));
	blob->length = SM4_KEY;
	memcpy(blob->cipher, sealed->cipher->data, SM4_KEY);
	ASN1_item_free((ASN1_VALUE *)sealed, ASN1_ITEM_rptr(SEALED));
	EVP_PKEY_CTX_free(context);
}

bool
sm2_unseal(EVP_PKEY *of, const sk_ecc_cipher *blob, uint8_t key[SM4_KEY])
{
	SEALED *sealed = (SEALED *)ASN1_item_new(ASN1_ITEM_rptr(SEALED));
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(of, NULL);
	uint8_t *der = NULL, out[64];
	size_t out_len = sizeof(out);
	bool done = false;
	int len = 0;

	number_set(sealed->x, blob->x);
	number_set(sealed->y, blob->y);
	ASN1_OCTET_STRING_set(sealed->hash, blob->hash, sizeof(blob->hash));
	ASN1_OCTET_STRING_set(sealed->cipher, blob->cipher, SM4_KEY);
	len = ASN1_item_i2d((ASN1_VALUE *)sealed, &der, ASN1_ITEM_rptr(SEALED));
	done = len > 0 && EVP_PKEY_decrypt_init(context) == 1 &&
	       EVP_PKEY_decrypt(context, out, &out_len, der, (size_t)len) == 1 &&
	       out_len == SM4_KEY;
	if (done)
		memcpy(key, out, SM4_KEY);
	OPENSSL_free(der);
	ASN1_item_free((ASN1_VALUE *)sealed, ASN1_ITEM_rptr(SEALED));
	EVP_PKEY_CTX_free(context);
	return done;
}

void
wrap_pair(EVP_PKEY *pair, const sk_ecc_public *signing, sk_enveloped *blob)
{
	EVP_PKEY *to = sm2_from_blob(signing);
	BIGNUM *d = NULL;
	uint8_t key[SM4_KEY], plain[64] = {0};

	need(RAND_bytes(key, sizeof(key)) == 1 &&
		     EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
		     BN_bn2binpad(d, plain + N, N) == N,
	     "the pair's private number");
	memset(blob, 0, sizeof(*blob));
	blob->version = 1;
	blob->alg = SK_SM4_ECB;
	blob->bits = 256;
	for (size_t at = 0; at < sizeof(plain); at += SM4_KEY)
		sm4_block(key, plain + at, blob->private_key + at);
	sm2_to_blob(pair, &blob->public_key);
	sm2_seal(to, key, &blob->wrapped);
	BN_clear_free(d);
	EVP_PKEY_free(to);
}

/* ---- signatures ---- */

bool
sm2_verifies(EVP_PKEY *key, const void *text, size_t len, const sk_ecc_signature *signature)
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	EVP_PKEY_CTX *id = NULL;
	EVP_MD_CTX *context = sm2_context(key, &id);
	uint8_t *der = NULL;
	int der_len = 0;
	bool good = false;

	ECDSA_SIG_set0(parts, BN_bin2bn(signature->r + N, N, NULL),
		       BN_bin2bn(signature->s + N, N, NULL));
	der_len = i2d_ECDSA_SIG(parts, &der);
	good = der_len > 0 && EVP_DigestVerifyInit(context, NULL, EVP_sm3(), NULL, key) == 1 &&
	       EVP_DigestVerify(context, der, (size_t)der_len, text, len) == 1;
	OPENSSL_free(der);
	ECDSA_SIG_free(parts);
	EVP_MD_CTX_free(context);
	EVP_PKEY_CTX_free(id);
	return good;
}

void
sm2_sign(EVP_PKEY *key, const void *text, size_t len, sk_ecc_signature *signature)
{
	EVP_PKEY_CTX *id = NULL;
	EVP_MD_CTX *context = sm2_context(key, &id);
	uint8_t der[128];
	size_t der_len = sizeof(der);
	ECDSA_SIG *parts = NULL;

	need(EVP_DigestSignInit(context, NULL, EVP_sm3(), NULL, key) == 1 &&
		     EVP_DigestSign(context, der, &der_len, text, len) == 1,
	     "a signature");
	parts = d2i_ECDSA_SIG(NULL, &(const unsigned char *){der}, (long)der_len);
	memset(signature, 0, sizeof(*signature));
	need(parts != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature->r + N, N) == N &&
		     BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature->s + N, N) == N,
	     "its numbers");
	ECDSA_SIG_free(parts);
	EVP_MD_CTX_free(context);
	EVP_PKEY_CTX_free(id);
}

/* ---- SM4 ---- */

size_t
sm4_cbc(bool encrypt, const uint8_t key[SM4_KEY], const uint8_t iv[SM4_KEY], const uint8_t *in,
	size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int first = 0, last = 0;

	need(EVP_CipherInit(context, EVP_sm4_cbc(), key, iv, encrypt) == 1 &&
		     EVP_CipherUpdate(context, out, &first, in, (int)len) == 1 &&
		     EVP_CipherFinal(context, out + first, &last) == 1,
	     "SM4-CBC");
	EVP_CIPHER_CTX_free(context);
	return (size_t)(first + last);
}

void
sm4_block(const uint8_t key[SM4_KEY], const uint8_t in[SM4_KEY], uint8_t out[SM4_KEY])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int len = 0;

	need(EVP_EncryptInit(context, EVP_sm4_ecb(), key, NULL) == 1 &&
		     EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
		     EVP_EncryptUpdate(context, out, &len, in, SM4_KEY) == 1,
	     "SM4-ECB");
	EVP_CIPHER_CTX_free(context);
}
