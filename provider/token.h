/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A token in a slot, shared by the keys that were loaded from it. The login lasts as long as one of
 * them does; operations have sessions of their own, so that threads need not wait for each other.
 */
#ifndef OPENUKEY_PROVIDER_TOKEN_H
#define OPENUKEY_PROVIDER_TOKEN_H

#include "provider/pin.h"
#include "provider/provider.h"

#include <p11-kit/pkcs11.h>

struct token {
	struct token *next;
	struct provider *provider;
	CK_FUNCTION_LIST *module;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO info; /* as it was when it was met; flags are asked for anew */
	char name[TOKEN_NAME_SIZE];

	/* guarded by the provider's lock */
	unsigned refs;
	CK_SESSION_HANDLE anchor; /* keeps the login; CK_INVALID_HANDLE: none */
	bool login_busy;
	unsigned login_round; /* of logins that have ended */
	CK_RV login_rv;       /* how the last one did */
};

/* A reference to the token that `info` describes; NULL: out of memory, raised. */
struct token *token_get(struct provider *provider, CK_FUNCTION_LIST *module, CK_SLOT_ID slot,
			const CK_TOKEN_INFO *info);
struct token *token_ref(struct token *token);

/* The last reference ends the login. token may be NULL. */
void token_release(struct token *token);

/*
 * Logs in unless this process is, or the token needs none. One PIN is got from `pin` and used once;
 * a thread that comes meanwhile gets the same outcome. False: raised.
 */
bool token_login(struct token *token, const struct pin_source *pin);

/* A session for one operation; C_CloseSession ends it. CKR_ code, nothing raised. */
CK_RV token_session(struct token *token, CK_SESSION_HANDLE *ret_session);

/* In a forked child: no session and no login is left. */
void tokens_forget(struct provider *provider);

/* When the provider goes. */
void tokens_free(struct provider *provider);

#endif
