/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Somebody else, who has OpenSSL and no key of ours: opens what was encrypted for them. */
#ifndef TESTS_DRIVER_RECIPIENT_H
#define TESTS_DRIVER_RECIPIENT_H

#include "drivers/token.h"

#include <openssl/evp.h>

struct recipient {
	EVP_PKEY *pair;
	struct token_public_key key;
};

/* bits: 256 (SM2), 1024 or 2048 (RSA). */
struct recipient recipient_new(unsigned int bits);
void recipient_free(struct recipient *recipient);

/* An SM2 cipher as X || Y || C3 || C2; returns the length of the plain text, 0: it does not open.
 */
size_t recipient_open_sm2(const struct recipient *recipient, struct uk_span cipher, uint8_t *out,
			  size_t room);
/* PKCS #1 v1.5 */
size_t recipient_open_rsa(const struct recipient *recipient, struct uk_span cipher, uint8_t *out,
			  size_t room);

#endif
