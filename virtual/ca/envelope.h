/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encryption key pairs on their way into a key, closed so that only its signing key can open them:
 * SM2 as ENVELOPEDKEYBLOB (GM/T 0016) or SM2EnvelopedKey (GM/T 0009), RSA as a wrapped SM4 key and
 * an RSAPRIVATEKEYBLOB under it (SKF_ImportRSAKeyPair).
 */
#ifndef CA_ENVELOPE_H
#define CA_ENVELOPE_H

#include "common/bytes.h"

#include <openssl/evp.h>

/* Room for any of what follows, bytes. */
#define ENVELOPE_MAX 2048

/* Where the 32 bytes of an SM2 private key's ciphertext sit in the 64-byte field. */
enum envelope_align {
	ENVELOPE_RIGHT, /* zeros before the number are encrypted with it: all 64 bytes */
	ENVELOPE_LEFT,  /* 32 bytes of ciphertext, then zeros */
};

/* pair: the SM2 encryption pair; signer: the SM2 public key of the container. */
UK_CHECKED bool envelope_put_blob(EVP_PKEY *pair, EVP_PKEY *signer, enum envelope_align align,
				  struct uk_writer *out);
UK_CHECKED bool envelope_put_der(EVP_PKEY *pair, EVP_PKEY *signer, struct uk_writer *out);

/* wrapped: the SM4 key under PKCS #1 v1.5; blob: 1168 bytes under SM4-ECB. */
UK_CHECKED bool envelope_put_rsa(EVP_PKEY *pair, EVP_PKEY *signer, struct uk_writer *wrapped,
				 struct uk_writer *blob);

#endif
