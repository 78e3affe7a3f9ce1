/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two forms in which a CA delivers an encryption pair; nothing is decrypted here. */
#ifndef UK_PKCS11_ENVELOPE_H
#define UK_PKCS11_ENVELOPE_H

#include "drivers/token.h"

/*
 * Takes apart ENVELOPEDKEYBLOB (GM/T 0016, packed, 32-bit numbers in the host's order of the CA's
 * PC, little-endian) or SM2EnvelopedKey (GM/T 0009, DER).  The private key's ciphertext goes on in
 * the alignment it came in.  UK_E_ENVELOPE when it is neither, or not for an SM2 key under SM4-ECB.
 */
UK_CHECKED enum uk_status envelope_read(struct uk_span envelope, struct token_envelope *ret);

/* Whether a wrapped SM4 key and an RSAPRIVATEKEYBLOB under it have lengths that can be right. */
bool envelope_rsa_sizes_ok(size_t wrapped_key_len, size_t blob_len);

#endif
