/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Coming and going, settings, and the list of what is in here. */
#include "provider/provider.h"

#include "provider/module.h"
#include "provider/reason.h"
#include "provider/token.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const OSSL_PARAM *
gettable_params(void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, NULL, 0),
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, NULL, 0),
		OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, NULL),
		OSSL_PARAM_END,
	};

	return params;
}

static int
get_params(void *provctx, OSSL_PARAM params[])
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_NAME);

	if (p != NULL && !OSSL_PARAM_set_utf8_ptr(p, "OpenUKey: keys of Chinese CAs"))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_VERSION);
	if (p != NULL && !OSSL_PARAM_set_utf8_ptr(p, OPENUKEY_VERSION))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
	return p == NULL || OSSL_PARAM_set_int(p, 1);
}

/*
 * Until an address is opened there is nothing here for RSA and SM2: of two providers OpenSSL takes
 * the one that was activated first, and whoever uses no key in a token must not get ours for his
 * own. That answer is not to be remembered.
 */
static const OSSL_ALGORITHM *
query_operation(void *provctx, int operation, int *no_cache)
{
	const struct provider *provider = provctx;
	bool in_use = atomic_load(&provider->in_use);

	*no_cache = !in_use && operation != OSSL_OP_STORE;
	switch (operation) {
	case OSSL_OP_KEYMGMT:
		return in_use ? provider_keymgmts : NULL;
	case OSSL_OP_SIGNATURE:
		return in_use ? provider_signatures : NULL;
	case OSSL_OP_STORE:
		return provider_stores;
	default:
		return NULL;
	}
}

static const OSSL_ITEM *
get_reason_strings(void *provctx)
{
	return reason_strings;
}

static void
provider_free(struct provider *provider)
{
	if (provider == NULL)
		return;
	tokens_free(provider);
	modules_free(provider->modules);
	(void)pthread_cond_destroy(&provider->login_over);
	(void)pthread_mutex_destroy(&provider->lock);
	OSSL_LIB_CTX_free(provider->libctx);
	free(provider->module_path);
	free(provider);
}

static void
teardown(void *provctx)
{
	provider_free(provctx);
}

void
provider_check_fork(struct provider *provider)
{
	pid_t self = getpid();
	pid_t before = atomic_load(&provider->pid);

	while (before != self) {
		if (before != 0 && atomic_compare_exchange_strong(&provider->pid, &before, 0)) {
			/* Whoever held it in the parent is not here to let go of it. */
			(void)pthread_mutex_init(&provider->lock, NULL);
			(void)pthread_cond_init(&provider->login_over, NULL);
			tokens_forget(provider);
			modules_forget(provider->modules);
			atomic_store(&provider->pid, self);
			return;
		}
		(void)sched_yield();
		before = atomic_load(&provider->pid);
	}
}

static const OSSL_DISPATCH functions[] = {
	{OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown},
	{OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))gettable_params},
	{OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))get_params},
	{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query_operation},
	{OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, (void (*)(void))get_reason_strings},
	{0, NULL},
};

/* The setting "pkcs11-module" of the provider's section in openssl.cnf. */
static bool
settings_read(struct provider *provider, OSSL_FUNC_core_get_params_fn *core_get_params)
{
	char *path = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_ptr("pkcs11-module", &path, 0),
		OSSL_PARAM_construct_end(),
	};

	if (core_get_params != NULL && core_get_params(provider->core, params) == 1 &&
	    path != NULL && *path != '\0') {
		provider->module_path = strdup(path);
		return provider->module_path != NULL;
	}
	return true;
}

static OSSL_FUNC_core_get_params_fn *
core_take(struct provider *provider, const OSSL_DISPATCH *in)
{
	OSSL_FUNC_core_get_params_fn *core_get_params = NULL;

	for (; in->function_id != 0; in++) {
		if (in->function_id == OSSL_FUNC_CORE_GET_PARAMS)
			core_get_params = OSSL_FUNC_core_get_params(in);
		else if (in->function_id == OSSL_FUNC_CORE_NEW_ERROR)
			provider->new_error = OSSL_FUNC_core_new_error(in);
		else if (in->function_id == OSSL_FUNC_CORE_SET_ERROR_DEBUG)
			provider->set_error_debug = OSSL_FUNC_core_set_error_debug(in);
		else if (in->function_id == OSSL_FUNC_CORE_VSET_ERROR)
			provider->vset_error = OSSL_FUNC_core_vset_error(in);
	}
	return core_get_params;
}

/*
 * Nothing is loaded here, least of all a PKCS #11 module: this may run in the midst of libcrypto's
 * own beginning, which a module that uses libcrypto would wait for.
 */
UK_EXPORT int
OSSL_provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
		   void **provctx)
{
	struct provider *provider = calloc(1, sizeof(*provider));
	OSSL_FUNC_core_get_params_fn *core_get_params;

	if (provider == NULL)
		return 0;
	provider->core = core;
	(void)pthread_mutex_init(&provider->lock, NULL);
	(void)pthread_cond_init(&provider->login_over, NULL);
	atomic_store(&provider->pid, getpid());
	core_get_params = core_take(provider, in);
	provider->libctx = OSSL_LIB_CTX_new();
	if (provider->libctx == NULL || provider->new_error == NULL ||
	    provider->set_error_debug == NULL || provider->vset_error == NULL ||
	    !settings_read(provider, core_get_params)) {
		provider_free(provider);
		return 0;
	}
	*out = functions;
	*provctx = provider;
	return 1;
}
