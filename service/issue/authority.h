/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CA's key and what it signs: requests proved, certificates drafted, drafts signed. */
#ifndef CS_ISSUE_AUTHORITY_H
#define CS_ISSUE_AUTHORITY_H

#include "service/base/blob.h"
#include "service/base/random.h"

#include <openssl/x509.h>

struct cs_authority {
	X509 *cert;
	EVP_PKEY *key;
	/*
	 * A key of the same kind that is nobody's.  It signs drafts, so that a draft has every byte
	 * of the certificate but the signature, and can be stored before the CA's key is used at
	 * all.
	 */
	EVP_PKEY *nobody;
};

/* PEM files; CS_E_ARGUMENTS when key and certificate do not belong together. */
UK_CHECKED enum cs_status cs_authority_open(const char *cert_path, const char *key_path,
					    struct cs_authority *ret);
void cs_authority_close(struct cs_authority *authority);

/* DER of a request that is signed by the key it names (SM2: default ID). The caller frees. */
UK_CHECKED enum cs_status cs_request_read(struct uk_span der, X509_REQ **ret);
/* SHA-256 of the public key's SubjectPublicKeyInfo. */
UK_CHECKED enum cs_status cs_spki_hash(EVP_PKEY *key, uint8_t ret[CS_HASH_LEN]);

/* DER of one of this CA's own certificates; CS_E_PROOF for anybody else's. The caller frees. */
UK_CHECKED enum cs_status cs_own_cert_read(const struct cs_authority *authority, struct uk_span der,
					   X509 **ret);
/* The last second at which it is valid. */
UK_CHECKED enum cs_status cs_cert_end(const X509 *cert, int64_t *ret);
/* Upper-case hex of the serial number, as the store has it. */
UK_CHECKED enum cs_status cs_cert_serial(const X509 *cert, char *ret, size_t room);

struct cs_draft {
	struct uk_span subject; /* DER of the name */
	const char *code;       /* unified social credit code; "": none */
	EVP_PKEY *key;
	int64_t not_before, not_after;
};
/* A certificate for signing with a new random serial number; not yet the CA's. DER. */
UK_CHECKED enum cs_status cs_draft_make(const struct cs_authority *authority,
					const struct cs_draft *draft, struct cs_blob *ret);
/* The same with the CA's signature. */
UK_CHECKED enum cs_status cs_draft_sign(const struct cs_authority *authority, struct uk_span draft,
					struct cs_blob *ret);

#endif
