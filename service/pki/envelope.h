/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An encryption key pair on its way into a key, closed so that only that key's signing key opens
 * it.  SM2: SM2EnvelopedKey of GM/T 0009.  RSA: an SM4 key under PKCS #1 v1.5 and, under that
 * (SM4-ECB), RSAPRIVATEKEYBLOB of GM/T 0016, as SKF_ImportRSAKeyPair takes them.
 */
#ifndef CS_PKI_ENVELOPE_H
#define CS_PKI_ENVELOPE_H

#include "service/base/blob.h"

#include <openssl/evp.h>

#define CS_ENVELOPE_RSA_BITS 2048U /* the most that RSAPRIVATEKEYBLOB has room for */

struct cs_envelope {
	struct cs_blob sealed;  /* SM2EnvelopedKey, or the blob in 1168 bytes */
	struct cs_blob wrapped; /* the SM4 key; empty for SM2 */
};

static inline void
cs_envelope_clear(struct cs_envelope *envelope)
{
	cs_blob_free(&envelope->sealed);
	cs_blob_free(&envelope->wrapped);
}

#define CS_ENVELOPE UK_CLEANUP(cs_envelope_clear) struct cs_envelope

/* A new pair of the same kind as `like`; NULL: no such kind. The caller frees. */
EVP_PKEY *cs_pair_make(const EVP_PKEY *like);

/* CS_E_ARGUMENTS when the two are not of one kind. */
UK_CHECKED enum cs_status cs_envelope_make(EVP_PKEY *pair, EVP_PKEY *to, struct cs_envelope *ret);

#endif
