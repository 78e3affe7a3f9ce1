/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/crypto.h"

#include "common/secret.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

static void
cipher_free(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static void
digest_free(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

bool
vk_random(uint8_t *out, size_t len)
{
	return len <= INT_MAX && RAND_bytes(out, (int)len) == 1;
}

struct vk_hash_run {
	EVP_MD_CTX *ctx;
	enum vk_hash hash;
};

static const EVP_MD *
find_md(enum vk_hash hash)
{
	return hash == VK_SM3 ? EVP_sm3() : hash == VK_SHA1 ? EVP_sha1() : EVP_sha256();
}

bool
vk_digest(enum vk_hash hash, const struct uk_span *parts, size_t count, uint8_t *out)
{
	UK_CLEANUP(digest_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL || EVP_DigestInit_ex(ctx, find_md(hash), NULL) != 1)
		return false;
	for (size_t i = 0; i < count; i++)
		if (EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) != 1)
			return false;
	return EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

struct vk_hash_run *
vk_hash_new(enum vk_hash hash)
{
	struct vk_hash_run *run = calloc(1, sizeof(*run));

	if (run == NULL)
		return NULL;
	run->hash = hash;
	run->ctx = EVP_MD_CTX_new();
	if (run->ctx != NULL && EVP_DigestInit_ex(run->ctx, find_md(hash), NULL) == 1)
		return run;
	vk_hash_free(run);
	return NULL;
}

bool
vk_hash_add(struct vk_hash_run *run, struct uk_span part)
{
	return EVP_DigestUpdate(run->ctx, part.ptr, part.len) == 1;
}

bool
vk_hash_end(struct vk_hash_run *run, struct uk_writer *out)
{
	uint8_t hash[VK_HASH_MAX];

	if (EVP_DigestFinal_ex(run->ctx, hash, NULL) != 1)
		return false;
	uk_put(out, uk_span_of(hash, vk_hash_len(run->hash)));
	return !out->overflow;
}

void
vk_hash_free(struct vk_hash_run *run)
{
	if (run == NULL)
		return;
	EVP_MD_CTX_free(run->ctx);
	free(run);
}

static bool
run_cipher(EVP_CIPHER_CTX *ctx, struct uk_span in, uint8_t *out)
{
	int len = 0;

	return in.len > 0 && in.len % GM_BLOCK_LEN == 0 && in.len <= INT_MAX &&
	       EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	       EVP_CipherUpdate(ctx, out, &len, in.ptr, (int)in.len) == 1 && (size_t)len == in.len;
}

bool
vk_sm4_ecb(const uint8_t key[GM_BLOCK_LEN], enum vk_direction direction, struct uk_span in,
	   uint8_t *out)
{
	UK_CLEANUP(cipher_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	return ctx != NULL &&
	       EVP_CipherInit_ex(ctx, EVP_sm4_ecb(), NULL, key, NULL, direction == VK_ENCRYPT) ==
		       1 &&
	       run_cipher(ctx, in, out);
}

bool
vk_sm4_cbc(const uint8_t key[GM_BLOCK_LEN], enum vk_direction direction,
	   uint8_t chain[GM_BLOCK_LEN], struct uk_span in, uint8_t *out)
{
	UK_CLEANUP(cipher_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const uint8_t *last = direction == VK_ENCRYPT ? out : in.ptr;

	if (ctx == NULL ||
	    EVP_CipherInit_ex(ctx, EVP_sm4_cbc(), NULL, key, chain, direction == VK_ENCRYPT) != 1 ||
	    !run_cipher(ctx, in, out))
		return false;
	memcpy(chain, last + in.len - GM_BLOCK_LEN, GM_BLOCK_LEN);
	return true;
}

bool
vk_sm4_mac(const uint8_t key[GM_BLOCK_LEN], const uint8_t iv[GM_BLOCK_LEN], struct uk_span message,
	   uint8_t mac[GM_MAC_LEN])
{
	UK_CLEANUP(cipher_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t block[GM_BLOCK_LEN];
	struct uk_span part;

	if (ctx == NULL || message.len == 0 || message.len % GM_BLOCK_LEN != 0 ||
	    EVP_EncryptInit_ex(ctx, EVP_sm4_cbc(), NULL, key, iv) != 1)
		return false;
	while (uk_take(&message, GM_BLOCK_LEN, &part))
		if (!run_cipher(ctx, part, block))
			return false;
	memcpy(mac, block, GM_MAC_LEN);
	return true;
}

bool
vk_same(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
