/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CA, and whoever writes to the key's owner: plain OpenSSL, which knows nothing of keys. */
#ifndef TESTS_SKF_STRANGER_OTHER_SIDE_H
#define TESTS_SKF_STRANGER_OTHER_SIDE_H

#include "tests/skf/stranger/abi.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#define SM2_ID    "1234567812345678"
#define SM4_KEY   16
#define CERT_ROOM 2048

EVP_PKEY *sm2_make(void);
/* Between the blob's right-aligned numbers and OpenSSL. */
EVP_PKEY *sm2_from_blob(const sk_ecc_public *blob);
void sm2_to_blob(EVP_PKEY *key, sk_ecc_public *blob);
EVP_PKEY *rsa_from_blob(const sk_rsa_public *blob);

/* A certificate of the CA (made at first use) for that public key: its DER, length returned. */
size_t certify(EVP_PKEY *subject, const char *name, uint8_t der[CERT_ROOM]);
/* The public key in a certificate, if the CA signed it; NULL otherwise. */
EVP_PKEY *certified(const uint8_t *der, size_t len);

/* An encryption pair made by the CA, wrapped for the signing key. */
void wrap_pair(EVP_PKEY *pair, const sk_ecc_public *signing, sk_enveloped *blob);
/* A symmetric key for the holder of that key, and back. */
void sm2_seal(EVP_PKEY *to, const uint8_t key[SM4_KEY], sk_ecc_cipher *blob);
bool sm2_unseal(EVP_PKEY *of, const sk_ecc_cipher *blob, uint8_t key[SM4_KEY]);

bool sm2_verifies(EVP_PKEY *key, const void *text, size_t len, const sk_ecc_signature *signature);
void sm2_sign(EVP_PKEY *key, const void *text, size_t len, sk_ecc_signature *signature);

/* SM4-CBC with PKCS #5 padding; the length of the result. */
size_t sm4_cbc(bool encrypt, const uint8_t key[SM4_KEY], const uint8_t iv[SM4_KEY],
	       const uint8_t *in, size_t len, uint8_t *out);
/* One block, SM4-ECB. */
void sm4_block(const uint8_t key[SM4_KEY], const uint8_t in[SM4_KEY], uint8_t out[SM4_KEY]);

#endif
