/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key centre in small: makes encryption key pairs and wraps them to a signing key, by OpenSSL. */
#ifndef TESTS_DRIVER_ENVELOPE_H
#define TESTS_DRIVER_ENVELOPE_H

#include "drivers/token.h"

#include <openssl/evp.h>

/* At most 64 bytes as an SM2 cipher to a public key, in its parts. */
struct token_wrapped_key envelope_wrap(EVP_PKEY *to, struct uk_span plain);

/* An SM2 pair under an SM4 key under `to`; low: private key in the last half of its field, else in
 * the first. */
struct token_envelope envelope_sm2(const struct token_public_key *to, bool low);

struct envelope_rsa {
	uint8_t wrapped[256];
	size_t wrapped_len;
	uint8_t blob[1168];
	uint8_t modulus[256];
};

/* An RSA-2048 pair likewise (RSAPRIVATEKEYBLOB of GM/T 0016). */
struct envelope_rsa envelope_rsa(const struct token_public_key *to);

/* The SM4 key in all of these, GM_BLOCK_LEN bytes. */
const uint8_t *envelope_key(void);

/* The key alone, under an encryption key: as a session key comes. */
struct token_wrapped_key envelope_session_sm2(const struct token_public_key *to);
/* Its cipher text is good until the next call. */
struct token_wrapped_key envelope_session_rsa(struct uk_span modulus);

#endif
