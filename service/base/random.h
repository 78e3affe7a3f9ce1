/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random bytes, ids made of them, and their texts. */
#ifndef CS_BASE_RANDOM_H
#define CS_BASE_RANDOM_H

#include "common/bytes.h"
#include "service/base/status.h"

/* Text of an id: 128 bits in hex and the NUL. */
#define CS_ID_TEXT 33
/* Text of 256 bits in hex and the NUL. */
#define CS_HASH_LEN  32
#define CS_HASH_TEXT 65

UK_CHECKED enum cs_status cs_random(void *ptr, size_t len);
/* A number in 0 .. n-1, each as likely; n at most 2^31. For codes: unbiased. */
UK_CHECKED enum cs_status cs_random_below(uint32_t n, uint32_t *ret);

/*
 * A new id: 48 bits of milliseconds, then 80 random ones, so that rows that belong together in time
 * lie together in an index. Not a secret.
 */
UK_CHECKED enum cs_status cs_id_new(char ret[CS_ID_TEXT]);

/* Lower-case hex; ret has room for 2 * len + 1. */
void cs_hex(struct uk_span bytes, char *ret);
/* Exactly len bytes from 2 * len lower-case hex digits. */
UK_CHECKED bool cs_hex_read(const char *text, uint8_t *ret, size_t len);

/* SHA-256 */
UK_CHECKED enum cs_status cs_hash(struct uk_span bytes, uint8_t ret[CS_HASH_LEN]);
/* HMAC-SHA-256 */
UK_CHECKED enum cs_status cs_hmac(struct uk_span key, struct uk_span bytes,
				  uint8_t ret[CS_HASH_LEN]);
/* In a time that depends on the lengths only. */
bool cs_equal_secret(struct uk_span a, struct uk_span b);

#endif
