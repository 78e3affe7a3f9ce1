/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The provider as one OSSL_LIB_CTX has it: what it was given by OpenSSL's core, its settings, and
 * the tokens it has met.
 */
#ifndef OPENUKEY_PROVIDER_H
#define OPENUKEY_PROVIDER_H

#include "common/defs.h"

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/types.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

struct modules;
struct token;

struct provider {
	const OSSL_CORE_HANDLE *core;
	OSSL_FUNC_core_new_error_fn *new_error;
	OSSL_FUNC_core_set_error_debug_fn *set_error_debug;
	OSSL_FUNC_core_vset_error_fn *vset_error;

	/* Digests and public keys are OpenSSL's own, in a context that no configuration reaches. */
	OSSL_LIB_CTX *libctx;
	atomic_bool in_use; /* an address has been opened */
	char *module_path;  /* the setting "pkcs11-module"; NULL: p11-kit's list */

	pthread_mutex_t lock; /* of what follows; never held while a person is asked */
	pthread_cond_t login_over;
	_Atomic pid_t pid; /* whose the sessions are; 0 while a child makes itself at home */
	struct modules *modules;
	struct token *tokens;
};

/* Before the first PKCS #11 call of each job: a forked child has none of its parent's sessions. */
void provider_check_fork(struct provider *provider);

/* What the application asks for first: numbers and names of what is in here. */
extern const OSSL_ALGORITHM provider_keymgmts[];
extern const OSSL_ALGORITHM provider_signatures[];
extern const OSSL_ALGORITHM provider_stores[];

#endif
