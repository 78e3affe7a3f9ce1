/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libcrypto, in its ordinary use, says of our signatures and certificates. */
#include "tests/p11/desk.h"

#include "tests/p11/check.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_ID "1234567812345678"

static X509 *
certificate_load(const char *alg, const char *pair)
{
	char path[512];
	FILE *file;
	X509 *cert;

	(void)snprintf(path, sizeof(path), "%s/%s-%s.pem", getenv("OPENUKEY_FIXTURES"), alg, pair);
	file = fopen(path, "re");
	assert_non_null(file);
	cert = PEM_read_X509(file, NULL, NULL, NULL);
	(void)fclose(file);
	assert_non_null(cert);
	return cert;
}

CK_ULONG
oracle_certificate(const char *alg, const char *pair, unsigned char *out, CK_ULONG size)
{
	X509 *cert = certificate_load(alg, pair);
	int len = i2d_X509(cert, NULL);

	assert_true(len > 0 && (CK_ULONG)len <= size);
	len = i2d_X509(cert, &out);
	X509_free(cert);
	return (CK_ULONG)len;
}

/* A verification set up for the certificate's key; id: NULL but for SM2. */
static EVP_MD_CTX *
verification_start(const char *alg, const char *digest, const char *id)
{
	X509 *cert = certificate_load(alg, "sign");
	EVP_PKEY *key = X509_get_pubkey(cert);
	EVP_PKEY_CTX *key_ctx = EVP_PKEY_CTX_new(key, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (id != NULL)
		assert_int_equal(EVP_PKEY_CTX_set1_id(key_ctx, id, (int)strlen(id)), 1);
	EVP_MD_CTX_set_pkey_ctx(ctx, key_ctx);
	assert_int_equal(EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL), 1);
	EVP_PKEY_free(key);
	X509_free(cert);
	return ctx;
}

static bool
verification_end(EVP_MD_CTX *ctx, const void *message, CK_ULONG len, const unsigned char *signature,
		 CK_ULONG signature_len)
{
	EVP_PKEY_CTX *key_ctx = EVP_MD_CTX_get_pkey_ctx(ctx);
	bool good = EVP_DigestVerify(ctx, signature, signature_len, message, len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_CTX_free(key_ctx); /* set_pkey_ctx leaves it to its owner */
	return good;
}

bool
oracle_verify(const char *alg, const char *digest, const void *message, CK_ULONG len,
	      const unsigned char *signature, CK_ULONG signature_len)
{
	EVP_MD_CTX *ctx =
		verification_start(alg, digest, strcmp(alg, "sm2") == 0 ? DEFAULT_ID : NULL);

	return verification_end(ctx, message, len, signature, signature_len);
}

bool
oracle_verify_id(const char *id, const void *message, CK_ULONG len, const unsigned char *signature,
		 CK_ULONG signature_len)
{
	return verification_end(verification_start("sm2", "SM3", id), message, len, signature,
				signature_len);
}

CK_ULONG
oracle_digest(const char *name, const void *message, CK_ULONG len, unsigned char *out)
{
	size_t out_len = 0;

	assert_int_equal(EVP_Q_digest(NULL, name, NULL, message, len, out, &out_len), 1);
	return out_len;
}

CK_ULONG
oracle_der(const unsigned char *rs, unsigned char *out, CK_ULONG size)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int len;

	assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(rs, 32, NULL), BN_bin2bn(rs + 32, 32, NULL)),
			 1);
	len = i2d_ECDSA_SIG(sig, NULL);
	assert_true(len > 0 && (CK_ULONG)len <= size);
	(void)i2d_ECDSA_SIG(sig, &out);
	ECDSA_SIG_free(sig);
	return (CK_ULONG)len;
}

/* The curve's a, b, G of GM/T 0003.5, as GM/T 0009 puts them into Z. */
static const char curve[] = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC"
			    "28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93"
			    "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"
			    "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0";

void
oracle_sm2_digest(const char *alg, const void *message, CK_ULONG len, unsigned char *out)
{
	X509 *cert = certificate_load(alg, "sign");
	EVP_PKEY *key = X509_get_pubkey(cert);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char point[65], z[32], *constants;
	size_t point_len = 0;
	long constants_len;

	constants = OPENSSL_hexstr2buf(curve, &constants_len);
	assert_int_equal(
		EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof(point), &point_len), 1);
	assert_int_equal(point_len, sizeof(point));
	assert_int_equal(EVP_DigestInit(ctx, EVP_sm3()), 1);
	(void)EVP_DigestUpdate(ctx, "\x00\x80" DEFAULT_ID, 2 + strlen(DEFAULT_ID));
	(void)EVP_DigestUpdate(ctx, constants, (size_t)constants_len);
	(void)EVP_DigestUpdate(ctx, point + 1, sizeof(point) - 1);
	(void)EVP_DigestFinal(ctx, z, NULL);
	assert_int_equal(EVP_DigestInit(ctx, EVP_sm3()), 1);
	(void)EVP_DigestUpdate(ctx, z, sizeof(z));
	(void)EVP_DigestUpdate(ctx, message, len);
	(void)EVP_DigestFinal(ctx, out, NULL);
	OPENSSL_free(constants);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	X509_free(cert);
}

/* ---- a CA of the test's own ---- */

static EVP_PKEY *
key_from_params(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* Signs with the RSA fixture: whose signature is on a certificate is nothing to the key. */
static CK_ULONG
certificate_issue(EVP_PKEY *subject_key, unsigned char *out, CK_ULONG size)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();
	char path[512];
	EVP_PKEY *ca;
	FILE *file;
	int len;

	(void)snprintf(path, sizeof(path), "%s/rsa-sign.key", getenv("OPENUKEY_FIXTURES"));
	file = fopen(path, "re");
	assert_non_null(file);
	ca = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	(void)fclose(file);
	assert_non_null(ca);
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					 (const unsigned char *)"换证示例单位", -1, -1, 0);
	(void)X509_set_version(cert, X509_VERSION_3);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711);
	(void)X509_set_subject_name(cert, name);
	(void)X509_set_issuer_name(cert, name);
	(void)X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	assert_int_equal(X509_set_pubkey(cert, subject_key), 1);
	assert_true(X509_sign(cert, ca, EVP_sha256()) > 0);
	len = i2d_X509(cert, NULL);
	assert_true(len > 0 && (CK_ULONG)len <= size);
	(void)i2d_X509(cert, &out);
	EVP_PKEY_free(ca);
	X509_NAME_free(name);
	X509_free(cert);
	return (CK_ULONG)len;
}

CK_ULONG
oracle_issue_sm2(const unsigned char *point, unsigned char *out, CK_ULONG size)
{
	char group[] = "SM2";
	unsigned char copy[65];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("group", group, 0),
		OSSL_PARAM_construct_octet_string("pub", copy, sizeof(copy)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key;
	CK_ULONG len;

	memcpy(copy, point, sizeof(copy));
	key = key_from_params("SM2", params);
	len = certificate_issue(key, out, size);
	EVP_PKEY_free(key);
	return len;
}

CK_ULONG
oracle_issue_rsa(const unsigned char *modulus, CK_ULONG modulus_len, unsigned char *out,
		 CK_ULONG size)
{
	unsigned char little[256];
	unsigned int exponent = 65537;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_BN("n", little, modulus_len),
		OSSL_PARAM_construct_uint("e", &exponent),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key;
	CK_ULONG len;

	for (CK_ULONG i = 0; i < modulus_len; i++)
		little[i] = modulus[modulus_len - 1 - i];
	key = key_from_params("RSA", params);
	len = certificate_issue(key, out, size);
	EVP_PKEY_free(key);
	return len;
}
