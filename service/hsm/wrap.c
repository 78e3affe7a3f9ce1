/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that leave the HSM once, wrapped, while they are being made. */
#include "service/hsm/inside.h"

#include "common/secret.h"

#include <string.h>

#define MASTER_LEN 32

/* The wrapping key, for this session only. The caller destroys it. */
static enum cs_status
kek_put(struct cs_hsm *hsm, const uint8_t kek[CS_HSM_KEK_LEN], CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
	CK_KEY_TYPE aes = CKK_AES;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	uint8_t value[CS_HSM_KEK_LEN];
	CK_ATTRIBUTE made[] = {
		cs_hsm_attribute(CKA_CLASS, &secret, sizeof(secret)),
		cs_hsm_attribute(CKA_KEY_TYPE, &aes, sizeof(aes)),
		cs_hsm_attribute(CKA_VALUE, value, sizeof(value)),
		cs_hsm_attribute(CKA_TOKEN, &no, sizeof(no)),
		cs_hsm_attribute(CKA_PRIVATE, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_SENSITIVE, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_EXTRACTABLE, &no, sizeof(no)),
		cs_hsm_attribute(CKA_WRAP, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_UNWRAP, &yes, sizeof(yes)),
	};
	CK_RV rv;

	memcpy(value, kek, sizeof(value));
	rv = hsm->p11->C_CreateObject(hsm->session, made, ARRAY_SIZE(made), ret);
	uk_wipe(value, sizeof(value));
	return rv == CKR_OK ? CS_OK : CS_E_CRYPTO;
}

/* A new secret, in this session only, that can be wrapped but not read. */
static enum cs_status
draft_make(struct cs_hsm *hsm, CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM mechanism = {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG len = MASTER_LEN;
	CK_ATTRIBUTE made[] = {
		cs_hsm_attribute(CKA_TOKEN, &no, sizeof(no)),
		cs_hsm_attribute(CKA_PRIVATE, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_SENSITIVE, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_EXTRACTABLE, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_SIGN, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_VALUE_LEN, &len, sizeof(len)),
	};

	return hsm->p11->C_GenerateKey(hsm->session, &mechanism, made, ARRAY_SIZE(made), ret) ==
			       CKR_OK
		       ? CS_OK
		       : CS_E_CRYPTO;
}

static enum cs_status
wrap_one(struct cs_hsm *hsm, CK_OBJECT_HANDLE draft, const uint8_t kek[CS_HSM_KEK_LEN],
	 uint8_t ret[CS_HSM_WRAPPED_LEN])
{
	CK_MECHANISM mechanism = {CKM_AES_KEY_WRAP, NULL, 0};
	CK_OBJECT_HANDLE wrapping;
	uint8_t wrapped[CS_HSM_WRAPPED_LEN];
	CK_ULONG len = sizeof(wrapped);
	CK_RV rv;
	enum cs_status st = kek_put(hsm, kek, &wrapping);

	if (st != CS_OK)
		return st;
	rv = hsm->p11->C_WrapKey(hsm->session, &mechanism, wrapping, draft, wrapped, &len);
	(void)hsm->p11->C_DestroyObject(hsm->session, wrapping);
	if (rv != CKR_OK || len != sizeof(wrapped))
		return CS_E_CRYPTO;
	memcpy(ret, wrapped, sizeof(wrapped));
	return CS_OK;
}

enum cs_status
cs_hsm_draft(struct cs_hsm *hsm, const uint8_t (*keks)[CS_HSM_KEK_LEN], size_t keks_len,
	     uint8_t (*ret_wrapped)[CS_HSM_WRAPPED_LEN])
{
	CK_OBJECT_HANDLE draft;
	enum cs_status st = draft_make(hsm, &draft);

	if (st != CS_OK)
		return st;
	for (size_t i = 0; i < keks_len && st == CS_OK; i++)
		st = wrap_one(hsm, draft, keks[i], ret_wrapped[i]);
	(void)hsm->p11->C_DestroyObject(hsm->session, draft);
	return st;
}

enum cs_status
cs_hsm_install(struct cs_hsm *hsm, const char *label, const uint8_t kek[CS_HSM_KEK_LEN],
	       const uint8_t wrapped[CS_HSM_WRAPPED_LEN])
{
	CK_MECHANISM mechanism = {CKM_AES_KEY_WRAP, NULL, 0};
	CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
	CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_HANDLE wrapping, key;
	uint8_t bytes[CS_HSM_WRAPPED_LEN];
	char name[CS_HSM_LABEL];
	CK_RV rv;
	enum cs_status st = cs_hsm_find(hsm, CKO_SECRET_KEY, label, &key);

	if (st != CS_E_NOT_FOUND)
		return st == CS_OK ? CS_E_EXISTS : st;
	st = kek_put(hsm, kek, &wrapping);
	if (st != CS_OK)
		return st;
	memcpy(name, label, strlen(label) + 1);
	memcpy(bytes, wrapped, sizeof(bytes));
	CK_ATTRIBUTE made[] = {
		cs_hsm_attribute(CKA_CLASS, &secret, sizeof(secret)),
		cs_hsm_attribute(CKA_KEY_TYPE, &generic, sizeof(generic)),
		cs_hsm_attribute(CKA_LABEL, name, strlen(name)),
		cs_hsm_attribute(CKA_ID, name, strlen(name)),
		cs_hsm_attribute(CKA_TOKEN, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_PRIVATE, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_SENSITIVE, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_EXTRACTABLE, &no, sizeof(no)),
		cs_hsm_attribute(CKA_SIGN, &yes, sizeof(yes)),
	};
	rv = hsm->p11->C_UnwrapKey(hsm->session, &mechanism, wrapping, bytes, sizeof(bytes), made,
				   ARRAY_SIZE(made), &key);
	(void)hsm->p11->C_DestroyObject(hsm->session, wrapping);
	return rv == CKR_OK ? CS_OK : CS_E_PROOF;
}
