/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/key.h"

#include "provider/module.h"
#include "provider/public.h"
#include "provider/reason.h"
#include "provider/token.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static CK_RV
find_one(const struct token *token, CK_SESSION_HANDLE session, CK_ATTRIBUTE *template,
	 CK_ULONG count, CK_OBJECT_HANDLE *ret_object)
{
	CK_OBJECT_HANDLE objects[2];
	CK_ULONG found = 0;
	CK_RV rv = token->module->C_FindObjectsInit(session, template, count);

	if (rv != CKR_OK)
		return rv;
	rv = token->module->C_FindObjects(session, objects, ARRAY_SIZE(objects), &found);
	(void)token->module->C_FindObjectsFinal(session);
	if (rv != CKR_OK)
		return rv;
	/* Two with one id: whichever is taken could be the wrong one. */
	if (found != 1)
		return CKR_OBJECT_HANDLE_INVALID;
	*ret_object = objects[0];
	return CKR_OK;
}

/* What has the same CKA_ID in the token */
static EVP_PKEY *
public_of_companion(const struct token *token, CK_SESSION_HANDLE session, struct key *key,
		    CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_ID, key->id, key->id_len}};
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

	if (find_one(token, session, template, ARRAY_SIZE(template), &object) != CKR_OK)
		return NULL;
	return class == CKO_CERTIFICATE ? public_of_certificate(token, session, object)
					: public_of_object(token, session, object);
}

static EVP_PKEY *
public_read(const struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	    struct key *key)
{
	EVP_PKEY *pub = public_of_object(token, session, object);

	if (pub == NULL)
		pub = public_of_companion(token, session, key, CKO_PUBLIC_KEY);
	if (pub == NULL)
		pub = public_of_companion(token, session, key, CKO_CERTIFICATE);
	return pub;
}

struct key *
key_new(struct provider *provider)
{
	struct key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		return NULL;
	atomic_init(&key->refs, 1);
	key->provider = provider;
	return key;
}

static bool
key_fill(struct key *key, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	struct token *token = key->token;
	CK_ATTRIBUTE attrs[] = {{CKA_KEY_TYPE, &key->type, sizeof(key->type)},
				{CKA_ID, key->id, sizeof(key->id)}};
	CK_RV rv = token->module->C_GetAttributeValue(session, object, attrs, ARRAY_SIZE(attrs));

	if (rv != CKR_OK || attrs[1].ulValueLen > sizeof(key->id)) {
		raise_rv(token->provider, rv, token->name);
		return false;
	}
	key->id_len = attrs[1].ulValueLen;
	key->pub = public_read(token, session, object, key);
	if (key->pub == NULL) {
		raise_error(token->provider, REASON_PUBLIC_PART, "%s", token->name);
		return false;
	}
	if (key_type_name(key) == NULL) {
		raise_error(token->provider, REASON_KEY_TYPE, "%s", token->name);
		return false;
	}
	return true;
}

struct key *
key_load(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	struct key *key = key_new(token->provider);

	if (key == NULL) {
		raise_error(token->provider, REASON_MEMORY, "%s", token->name);
		return NULL;
	}
	key->token = token_ref(token);
	if (!key_fill(key, session, object)) {
		key_release(key);
		return NULL;
	}
	return key;
}

struct key *
key_ref(struct key *key)
{
	atomic_fetch_add(&key->refs, 1);
	return key;
}

void
key_release(struct key *key)
{
	if (key == NULL || atomic_fetch_sub(&key->refs, 1) != 1)
		return;
	EVP_PKEY_free(key->pub);
	token_release(key->token);
	free(key);
}

const char *
key_type_name(const struct key *key)
{
	if (key->pub == NULL)
		return NULL;
	return EVP_PKEY_is_a(key->pub, "SM2")   ? "SM2"
	       : EVP_PKEY_is_a(key->pub, "RSA") ? "RSA"
						: NULL;
}

static CK_RV
sign_in(const struct key *key, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	struct uk_span in, uint8_t *sig, CK_ULONG *sig_len)
{
	CK_FUNCTION_LIST *module = key->token->module;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = key->type;
	uint8_t id[KEY_ID_MAX];
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_KEY_TYPE, &type, sizeof(type)},
				   {CKA_ID, id, key->id_len}};
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_SESSION_INFO info = {0};
	CK_RV rv;

	memcpy(id, key->id, key->id_len);
	rv = find_one(key->token, session, template, ARRAY_SIZE(template), &object);
	/* Private keys are hidden from who is not logged in. */
	if (rv == CKR_OBJECT_HANDLE_INVALID && (key->token->info.flags & CKF_LOGIN_REQUIRED) != 0 &&
	    module->C_GetSessionInfo(session, &info) == CKR_OK &&
	    info.state == CKS_RO_PUBLIC_SESSION)
		return CKR_USER_NOT_LOGGED_IN;
	if (rv == CKR_OK)
		rv = module->C_SignInit(session, mechanism, object);
	if (rv == CKR_OK)
		rv = module->C_Sign(session, (CK_BYTE *)(uintptr_t)in.ptr, in.len, sig, sig_len);
	return rv;
}

size_t
key_sign(const struct key *key, CK_MECHANISM *mechanism, struct uk_span in, uint8_t *sig,
	 size_t size)
{
	struct token *token = key->token;
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	CK_ULONG sig_len = size;
	CK_RV rv;

	/* A forked child gets the modules started here, and is then told that it must log in. */
	if (modules_get(key->provider) == NULL)
		return 0;
	rv = token_session(token, &session);
	if (rv == CKR_OK) {
		rv = sign_in(key, session, mechanism, in, sig, &sig_len);
		(void)token->module->C_CloseSession(session);
	}
	if (rv != CKR_OK || sig_len == 0 || sig_len > size) {
		raise_rv(token->provider, rv, token->name);
		return 0;
	}
	return sig_len;
}
