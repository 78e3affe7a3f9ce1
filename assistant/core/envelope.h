/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encryption key pairs as CAs deliver them, looked at before they are sent to a key.  They go on
 * unchanged; only the key can open them.
 */
#ifndef OUK_CORE_ENVELOPE_H
#define OUK_CORE_ENVELOPE_H

#include "assistant/core/key.h"

/*
 * Checks the form of an ENVELOPEDKEYBLOB (GM/T 0016) or SM2EnvelopedKey (GM/T 0009) and returns the
 * public key of the pair in it. The caller frees. OUK_E_NOT_AN_ENVELOPE.
 */
EVP_PKEY *ouk_envelope_public(GBytes *envelope, GError **error);

/*
 * Checks the sizes of a wrapped symmetric key and an RSAPRIVATEKEYBLOB under it against the signing
 * key they are for. OUK_E_NOT_AN_ENVELOPE.
 */
gboolean ouk_wrapped_check(GBytes *wrapped, GBytes *blob, EVP_PKEY *signer, GError **error);

#endif
