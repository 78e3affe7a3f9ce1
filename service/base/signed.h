/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signatures over what our own protocols sign: never bare bytes, always
 * "OpenUKey-sig-v1" 00 purpose 00 body, so that a signature for one purpose is none for another.
 * SM2 keys sign with SM3 and the default ID, all others with SHA-256.
 */
#ifndef CS_BASE_SIGNED_H
#define CS_BASE_SIGNED_H

#include "service/base/blob.h"
#include "service/base/status.h"

#include <openssl/evp.h>

#define CS_PURPOSE_AUDIT   "audit-head"
#define CS_PURPOSE_APPROVE "operator-approval"
#define CS_PURPOSE_RENEW   "renewal"
#define CS_PURPOSE_CONFIRM "confirm"
#define CS_PURPOSE_QUERY   "query"
#define CS_PURPOSE_RECOVER "recover"

UK_CHECKED enum cs_status cs_sign(EVP_PKEY *key, const char *purpose, struct uk_span body,
				  struct cs_blob *ret);
/* CS_E_PROOF when it is not that key's signature over that. DER for SM2 and EC. */
UK_CHECKED enum cs_status cs_verify(EVP_PKEY *key, const char *purpose, struct uk_span body,
				    struct uk_span signature);

/* PEM. The caller frees; NULL when there is none in the file. */
EVP_PKEY *cs_private_key_read(const char *path);
/* A public key, or that of a certificate. */
EVP_PKEY *cs_public_key_read(const char *path);

/* Others' signatures, over the SHA-256 of bytes as they are. CS_E_PROOF when it is not that key's.
 */
UK_CHECKED enum cs_status cs_verify_sha256(EVP_PKEY *key, struct uk_span bytes,
					   struct uk_span signature);

#endif
