/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/token.h"

#include "common/secret.h"
#include "provider/module.h"
#include "provider/reason.h"

#include <stdlib.h>
#include <string.h>

static void
lock(struct provider *provider)
{
	(void)pthread_mutex_lock(&provider->lock);
}

static void
unlock(struct provider *provider)
{
	(void)pthread_mutex_unlock(&provider->lock);
}

static bool
is(const struct token *token, CK_FUNCTION_LIST *module, CK_SLOT_ID slot, const CK_TOKEN_INFO *info)
{
	return token->module == module && token->slot == slot &&
	       memcmp(token->info.serialNumber, info->serialNumber, sizeof(info->serialNumber)) ==
		       0 &&
	       memcmp(token->info.label, info->label, sizeof(info->label)) == 0;
}

static struct token *
token_new(struct provider *provider, CK_FUNCTION_LIST *module, CK_SLOT_ID slot,
	  const CK_TOKEN_INFO *info)
{
	struct token *token = calloc(1, sizeof(*token));

	if (token == NULL)
		return NULL;
	token->provider = provider;
	token->module = module;
	token->slot = slot;
	token->info = *info;
	token->anchor = CK_INVALID_HANDLE;
	pin_token_name(info, token->name);
	token->next = provider->tokens;
	provider->tokens = token;
	return token;
}

struct token *
token_get(struct provider *provider, CK_FUNCTION_LIST *module, CK_SLOT_ID slot,
	  const CK_TOKEN_INFO *info)
{
	struct token *token;

	lock(provider);
	for (token = provider->tokens; token != NULL; token = token->next)
		if (is(token, module, slot, info))
			break;
	if (token == NULL)
		token = token_new(provider, module, slot, info);
	if (token != NULL)
		token->refs++;
	unlock(provider);
	if (token == NULL)
		raise_error(provider, REASON_MEMORY, "token");
	return token;
}

struct token *
token_ref(struct token *token)
{
	provider_check_fork(token->provider);
	lock(token->provider);
	token->refs++;
	unlock(token->provider);
	return token;
}

static void
token_unlink(struct token *token)
{
	struct token **at = &token->provider->tokens;

	while (*at != NULL && *at != token)
		at = &(*at)->next;
	if (*at == token)
		*at = token->next;
}

/* Closing the last session of a process is what ends its login. */
static void
token_free(struct token *token)
{
	if (token->anchor != CK_INVALID_HANDLE && !modules_are_gone())
		(void)token->module->C_CloseSession(token->anchor);
	free(token);
}

void
token_release(struct token *token)
{
	struct provider *provider;
	bool last;

	if (token == NULL)
		return;
	provider = token->provider;
	provider_check_fork(provider);
	lock(provider);
	last = --token->refs == 0;
	if (last)
		token_unlink(token);
	unlock(provider);
	if (last)
		token_free(token);
}

void
tokens_forget(struct provider *provider)
{
	for (struct token *token = provider->tokens; token != NULL; token = token->next) {
		token->anchor = CK_INVALID_HANDLE;
		token->login_busy = false;
	}
}

void
tokens_free(struct provider *provider)
{
	provider_check_fork(provider);
	while (provider->tokens != NULL) {
		struct token *token = provider->tokens;

		provider->tokens = token->next;
		token_free(token);
	}
}

CK_RV
token_session(struct token *token, CK_SESSION_HANDLE *ret_session)
{
	return token->module->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL, NULL,
					    ret_session);
}

static bool
logged_in(const struct token *token, CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO info = {0};

	return token->module->C_GetSessionInfo(session, &info) == CKR_OK &&
	       (info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS);
}

/* Sends what was typed, once. */
static CK_RV
verify(const struct token *token, CK_SESSION_HANDLE session, const struct pin_source *source,
       CK_FLAGS flags)
{
	UK_SECRET pin = {0};
	CK_RV rv;

	if ((flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0)
		rv = token->module->C_Login(session, CKU_USER, NULL, 0);
	else if (!pin_get(token, source, flags, &pin))
		return PIN_NOT_GOT;
	else
		rv = token->module->C_Login(session, CKU_USER, pin.bytes, pin.len);
	if (rv == CKR_USER_ALREADY_LOGGED_IN)
		return CKR_OK;
	if (rv != CKR_OK)
		pin_raise(token, rv);
	return rv;
}

/* What fails is raised. */
static CK_RV
login(const struct token *token, CK_SESSION_HANDLE *anchor, const struct pin_source *source)
{
	CK_TOKEN_INFO info = {0};
	CK_RV rv = CKR_OK;

	if (*anchor != CK_INVALID_HANDLE && logged_in(token, *anchor))
		return CKR_OK;
	if (*anchor != CK_INVALID_HANDLE)
		(void)token->module->C_CloseSession(*anchor);
	*anchor = CK_INVALID_HANDLE;
	rv = token->module->C_GetTokenInfo(token->slot, &info);
	if (rv == CKR_OK)
		rv = token->module->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL, NULL,
						  anchor);
	if (rv != CKR_OK) {
		raise_rv(token->provider, rv, token->name);
		return rv;
	}
	if ((info.flags & CKF_LOGIN_REQUIRED) == 0 || logged_in(token, *anchor))
		return CKR_OK;
	rv = verify(token, *anchor, source, info.flags);
	if (rv != CKR_OK) {
		(void)token->module->C_CloseSession(*anchor);
		*anchor = CK_INVALID_HANDLE;
	}
	return rv;
}

bool
token_login(struct token *token, const struct pin_source *source)
{
	struct provider *provider = token->provider;
	CK_SESSION_HANDLE anchor;
	unsigned round;
	CK_RV rv;

	provider_check_fork(provider);
	lock(provider);
	round = token->login_round;
	while (token->login_busy)
		(void)pthread_cond_wait(&provider->login_over, &provider->lock);
	/* Somebody else's PIN was refused meanwhile: the same one must not be sent again. */
	if (round != token->login_round && token->login_rv != CKR_OK) {
		rv = token->login_rv;
		unlock(provider);
		pin_raise(token, rv);
		return false;
	}
	token->login_busy = true;
	anchor = token->anchor;
	unlock(provider);

	rv = login(token, &anchor, source);

	lock(provider);
	token->anchor = anchor;
	token->login_busy = false;
	token->login_round++;
	token->login_rv = rv;
	(void)pthread_cond_broadcast(&provider->login_over);
	unlock(provider);
	return rv == CKR_OK;
}
