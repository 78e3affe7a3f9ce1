/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secrets that wipe themselves.  A PIN or a key made from one lives in a struct declared with
 * UK_SECRET (or in a struct of the caller's whose cleanup calls uk_wipe) and nowhere else.
 */
#ifndef UK_COMMON_SECRET_H
#define UK_COMMON_SECRET_H

#include "common/bytes.h"
#include "common/defs.h"
#include "common/status.h"

#include <stdint.h>
#include <string.h>

/* Longest secret we handle: a PIN of 16 bytes and its two-block padding, with room to spare. */
#define UK_SECRET_MAX 64

struct uk_secret {
	uint8_t bytes[UK_SECRET_MAX];
	size_t len;
};

/* Overwrites len bytes; never optimised away. */
static inline void
uk_wipe(void *ptr, size_t len)
{
	explicit_bzero(ptr, len);
}

static inline void
uk_secret_wipe(struct uk_secret *secret)
{
	uk_wipe(secret, sizeof(*secret));
}

/* A secret on the stack: gone on every way out, early returns included. */
#define UK_SECRET UK_CLEANUP(uk_secret_wipe) struct uk_secret

/* Copies value in; UK_E_DATA_LEN when it is longer than UK_SECRET_MAX. */
UK_CHECKED static inline enum uk_status
uk_secret_set(struct uk_secret *secret, struct uk_span value)
{
	if (value.len > sizeof(secret->bytes))
		return UK_E_DATA_LEN;
	if (value.len > 0)
		memcpy(secret->bytes, value.ptr, value.len);
	secret->len = value.len;
	return UK_OK;
}

/* Borrows the secret's bytes. */
static inline struct uk_span
uk_secret_peek(const struct uk_secret *secret)
{
	return (struct uk_span){secret->bytes, secret->len};
}

#endif
