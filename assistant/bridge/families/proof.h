/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be done with a certificate alone, without any key of the person's. Any thread. */
#ifndef OUK_BRIDGE_PROOF_H
#define OUK_BRIDGE_PROOF_H

#include "assistant/core/ossl.h"

/* SGD_* numbers of signature methods and hashes, as pages say them; NULL: none of them. */
const EVP_MD *ouk_proof_hash(gint64 sgd);

/*
 * Whether the signature over data is this certificate's: RSA PKCS #1 v1.5 with any of SHA-256, SM3
 * and SHA-1, SM2 with the default ID as DER or as r and s.
 */
gboolean ouk_proof_check(X509 *x509, GBytes *data, GBytes *signature);

/* What SOF_ValidateCert answers. */
enum {
	OUK_PROOF_GOOD = 0,
	OUK_PROOF_UNTRUSTED = -1,
	OUK_PROOF_ENDED = -2,
	OUK_PROOF_REVOKED = -3,
	OUK_PROOF_FROZEN = -4,
	OUK_PROOF_NOT_YET = -5,
	OUK_PROOF_OTHER = -6,
};
/*
 * By its dates and the roots of the CAs' profiles. Whether its CA took it back is not asked: a
 * page must not be able to make this computer fetch something.
 */
int ouk_proof_validate(X509 *x509);

/* RSA PKCS #1 v1.5, or SM2 in DER (C1 C3 C2). NULL when the key or the length is no good for it. */
GBytes *ouk_proof_encrypt(X509 *x509, GBytes *data);
/*
 * An enveloped message for all of the certificates (of X509), content under SM4-CBC: RFC 5652 for
 * RSA, GM/T 0010 where the first is SM2. NULL on failure.
 */
GBytes *ouk_proof_envelope(GPtrArray *certs, GBytes *data);

#endif
