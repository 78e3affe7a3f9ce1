/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests and certificates that anybody may have sent: read whole, checked, taken apart. */
#ifndef CS_PKI_CERT_H
#define CS_PKI_CERT_H

#include "service/base/blob.h"
#include "service/base/random.h"

#include <openssl/x509.h>

/* The unit's code as Chinese CAs put it into certificates. */
#define CS_CREDIT_OID "1.2.156.112562.2.1.1.17"
#define CS_CODE_TEXT  65

static inline void
cs_x509_drop(X509 **cert)
{
	X509_free(*cert);
}

static inline void
cs_x509_req_drop(X509_REQ **request)
{
	X509_REQ_free(*request);
}

#define CS_X509     UK_CLEANUP(cs_x509_drop) X509
#define CS_X509_REQ UK_CLEANUP(cs_x509_req_drop) X509_REQ

/* The key of a kind and length that we certify: SM2, or RSA of 2048 bits and more. */
bool cs_key_good(const EVP_PKEY *key);

/* DER of a request that is signed by the key it names (SM2: default ID). The caller frees. */
UK_CHECKED enum cs_status cs_request_read(struct uk_span der, X509_REQ **ret);
/* SHA-256 of the public key's SubjectPublicKeyInfo. */
UK_CHECKED enum cs_status cs_spki_hash(EVP_PKEY *key, uint8_t ret[CS_HASH_LEN]);

/* DER of a certificate, and nothing behind it; not checked. The caller frees. */
UK_CHECKED enum cs_status cs_cert_read(struct uk_span der, X509 **ret);
/* The same for one that `ca` issued itself; CS_E_PROOF for anybody else's. The caller frees. */
UK_CHECKED enum cs_status cs_own_cert_read(X509 *ca, struct uk_span der, X509 **ret);
/* The first and the last second at which it is valid. */
UK_CHECKED enum cs_status cs_cert_begin(const X509 *cert, int64_t *ret);
UK_CHECKED enum cs_status cs_cert_end(const X509 *cert, int64_t *ret);
/* Upper-case hex of the serial number, as the store has it. */
UK_CHECKED enum cs_status cs_cert_serial(const X509 *cert, char *ret, size_t room);
/* Whether that is a certificate for signing, and no CA's. */
bool cs_cert_signs(X509 *cert);
/* Whether that is one for a key to encrypt to, and not to sign with. */
bool cs_cert_encrypts(X509 *cert);
/* The unit's code; "" when it has none. */
UK_CHECKED enum cs_status cs_cert_code(const X509 *cert, char ret[CS_CODE_TEXT]);

/* DER of it, in place of what was there. */
UK_CHECKED enum cs_status cs_cert_put(X509 *cert, struct cs_blob *ret);

#endif
