/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcrypto's objects as variables that free themselves, and the SM2 signer's ID. */
#ifndef CA_OSSL_H
#define CA_OSSL_H

#include "common/defs.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define OSSL_SCOPED(type)                             \
	static inline void type##_drop(type **object) \
	{                                             \
		type##_free(*object);                 \
	}

OSSL_SCOPED(ASN1_INTEGER)
OSSL_SCOPED(ASN1_OCTET_STRING)
OSSL_SCOPED(ASN1_TIME)
OSSL_SCOPED(EVP_CIPHER_CTX)
OSSL_SCOPED(EVP_MD_CTX)
OSSL_SCOPED(EVP_PKEY)
OSSL_SCOPED(EVP_PKEY_CTX)
OSSL_SCOPED(X509)
OSSL_SCOPED(X509_CRL)
OSSL_SCOPED(X509_EXTENSION)
OSSL_SCOPED(X509_NAME)
OSSL_SCOPED(X509_REQ)
OSSL_SCOPED(X509_REVOKED)

static inline void
BIO_drop(BIO **object)
{
	BIO_free_all(*object);
}

static inline void
BIGNUM_drop(BIGNUM **object)
{
	BN_free(*object);
}

/* A number that is part of a private key. */
static inline void
BIGNUM_wipe(BIGNUM **object)
{
	BN_clear_free(*object);
}

#define SCOPED(type) UK_CLEANUP(type##_drop) type

#endif
