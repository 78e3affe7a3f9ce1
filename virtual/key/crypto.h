/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key's own libcrypto calls for hashes, SM4 and random; shared with nothing in drivers/. */
#ifndef VK_CRYPTO_H
#define VK_CRYPTO_H

#include "common/bytes.h"
#include "common/gm.h"

enum vk_hash { VK_SM3, VK_SHA1, VK_SHA256 };

#define VK_HASH_MAX 32

UK_CHECKED bool vk_random(uint8_t *out, size_t len);

/* The hash of the parts one after another: 32 bytes, 20 for SHA-1. */
UK_CHECKED bool vk_digest(enum vk_hash hash, const struct uk_span *parts, size_t count,
			  uint8_t *out);

enum vk_direction { VK_DECRYPT, VK_ENCRYPT };

/* SM4-ECB without padding; in.len is a multiple of 16; out has room for as much. */
UK_CHECKED bool vk_sm4_ecb(const uint8_t key[GM_BLOCK_LEN], enum vk_direction direction,
			   struct uk_span in, uint8_t *out);

/* SM4-CBC-MAC over whole blocks: the first 4 bytes of the last one (gm-keys 2.5 rule 5). */
UK_CHECKED bool vk_sm4_mac(const uint8_t key[GM_BLOCK_LEN], const uint8_t iv[GM_BLOCK_LEN],
			   struct uk_span message, uint8_t mac[GM_MAC_LEN]);

/* Compares in a time that says nothing about the bytes. */
bool vk_same(const void *a, const void *b, size_t len);

#endif
