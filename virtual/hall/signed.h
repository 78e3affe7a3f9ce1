/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures as pages hand them in: bare ones, and signed messages. */
#ifndef HALL_SIGNED_H
#define HALL_SIGNED_H

#include "judge.h"

/*
 * RSA: PKCS #1 v1.5 with SHA-256, -384 or -512. SM2: SM3 with the default ID; DER, r ‖ s in 64
 * bytes, or the 128 bytes of GM/T 0016's ECCSIGNATUREBLOB.
 */
enum hall_verdict hall_signature_judge(X509 *cert, struct uk_span data, struct uk_span signature);

/*
 * A signed message (DER) with one signer, whose certificate is in it: RFC 5652, or the same under
 * the types of GM/T 0010. Its content, where it is inside, is `data`. *ret_cert is the caller's.
 */
enum hall_verdict hall_message_judge(struct uk_span message, struct uk_span data, X509 **ret_cert);

#endif
