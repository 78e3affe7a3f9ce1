/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/unwrap.h"

#include "common/openukey.h"
#include "pkcs11/attr.h"
#include "pkcs11/issue.h"
#include "pkcs11/object.h"
#include "pkcs11/object_build.h"
#include "pkcs11/rv.h"

#include <string.h>

#define SM4_KEY_LEN 16
#define POINT_FORM  0x04

/* 04 || X || Y || C3 || C2 */
static bool
raw_read(struct uk_span in, struct token_wrapped_key *ret)
{
	struct uk_span x, y, c3;
	uint8_t form;

	if (!uk_take_u8(&in, &form) || form != POINT_FORM || !uk_take(&in, GM_SM2_LEN, &x) ||
	    !uk_take(&in, GM_SM2_LEN, &y) || !uk_take(&in, GM_SM3_LEN, &c3) ||
	    in.len != SM4_KEY_LEN)
		return false;
	memcpy(ret->c1x, x.ptr, GM_SM2_LEN);
	memcpy(ret->c1y, y.ptr, GM_SM2_LEN);
	memcpy(ret->c3, c3.ptr, GM_SM3_LEN);
	memcpy(ret->c2, in.ptr, in.len);
	ret->c2_len = in.len;
	return true;
}

static bool
der_read(struct uk_span der, struct token_wrapped_key *ret)
{
	struct crypto_sm2_cipher cipher;

	if (crypto_sm2_cipher_read(der, &cipher) != UK_OK || cipher.c2_len != SM4_KEY_LEN)
		return false;
	memcpy(ret->c1x, cipher.c1x, GM_SM2_LEN);
	memcpy(ret->c1y, cipher.c1y, GM_SM2_LEN);
	memcpy(ret->c3, cipher.c3, GM_SM3_LEN);
	memcpy(ret->c2, cipher.c2, cipher.c2_len);
	ret->c2_len = cipher.c2_len;
	return true;
}

static CK_RV
wrapped_read(const struct mech *mech, const struct object *key, struct uk_span wrapped,
	     struct token_wrapped_key *ret)
{
	*ret = (struct token_wrapped_key){.type = key->key.type};
	if (key->key.type == TOKEN_KEY_RSA) {
		ret->rsa = wrapped;
		return wrapped.len == key->key.bits / 8 ? CKR_OK : CKR_WRAPPED_KEY_LEN_RANGE;
	}
	if (mech->form == FORM_RAW ? raw_read(wrapped, ret) : der_read(wrapped, ret))
		return CKR_OK;
	return CKR_WRAPPED_KEY_INVALID;
}

/* Only SM4 keys that stay in the key: a template that wants it otherwise is refused. */
static CK_RV
template_check(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		CK_BBOOL value;
	} fixed[] = {{CKA_TOKEN, CK_FALSE}, {CKA_EXTRACTABLE, CK_FALSE}, {CKA_SENSITIVE, CK_TRUE}};
	CK_OBJECT_CLASS class_ = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_VENDOR_SM4;
	CK_ULONG len = SM4_KEY_LEN;

	(void)attr_find_ulong(template, count, CKA_CLASS, &class_);
	(void)attr_find_ulong(template, count, CKA_KEY_TYPE, &type);
	(void)attr_find_ulong(template, count, CKA_VALUE_LEN, &len);
	if (class_ != CKO_SECRET_KEY || type != CKK_VENDOR_SM4 || len != SM4_KEY_LEN)
		return CKR_TEMPLATE_INCONSISTENT;
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		struct uk_span value;

		if (attr_find_bytes(template, count, fixed[i].type, &value) &&
		    (value.len != sizeof(CK_BBOOL) || value.ptr[0] != fixed[i].value))
			return CKR_TEMPLATE_INCONSISTENT;
	}
	return CKR_OK;
}

static CK_RV
session_key_unwrap(struct session *session, const struct unwrap_request *request,
		   const struct mech *mech, const struct object *key, CK_OBJECT_HANDLE *ret)
{
	struct slot *slot = session->slot;
	struct uk_span label = {NULL, 0}, id = {NULL, 0};
	struct token_wrapped_key wrapped;
	struct token_session_key made;
	struct object *object;
	CK_RV rv;

	if (!key->unwraps)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	rv = template_check(request->template, request->count);
	if (rv == CKR_OK)
		rv = wrapped_read(mech, key, request->wrapped, &wrapped);
	if (rv != CKR_OK)
		return rv;
	rv = slot_rv(slot,
		     slot->token->ops->import_session_key(slot->token, uk_span_str(key->container),
							  GM_ALG_SM4_ECB, &wrapped, &made));
	if (rv != CKR_OK)
		return rv;
	(void)attr_find_bytes(request->template, request->count, CKA_LABEL, &label);
	(void)attr_find_bytes(request->template, request->count, CKA_ID, &id);
	object = object_of_session_key(&made, label, id);
	if (object == NULL) {
		(void)slot->token->ops->destroy_session_key(slot->token, &made);
		return CKR_HOST_MEMORY;
	}
	object->session = session->handle;
	*ret = object->handle;
	return object_add_session(slot, object);
}

/* The encryption pair itself; afterwards it is an object like the others. */
static CK_RV
envelope_unwrap(struct slot *slot, const struct unwrap_request *request, const struct object *key,
		CK_OBJECT_HANDLE *ret)
{
	char container[TOKEN_NAME_MAX];
	CK_RV rv;

	if (key->pair != TOKEN_SIGN)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	memcpy(container, key->container, sizeof(container));
	rv = issue_enveloped_key(slot, uk_span_str(container), request->wrapped);
	if (rv == CKR_OK)
		rv = objects_load(slot, OBJECTS_KEYS);
	if (rv != CKR_OK)
		return rv;
	for (const struct object *o = object_next(slot, NULL); o != NULL; o = object_next(slot, o))
		if (o->class_ == CKO_PRIVATE_KEY && o->pair == TOKEN_ENCRYPT &&
		    strcmp(o->container, container) == 0) {
			*ret = o->handle;
			return CKR_OK;
		}
	return CKR_DEVICE_ERROR;
}

CK_RV
unwrap_key(struct session *session, const struct unwrap_request *request, CK_OBJECT_HANDLE *ret)
{
	const struct mech *mech = mech_find(request->mechanism->mechanism);
	const struct object *key;

	if (mech == NULL || (mech->info.flags & CKF_UNWRAP) == 0)
		return CKR_MECHANISM_INVALID;
	if (session->slot->login != LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	key = object_find(session->slot, request->key);
	if (key == NULL || key->class_ != CKO_PRIVATE_KEY)
		return CKR_UNWRAPPING_KEY_HANDLE_INVALID;
	if ((enum mech_key)key->key.type != mech->key)
		return CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT;
	if (mech->type == CKM_OPENUKEY_SM2_ENVELOPED)
		return (session->flags & CKF_RW_SESSION) == 0
			       ? CKR_SESSION_READ_ONLY
			       : envelope_unwrap(session->slot, request, key, ret);
	return session_key_unwrap(session, request, mech, key, ret);
}
