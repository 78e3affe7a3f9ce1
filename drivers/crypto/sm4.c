/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/crypto/load.h"

#include "common/secret.h"

struct cipher {
	const struct crypto_cipher_row *row;
	void *context;
};

static void
cipher_stop(struct cipher *cipher)
{
	/* The provider wipes the key schedule as it frees it. */
	if (cipher->context != NULL)
		cipher->row->free_context(cipher->context);
	cipher->context = NULL;
}

/* iv: GM_BLOCK_LEN bytes, or NULL for ECB. Leaves a context in *cipher also on failure. */
static enum uk_status
cipher_start(struct cipher *cipher, enum crypto_cipher which, const uint8_t *key, const uint8_t *iv)
{
	const struct crypto_library *lib = crypto_load();

	if (lib == NULL)
		return UK_E_CRYPTO;
	CRYPTO_QUIET quiet = crypto_quiet(lib);
	cipher->row = &lib->ciphers[which];
	if (cipher->row->new_context == NULL || cipher->row->free_context == NULL ||
	    cipher->row->init == NULL || cipher->row->update == NULL)
		return UK_E_CRYPTO;
	cipher->context = cipher->row->new_context(lib->provider_context);
	if (cipher->context == NULL)
		return UK_E_MEMORY;
	return cipher->row->init(cipher->context, key, GM_BLOCK_LEN, iv, iv ? GM_BLOCK_LEN : 0,
				 NULL) == 1
		       ? UK_OK
		       : UK_E_CRYPTO;
}

/* One block; encryption never holds a block back, whatever the padding mode. */
static enum uk_status
cipher_block(struct cipher *cipher, const uint8_t *in, uint8_t *out)
{
	size_t len = 0;

	if (cipher->row->update(cipher->context, out, &len, GM_BLOCK_LEN, in, GM_BLOCK_LEN) != 1)
		return UK_E_CRYPTO;
	return len == GM_BLOCK_LEN ? UK_OK : UK_E_CRYPTO;
}

enum uk_status
crypto_sm4_ecb_encrypt(const uint8_t *key, struct uk_span in, uint8_t *out)
{
	UK_CLEANUP(cipher_stop) struct cipher cipher = {0};
	enum uk_status st;

	if (in.len % GM_BLOCK_LEN != 0)
		return UK_E_DATA_LEN;
	st = cipher_start(&cipher, CRYPTO_SM4_ECB, key, NULL);
	for (size_t at = 0; st == UK_OK && at < in.len; at += GM_BLOCK_LEN)
		st = cipher_block(&cipher, in.ptr + at, out + at);
	return st;
}

enum uk_status
crypto_sm4_cbc_mac(const uint8_t *key, const uint8_t *iv, struct uk_span in, uint8_t *out)
{
	UK_CLEANUP(cipher_stop) struct cipher cipher = {0};
	UK_SECRET block = {0};
	enum uk_status st;

	if (in.len == 0 || in.len % GM_BLOCK_LEN != 0)
		return UK_E_DATA_LEN;
	st = cipher_start(&cipher, CRYPTO_SM4_CBC, key, iv);
	for (size_t at = 0; st == UK_OK && at < in.len; at += GM_BLOCK_LEN)
		st = cipher_block(&cipher, in.ptr + at, block.bytes);
	if (st == UK_OK)
		memcpy(out, block.bytes, GM_BLOCK_LEN);
	return st;
}
