/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcrypto's objects as variables that free themselves. */
#ifndef HALL_OSSL_H
#define HALL_OSSL_H

#include "common/defs.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#define OSSL_SCOPED(type)                             \
	static inline void type##_drop(type **object) \
	{                                             \
		type##_free(*object);                 \
	}

OSSL_SCOPED(ASN1_OBJECT)
OSSL_SCOPED(ASN1_OCTET_STRING)
OSSL_SCOPED(ASN1_TYPE)
OSSL_SCOPED(CMS_ContentInfo)
OSSL_SCOPED(ECDSA_SIG)
OSSL_SCOPED(EVP_MD_CTX)
OSSL_SCOPED(PKCS7_SIGNED)
OSSL_SCOPED(X509)
OSSL_SCOPED(X509_CRL)
OSSL_SCOPED(X509_STORE)
OSSL_SCOPED(X509_STORE_CTX)

static inline void
BIGNUM_drop(BIGNUM **object)
{
	BN_free(*object);
}

static inline void
BIO_drop(BIO **object)
{
	BIO_free_all(*object);
}

#define SCOPED(type) UK_CLEANUP(type##_drop) type

#endif
