/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/hsm/inside.h"

#include "common/secret.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX  64
#define MASTER_LEN 32

void
cs_hsm_close(struct cs_hsm *hsm)
{
	if (hsm == NULL)
		return;
	if (hsm->started)
		(void)hsm->p11->C_Finalize(NULL);
	if (hsm->library != NULL)
		(void)dlclose(hsm->library);
	free(hsm);
}

static enum cs_status
library_open(struct cs_hsm *hsm, const char *module)
{
	union {
		void *symbol;
		CK_RV (*function)(CK_FUNCTION_LIST **list);
	} get;
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

	hsm->library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
	if (hsm->library == NULL)
		return CS_E_UNAVAILABLE;
	get.symbol = dlsym(hsm->library, "C_GetFunctionList");
	if (get.symbol == NULL || get.function(&hsm->p11) != CKR_OK ||
	    hsm->p11->C_Initialize(&args) != CKR_OK)
		return CS_E_UNAVAILABLE;
	hsm->started = true;
	return CS_OK;
}

/* Labels are padded with blanks. */
static bool
label_is(const CK_TOKEN_INFO *info, const char *label)
{
	size_t len = strlen(label);

	if (len > sizeof(info->label) || memcmp(info->label, label, len) != 0)
		return false;
	for (size_t i = len; i < sizeof(info->label); i++)
		if (info->label[i] != ' ')
			return false;
	return true;
}

static enum cs_status
token_find(const struct cs_hsm *hsm, const char *token, CK_SLOT_ID *ret)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG count = SLOTS_MAX;

	if (hsm->p11->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
		return CS_E_UNAVAILABLE;
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;

		if (hsm->p11->C_GetTokenInfo(slots[i], &info) == CKR_OK && label_is(&info, token)) {
			*ret = slots[i];
			return CS_OK;
		}
	}
	return CS_E_UNAVAILABLE;
}

static enum cs_status
session_open(struct cs_hsm *hsm, const char *token, struct uk_span pin)
{
	CK_UTF8CHAR pin_copy[64];
	CK_SLOT_ID slot;
	CK_RV rv;
	enum cs_status st = token_find(hsm, token, &slot);

	if (st != CS_OK)
		return st;
	if (pin.len > sizeof(pin_copy))
		return CS_E_ARGUMENTS;
	if (hsm->p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				    &hsm->session) != CKR_OK)
		return CS_E_UNAVAILABLE;
	memcpy(pin_copy, pin.ptr, pin.len);
	rv = hsm->p11->C_Login(hsm->session, CKU_USER, pin_copy, pin.len);
	uk_wipe(pin_copy, sizeof(pin_copy));
	return rv == CKR_OK ? CS_OK : CS_E_DENIED;
}

enum cs_status
cs_hsm_open(const char *module, const char *token, struct uk_span pin, struct cs_hsm **ret)
{
	struct cs_hsm *hsm = calloc(1, sizeof(*hsm));
	enum cs_status st;

	if (hsm == NULL)
		return CS_E_MEMORY;
	st = library_open(hsm, module);
	if (st == CS_OK)
		st = session_open(hsm, token, pin);
	if (st != CS_OK) {
		cs_hsm_close(hsm);
		return st;
	}
	*ret = hsm;
	return CS_OK;
}

enum cs_status
cs_hsm_find(struct cs_hsm *hsm, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *ret)
{
	char name[CS_HSM_LABEL];
	CK_ATTRIBUTE wanted[2];
	CK_ULONG count = 0;
	CK_RV rv;

	if (strlen(label) >= sizeof(name))
		return CS_E_ARGUMENTS;
	memcpy(name, label, strlen(label) + 1);
	wanted[0] = cs_hsm_attribute(CKA_CLASS, &class, sizeof(class));
	wanted[1] = cs_hsm_attribute(CKA_LABEL, name, strlen(name));
	if (hsm->p11->C_FindObjectsInit(hsm->session, wanted, ARRAY_SIZE(wanted)) != CKR_OK)
		return CS_E_UNAVAILABLE;
	rv = hsm->p11->C_FindObjects(hsm->session, ret, 1, &count);
	(void)hsm->p11->C_FindObjectsFinal(hsm->session);
	if (rv != CKR_OK)
		return CS_E_UNAVAILABLE;
	return count == 1 ? CS_OK : CS_E_NOT_FOUND;
}

enum cs_status
cs_hsm_closed(struct cs_hsm *hsm, CK_OBJECT_HANDLE key)
{
	CK_BBOOL extractable = CK_TRUE, sensitive = CK_FALSE;
	CK_ATTRIBUTE asked[2];

	asked[0] = cs_hsm_attribute(CKA_EXTRACTABLE, &extractable, sizeof(extractable));
	asked[1] = cs_hsm_attribute(CKA_SENSITIVE, &sensitive, sizeof(sensitive));
	if (hsm->p11->C_GetAttributeValue(hsm->session, key, asked, ARRAY_SIZE(asked)) != CKR_OK)
		return CS_E_UNAVAILABLE;
	return extractable == CK_FALSE && sensitive == CK_TRUE ? CS_OK : CS_E_DENIED;
}

enum cs_status
cs_hsm_hmac(struct cs_hsm *hsm, const char *label, struct uk_span data, uint8_t ret[CS_HASH_LEN])
{
	CK_MECHANISM mechanism = {CKM_SHA256_HMAC, NULL, 0};
	CK_BYTE message[512], mac[CS_HASH_LEN];
	CK_ULONG len = sizeof(mac);
	CK_OBJECT_HANDLE key;
	CK_RV rv;
	enum cs_status st;

	if (data.len > sizeof(message))
		return CS_E_TOO_LARGE;
	st = cs_hsm_find(hsm, CKO_SECRET_KEY, label, &key);
	if (st == CS_OK)
		st = cs_hsm_closed(hsm, key);
	if (st != CS_OK)
		return st;
	memcpy(message, data.ptr, data.len);
	rv = hsm->p11->C_SignInit(hsm->session, &mechanism, key);
	if (rv == CKR_OK)
		rv = hsm->p11->C_Sign(hsm->session, message, data.len, mac, &len);
	if (rv != CKR_OK || len != sizeof(mac))
		return CS_E_CRYPTO;
	memcpy(ret, mac, sizeof(mac));
	uk_wipe(mac, sizeof(mac));
	return CS_OK;
}

#define COMMON 7 /* attributes of every secret key */

enum cs_status
cs_hsm_make_secret(struct cs_hsm *hsm, const char *label, const struct cs_hsm_secret *kind)
{
	CK_MECHANISM mechanism = {kind->generate, NULL, 0};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG len = kind->len;
	char name[CS_HSM_LABEL];
	CK_OBJECT_HANDLE key;
	enum cs_status st = cs_hsm_find(hsm, CKO_SECRET_KEY, label, &key);

	if (st != CS_E_NOT_FOUND)
		return st == CS_OK ? CS_E_EXISTS : st;
	memcpy(name, label, strlen(label) + 1);
	CK_ATTRIBUTE made[COMMON + ARRAY_SIZE(kind->uses)] = {
		cs_hsm_attribute(CKA_LABEL, name, strlen(name)),
		/* programs that know ids only find it too */
		cs_hsm_attribute(CKA_ID, name, strlen(name)),
		cs_hsm_attribute(CKA_TOKEN, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_PRIVATE, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_SENSITIVE, &yes, sizeof(yes)),
		cs_hsm_attribute(CKA_EXTRACTABLE, &no, sizeof(no)),
		cs_hsm_attribute(CKA_VALUE_LEN, &len, sizeof(len)),
	};
	for (size_t i = 0; i < kind->uses_len; i++)
		made[COMMON + i] = cs_hsm_attribute(kind->uses[i], &yes, sizeof(yes));
	if (hsm->p11->C_GenerateKey(hsm->session, &mechanism, made, COMMON + kind->uses_len,
				    &key) != CKR_OK)
		return CS_E_CRYPTO;
	return CS_OK;
}

enum cs_status
cs_hsm_make(struct cs_hsm *hsm, const char *label)
{
	static const struct cs_hsm_secret master = {
		CKM_GENERIC_SECRET_KEY_GEN, MASTER_LEN, {CKA_SIGN}, 1};

	return cs_hsm_make_secret(hsm, label, &master);
}
