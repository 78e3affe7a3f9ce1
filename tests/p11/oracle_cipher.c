/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encryption by libcrypto: what a peer sends, and what SM4 must give. */
#include "tests/p11/desk.h"

#include "tests/p11/check.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static EVP_PKEY *
encryption_key(const char *alg)
{
	char path[512];
	FILE *file;
	X509 *cert;
	EVP_PKEY *key;

	(void)snprintf(path, sizeof(path), "%s/%s-enc.pem", getenv("OPENUKEY_FIXTURES"), alg);
	file = fopen(path, "re");
	assert_non_null(file);
	cert = PEM_read_X509(file, NULL, NULL, NULL);
	(void)fclose(file);
	assert_non_null(cert);
	key = X509_get_pubkey(cert);
	X509_free(cert);
	return key;
}

/* SM2Cipher's DER (x, y, hash, text) as 04 || X || Y || C3 || C2 */
static CK_ULONG
der_to_raw(const unsigned char *der, long der_len, unsigned char *out)
{
	STACK_OF(ASN1_TYPE) *parts = d2i_ASN1_SEQUENCE_ANY(NULL, &der, der_len);
	CK_ULONG len = 1;

	assert_non_null(parts);
	out[0] = 0x04;
	for (int i = 0; i < 2; i++) {
		BIGNUM *number =
			ASN1_INTEGER_to_BN(sk_ASN1_TYPE_value(parts, i)->value.integer, NULL);

		assert_int_equal(BN_bn2binpad(number, out + len, 32), 32);
		BN_free(number);
		len += 32;
	}
	for (int i = 2; i < 4; i++) {
		const ASN1_OCTET_STRING *bytes = sk_ASN1_TYPE_value(parts, i)->value.octet_string;

		memcpy(out + len, ASN1_STRING_get0_data(bytes), (size_t)ASN1_STRING_length(bytes));
		len += (CK_ULONG)ASN1_STRING_length(bytes);
	}
	sk_ASN1_TYPE_pop_free(parts, ASN1_TYPE_free);
	return len;
}

CK_ULONG
oracle_wrap(const char *alg, bool der, const unsigned char *sm4_key, unsigned char *out,
	    CK_ULONG size)
{
	EVP_PKEY *key = encryption_key(alg);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	unsigned char wrapped[512];
	size_t len = sizeof(wrapped);

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, wrapped, &len, sm4_key, 16), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	assert_true(len <= size);
	if (strcmp(alg, "sm2") == 0 && !der)
		return der_to_raw(wrapped, (long)len, out);
	memcpy(out, wrapped, len);
	return len;
}

void
oracle_sm4(const char *cipher, const unsigned char *key, const unsigned char *iv,
	   const unsigned char *in, CK_ULONG len, unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER *algorithm = EVP_CIPHER_fetch(NULL, cipher, NULL);
	int done = 0;

	assert_int_equal(EVP_EncryptInit_ex2(ctx, algorithm, key, iv, NULL), 1);
	(void)EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_int_equal(EVP_EncryptUpdate(ctx, out, &done, in, (int)len), 1);
	assert_int_equal(done, (int)len);
	EVP_CIPHER_free(algorithm);
	EVP_CIPHER_CTX_free(ctx);
}
