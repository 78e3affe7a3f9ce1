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

static inline size_t
vk_hash_len(enum vk_hash hash)
{
	return hash == VK_SHA1 ? 20 : VK_HASH_MAX;
}

/* A hash of what comes bit by bit. NULL without memory. */
struct vk_hash_run;
struct vk_hash_run *vk_hash_new(enum vk_hash hash);
UK_CHECKED bool vk_hash_add(struct vk_hash_run *run, struct uk_span part);
/* Writes the hash; the run can only be freed then. */
UK_CHECKED bool vk_hash_end(struct vk_hash_run *run, struct uk_writer *out);
void vk_hash_free(struct vk_hash_run *run);

enum vk_direction { VK_DECRYPT, VK_ENCRYPT };

/* SM4-ECB without padding; in.len is a multiple of 16; out has room for as much. */
UK_CHECKED bool vk_sm4_ecb(const uint8_t key[GM_BLOCK_LEN], enum vk_direction direction,
			   struct uk_span in, uint8_t *out);

/* The same in CBC; chain is the IV, and then the next part's. */
UK_CHECKED bool vk_sm4_cbc(const uint8_t key[GM_BLOCK_LEN], enum vk_direction direction,
			   uint8_t chain[GM_BLOCK_LEN], struct uk_span in, uint8_t *out);

/* SM4-CBC-MAC over whole blocks: the first 4 bytes of the last one (gm-keys 2.5 rule 5). */
UK_CHECKED bool vk_sm4_mac(const uint8_t key[GM_BLOCK_LEN], const uint8_t iv[GM_BLOCK_LEN],
			   struct uk_span message, uint8_t mac[GM_MAC_LEN]);

/* Compares in a time that says nothing about the bytes. */
bool vk_same(const void *a, const void *b, size_t len);

#endif
