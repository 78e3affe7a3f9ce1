/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SM2 for the key, on raw 32-byte numbers.  A pair is d || X || Y, a public key X || Y. */
#ifndef VK_SM2_H
#define VK_SM2_H

#include "common/bytes.h"
#include "common/gm.h"

#define VK_SM2_PUBLIC_LEN (2 * GM_SM2_LEN)
#define VK_SM2_PAIR_LEN   (3 * GM_SM2_LEN)

struct vk_sm2_cipher {
	struct uk_span point;  /* X || Y, 64 bytes */
	struct uk_span hash;   /* 32 bytes */
	struct uk_span cipher; /* as long as the plain text */
};

UK_CHECKED bool vk_sm2_generate(uint8_t pair[VK_SM2_PAIR_LEN]);
/* X || Y = d * G; false when d is not in 1..n-1. */
UK_CHECKED bool vk_sm2_public(const uint8_t d[GM_SM2_LEN], uint8_t point[VK_SM2_PUBLIC_LEN]);
/* r || s over e, the digest of Z and the message. */
UK_CHECKED bool vk_sm2_sign(const uint8_t pair[VK_SM2_PAIR_LEN], const uint8_t e[GM_SM3_LEN],
			    uint8_t rs[VK_SM2_PUBLIC_LEN]);
UK_CHECKED bool vk_sm2_verify(const uint8_t point[VK_SM2_PUBLIC_LEN], const uint8_t e[GM_SM3_LEN],
			      const uint8_t rs[VK_SM2_PUBLIC_LEN]);
/* Z: SM3 of the signer's ID, the curve and the public key (GM/T 0009); IDs up to 8191 bytes. */
UK_CHECKED bool vk_sm2_z(const uint8_t point[VK_SM2_PUBLIC_LEN], struct uk_span id,
			 uint8_t z[GM_SM3_LEN]);
/* e = SM3(Z || message) for the signer's ID (GM/T 0009). */
UK_CHECKED bool vk_sm2_digest(const uint8_t point[VK_SM2_PUBLIC_LEN], struct uk_span id,
			      struct uk_span message, uint8_t e[GM_SM3_LEN]);
/* Writes 04 || X || Y || hash || cipher. */
UK_CHECKED bool vk_sm2_encrypt(const uint8_t point[VK_SM2_PUBLIC_LEN], struct uk_span plain,
			       struct uk_writer *out);
/* Writes the plain text: as many bytes as the cipher part has. */
UK_CHECKED bool vk_sm2_decrypt(const uint8_t pair[VK_SM2_PAIR_LEN], const struct vk_sm2_cipher *in,
			       struct uk_writer *out);

#endif
