/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/guest.h"

#include "common/defs.h"

#include "common/openukey.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOTS_MAX 64

CK_FUNCTION_LIST *guest;

void
guest_must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	(void)fprintf(stderr, "%s: 0x%lx\n", what, rv);
	exit(2);
}

void
guest_load(const char *path)
{
	CK_C_GetFunctionList get;
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (module == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	guest_must(get == NULL ? CKR_GENERAL_ERROR : get(&guest), "C_GetFunctionList");
}

void
guest_initialize(void)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

	guest_must(guest->C_Initialize(&args), "C_Initialize");
}

CK_ULONG
guest_slots(CK_SLOT_ID *out, CK_ULONG cap)
{
	CK_ULONG count = 0;

	guest_must(guest->C_GetSlotList(CK_TRUE, NULL, &count), "C_GetSlotList");
	if (count > cap)
		count = cap;
	if (count > 0)
		guest_must(guest->C_GetSlotList(CK_TRUE, out, &count), "C_GetSlotList");
	return count;
}

CK_SLOT_ID
guest_slot(const char *label)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG count = guest_slots(slots, SLOTS_MAX);

	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;

		if (label[0] == '\0')
			return slots[i];
		if (guest->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    strncmp((const char *)info.label, label, strlen(label)) == 0)
			return slots[i];
	}
	guest_must(CKR_TOKEN_NOT_PRESENT, "no such token");
	return 0;
}

CK_SESSION_HANDLE
guest_session(CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE session = 0;

	guest_must(guest->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
		   "C_OpenSession");
	return session;
}

CK_SESSION_HANDLE
guest_open(const char *path, const char *label)
{
	guest_load(path);
	guest_initialize();
	return guest_session(guest_slot(label));
}

void
guest_login(CK_SESSION_HANDLE session, const char *pin)
{
	CK_UTF8CHAR copy[64];
	size_t len = strnlen(pin, sizeof(copy));
	CK_RV rv;

	memcpy(copy, pin, len);
	rv = guest->C_Login(session, CKU_USER, copy, len);
	guest_must(rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv, "C_Login");
}

CK_ULONG
guest_find(CK_SESSION_HANDLE session, const CK_OBJECT_CLASS *class, CK_OBJECT_HANDLE *out,
	   CK_ULONG cap)
{
	CK_OBJECT_CLASS wanted = class == NULL ? 0 : *class;
	CK_ATTRIBUTE template = {CKA_CLASS, &wanted, sizeof(wanted)};
	CK_ULONG count = 0;

	guest_must(guest->C_FindObjectsInit(session, class == NULL ? NULL : &template,
					    class == NULL ? 0 : 1),
		   "C_FindObjectsInit");
	guest_must(guest->C_FindObjects(session, out, cap, &count), "C_FindObjects");
	guest_must(guest->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	return count;
}

CK_ULONG
guest_read_certificates(CK_SESSION_HANDLE session)
{
	static const CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_OBJECT_HANDLE list[128];
	CK_ULONG count = guest_find(session, &class, list, ARRAY_SIZE(list));

	for (CK_ULONG i = 0; i < count; i++) {
		CK_BYTE value[8192];
		CK_ATTRIBUTE attribute = {CKA_VALUE, NULL, 0};

		guest_must(guest->C_GetAttributeValue(session, list[i], &attribute, 1),
			   "C_GetAttributeValue");
		attribute.pValue = value;
		if (attribute.ulValueLen > sizeof(value))
			guest_must(CKR_BUFFER_TOO_SMALL, "C_GetAttributeValue");
		guest_must(guest->C_GetAttributeValue(session, list[i], &attribute, 1),
			   "C_GetAttributeValue");
	}
	return count;
}

/* Whether a key signs without asking for the PIN; its type and id. */
static bool
key_look(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, CK_KEY_TYPE *type,
	 struct guest_key *ret)
{
	CK_BBOOL sign = CK_FALSE, each_time = CK_FALSE;
	CK_ATTRIBUTE wanted[] = {{CKA_SIGN, &sign, sizeof(sign)},
				 {CKA_KEY_TYPE, type, sizeof(*type)}};
	CK_ATTRIBUTE always = {CKA_ALWAYS_AUTHENTICATE, &each_time, sizeof(each_time)};
	CK_ATTRIBUTE id = {CKA_ID, ret->container, sizeof(ret->container) - 1};

	guest_must(guest->C_GetAttributeValue(session, handle, wanted, 2), "C_GetAttributeValue");
	/* A stranger may not know these two. */
	if (guest->C_GetAttributeValue(session, handle, &always, 1) != CKR_OK)
		each_time = CK_FALSE;
	if (guest->C_GetAttributeValue(session, handle, &id, 1) != CKR_OK)
		ret->container[0] = '\0';
	return sign != CK_FALSE && each_time == CK_FALSE;
}

void
guest_pick_key(CK_SESSION_HANDLE session, struct guest_key *ret)
{
	static const CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	static const CK_BYTE sha256_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
					      0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
					      0x01, 0x05, 0x00, 0x04, 0x20};
	CK_OBJECT_HANDLE list[128];
	CK_ULONG count = guest_find(session, &class, list, ARRAY_SIZE(list));
	CK_KEY_TYPE type = 0;
	CK_ULONG i;

	*ret = (struct guest_key){0};
	for (i = 0; i < count && !key_look(session, list[i], &type, ret); i++)
		;
	if (i == count)
		guest_must(CKR_KEY_HANDLE_INVALID, "no key that signs");
	ret->handle = list[i];
	ret->mechanism.mechanism = type == CKK_RSA  ? CKM_RSA_PKCS
				   : type == CKK_EC ? CKM_ECDSA
						    : CKM_VENDOR_SM2_SIGN_NO_DER;
	if (type == CKK_RSA) {
		memcpy(ret->input, sha256_info, sizeof(sha256_info));
		ret->input_len = sizeof(sha256_info);
	}
	ret->input_len += 32; /* a digest of zeros signs as well as any other */
}

CK_RV
guest_sign(CK_SESSION_HANDLE session, struct guest_key *key)
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);
	CK_RV rv = guest->C_SignInit(session, &key->mechanism, key->handle);

	return rv != CKR_OK ? rv
			    : guest->C_Sign(session, key->input, key->input_len, signature, &len);
}

double
guest_wall_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

double
guest_cpu_us(void)
{
	struct timespec used;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

long
guest_peak_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];
	long peak = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			peak = strtol(line + 6, NULL, 10);
	if (file != NULL)
		(void)fclose(file);
	return peak;
}
