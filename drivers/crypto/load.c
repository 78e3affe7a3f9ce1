/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/crypto/load.h"

#include "common/log.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#define LIBRARY_NAME "libcrypto.so.3"

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
#define SYMBOL_ROW(name) {#name, offsetof(struct crypto_library, name)},
	CRYPTO_SYMBOLS(SYMBOL_ROW)
#undef SYMBOL_ROW
};

static const char *const digest_names[CRYPTO_HASH_COUNT] = {
	[CRYPTO_SHA1] = "SHA1",       [CRYPTO_SHA256] = "SHA2-256", [CRYPTO_SHA384] = "SHA2-384",
	[CRYPTO_SHA512] = "SHA2-512", [CRYPTO_SM3] = "SM3",
};

static const char *const cipher_names[CRYPTO_CIPHER_COUNT] = {
	[CRYPTO_SM4_ECB] = "SM4-ECB",
	[CRYPTO_SM4_CBC] = "SM4-CBC",
};

static pthread_once_t load_once = PTHREAD_ONCE_INIT;
static struct crypto_library library;
static bool library_ready;

/* Whether `name` is one of the colon-separated `names` of a provider's row. */
static bool
names_hold(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = names; at != NULL; at = strchr(at, ':')) {
		if (*at == ':')
			at++;
		if (strncmp(at, name, len) == 0 && (at[len] == ':' || at[len] == '\0'))
			return true;
	}
	return false;
}

static const OSSL_DISPATCH *
algorithm_find(const OSSL_ALGORITHM *table, const char *name)
{
	for (; table != NULL && table->algorithm_names != NULL; table++)
		if (names_hold(table->algorithm_names, name))
			return table->implementation;
	return NULL;
}

static void
digest_fill(struct crypto_digest_row *row, const OSSL_DISPATCH *fn)
{
	for (; fn != NULL && fn->function_id != 0; fn++) {
		switch (fn->function_id) {
		case OSSL_FUNC_DIGEST_NEWCTX:
			row->new_context = OSSL_FUNC_digest_newctx(fn);
			break;
		case OSSL_FUNC_DIGEST_FREECTX:
			row->free_context = OSSL_FUNC_digest_freectx(fn);
			break;
		case OSSL_FUNC_DIGEST_INIT:
			row->init = OSSL_FUNC_digest_init(fn);
			break;
		case OSSL_FUNC_DIGEST_UPDATE:
			row->update = OSSL_FUNC_digest_update(fn);
			break;
		case OSSL_FUNC_DIGEST_FINAL:
			row->final = OSSL_FUNC_digest_final(fn);
			break;
		default:
			break;
		}
	}
}

static void
cipher_fill(struct crypto_cipher_row *row, const OSSL_DISPATCH *fn)
{
	for (; fn != NULL && fn->function_id != 0; fn++) {
		switch (fn->function_id) {
		case OSSL_FUNC_CIPHER_NEWCTX:
			row->new_context = OSSL_FUNC_cipher_newctx(fn);
			break;
		case OSSL_FUNC_CIPHER_FREECTX:
			row->free_context = OSSL_FUNC_cipher_freectx(fn);
			break;
		case OSSL_FUNC_CIPHER_ENCRYPT_INIT:
			row->init = OSSL_FUNC_cipher_encrypt_init(fn);
			break;
		case OSSL_FUNC_CIPHER_UPDATE:
			row->update = OSSL_FUNC_cipher_update(fn);
			break;
		default:
			break;
		}
	}
}

static bool
symbols_resolve(void *handle)
{
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *symbol = dlsym(handle, symbols[i].name);

		if (symbol == NULL) {
			uk_error("crypto", LIBRARY_NAME " has no %s", symbols[i].name);
			return false;
		}
		memcpy((char *)&library + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return true;
}

static bool
provider_open(void)
{
	OSSL_PROVIDER *provider;
	const OSSL_ALGORITHM *digests;
	const OSSL_ALGORITHM *ciphers;
	int no_cache;

	library.context = library.OSSL_LIB_CTX_new();
	if (library.context == NULL)
		return false;
	provider = library.OSSL_PROVIDER_load(library.context, "default");
	if (provider == NULL) {
		library.OSSL_LIB_CTX_free(library.context);
		return false;
	}
	library.provider_context = library.OSSL_PROVIDER_get0_provider_ctx(provider);
	digests = library.OSSL_PROVIDER_query_operation(provider, OSSL_OP_DIGEST, &no_cache);
	ciphers = library.OSSL_PROVIDER_query_operation(provider, OSSL_OP_CIPHER, &no_cache);
	for (size_t i = 0; i < CRYPTO_HASH_COUNT; i++)
		digest_fill(&library.digests[i], algorithm_find(digests, digest_names[i]));
	for (size_t i = 0; i < CRYPTO_CIPHER_COUNT; i++)
		cipher_fill(&library.ciphers[i], algorithm_find(ciphers, cipher_names[i]));
	return true;
}

static void
library_open(void)
{
	void *handle = dlopen(LIBRARY_NAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (handle == NULL) {
		uk_error("crypto", "cannot load " LIBRARY_NAME);
		return;
	}
	if (!symbols_resolve(handle))
		return;
	CRYPTO_QUIET quiet = crypto_quiet(&library);
	library_ready = provider_open();
	if (!library_ready)
		uk_error("crypto", LIBRARY_NAME " has no default provider");
}

const struct crypto_library *
crypto_load(void)
{
	(void)pthread_once(&load_once, library_open);
	return library_ready ? &library : NULL;
}

struct crypto_quiet
crypto_quiet(const struct crypto_library *lib)
{
	(void)lib->ERR_set_mark();
	return (struct crypto_quiet){lib};
}

void
crypto_quiet_end(struct crypto_quiet *quiet)
{
	(void)quiet->lib->ERR_pop_to_mark();
}
