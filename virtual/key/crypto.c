/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/crypto.h"

#include "common/secret.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

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

bool
vk_digest(enum vk_hash hash, const struct uk_span *parts, size_t count, uint8_t *out)
{
	UK_CLEANUP(digest_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *md = hash == VK_SM3 ? EVP_sm3() : hash == VK_SHA1 ? EVP_sha1() : EVP_sha256();

	if (ctx == NULL || EVP_DigestInit_ex(ctx, md, NULL) != 1)
		return false;
	for (size_t i = 0; i < count; i++)
		if (EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) != 1)
			return false;
	return EVP_DigestFinal_ex(ctx, out, NULL) == 1;
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
