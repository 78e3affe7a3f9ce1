/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RSA for the key.  A pair is kept as the DER of its PKCS #1 RSAPrivateKey. */
#ifndef VK_RSA_H
#define VK_RSA_H

#include "virtual/key/crypto.h"
#include "virtual/key/state.h"

#define VK_RSA_EXPONENT_LEN 4
#define VK_RSA_BLOB_LEN     1164 /* RSAPRIVATEKEYBLOB of GM/T 0016 */

UK_CHECKED bool vk_rsa_generate(unsigned int bits, struct vk_key *key);
/* Writes the modulus (bits / 8 bytes) and the 4-byte exponent, both big-endian. */
UK_CHECKED bool vk_rsa_put_public(const struct vk_key *key, struct uk_writer *out);
/* PKCS #1 v1.5 signature of data padded as it is. */
UK_CHECKED bool vk_rsa_sign(const struct vk_key *key, struct uk_span data, struct uk_writer *out);
/* DigestInfo of a hash, for vk_rsa_sign. */
UK_CHECKED bool vk_rsa_put_digest_info(enum vk_hash hash, struct uk_span message,
				       struct uk_writer *out);
UK_CHECKED bool vk_rsa_verify(struct uk_span modulus, struct uk_span exponent, struct uk_span data,
			      struct uk_span signature);
/* PKCS #1 v1.5 decryption; writes the plain text. */
UK_CHECKED bool vk_rsa_decrypt(const struct vk_key *key, struct uk_span cipher,
			       struct uk_writer *out);
/* PKCS #1 v1.5 encryption to a public key; writes as many bytes as the modulus has. */
UK_CHECKED bool vk_rsa_encrypt(struct uk_span modulus, struct uk_span exponent,
			       struct uk_span plain, struct uk_writer *out);
/* Takes a pair from an RSAPRIVATEKEYBLOB; false when its numbers do not belong together. */
UK_CHECKED bool vk_rsa_from_blob(struct uk_span blob, struct vk_key *key);

#endif
