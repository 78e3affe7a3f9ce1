/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/crypto/load.h"

#include <stdlib.h>

struct crypto_digest {
	const struct crypto_digest_row *row;
	void *context;
	size_t len;
};

static const size_t hash_lens[CRYPTO_HASH_COUNT] = {
	[CRYPTO_SHA1] = 20,   [CRYPTO_SHA256] = 32, [CRYPTO_SHA384] = 48,
	[CRYPTO_SHA512] = 64, [CRYPTO_SM3] = 32,
};

size_t
crypto_hash_len(enum crypto_hash hash)
{
	return (unsigned int)hash < CRYPTO_HASH_COUNT ? hash_lens[hash] : 0;
}

static bool
row_complete(const struct crypto_digest_row *row)
{
	return row->new_context != NULL && row->free_context != NULL && row->init != NULL &&
	       row->update != NULL && row->final != NULL;
}

/* Fills *digest, whose context then is the caller's to free. */
static enum uk_status
digest_start(enum crypto_hash hash, struct crypto_digest *digest)
{
	const struct crypto_library *lib = crypto_load();

	if ((unsigned int)hash >= CRYPTO_HASH_COUNT)
		return UK_E_ARGUMENTS;
	if (lib == NULL)
		return UK_E_CRYPTO;
	CRYPTO_QUIET quiet = crypto_quiet(lib);
	digest->row = &lib->digests[hash];
	digest->len = hash_lens[hash];
	if (!row_complete(digest->row))
		return UK_E_CRYPTO;
	digest->context = digest->row->new_context(lib->provider_context);
	if (digest->context == NULL)
		return UK_E_MEMORY;
	if (digest->row->init(digest->context, NULL) == 1)
		return UK_OK;
	digest->row->free_context(digest->context);
	digest->context = NULL;
	return UK_E_CRYPTO;
}

static void
digest_stop(struct crypto_digest *digest)
{
	/* The provider wipes its state as it frees it. */
	if (digest->context != NULL)
		digest->row->free_context(digest->context);
	digest->context = NULL;
}

enum uk_status
crypto_digest_new(enum crypto_hash hash, struct crypto_digest **ret)
{
	struct crypto_digest *digest = calloc(1, sizeof(*digest));
	enum uk_status st;

	if (digest == NULL)
		return UK_E_MEMORY;
	st = digest_start(hash, digest);
	if (st != UK_OK) {
		free(digest);
		return st;
	}
	*ret = digest;
	return UK_OK;
}

enum uk_status
crypto_digest_update(struct crypto_digest *digest, struct uk_span data)
{
	if (data.len == 0)
		return UK_OK;
	return digest->row->update(digest->context, data.ptr, data.len) == 1 ? UK_OK : UK_E_CRYPTO;
}

enum uk_status
crypto_digest_final(struct crypto_digest *digest, uint8_t *out)
{
	size_t len = 0;

	if (digest->row->final(digest->context, out, &len, digest->len) != 1)
		return UK_E_CRYPTO;
	return len == digest->len ? UK_OK : UK_E_CRYPTO;
}

void
crypto_digest_free(struct crypto_digest *digest)
{
	if (digest == NULL)
		return;
	digest_stop(digest);
	free(digest);
}

enum uk_status
crypto_hash(enum crypto_hash hash, struct uk_span data, uint8_t *out)
{
	UK_CLEANUP(digest_stop) struct crypto_digest digest = {0};
	enum uk_status st = digest_start(hash, &digest);

	if (st == UK_OK)
		st = crypto_digest_update(&digest, data);
	if (st == UK_OK)
		st = crypto_digest_final(&digest, out);
	return st;
}
