/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host program in a few calls: loads the module, logs in, signs, checks what came back. */
#ifndef TESTS_HOSTS_HOST_H
#define TESTS_HOSTS_HOST_H

#include "common/pkcs11.h"

#include "common/defs.h"
#include "common/openukey.h"

#include <stdbool.h>

#define HOST_PIN           "123456"
#define HOST_SIGNATURE_MAX 256

struct host {
	void *module; /* dlopen's */
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
};

/* dlopen of OPENUKEY_MODULE; says why not on stderr. */
UK_CHECKED bool host_load(struct host *host);
void host_unload(struct host *host);

/* The first slot with a key in it; CKR_TOKEN_NOT_PRESENT. */
CK_RV host_find_slot(struct host *host);
/* C_Initialize and host_find_slot. */
CK_RV host_start(struct host *host);
CK_RV host_open(const struct host *host, CK_SESSION_HANDLE *ret);
/* CKR_OK too when the process was logged in. */
CK_RV host_login(const struct host *host, CK_SESSION_HANDLE session);
/* The signing key; CKR_OBJECT_HANDLE_INVALID when none is seen. */
CK_RV host_find_key(const struct host *host, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *ret);

struct host_signature {
	unsigned char bytes[HOST_SIGNATURE_MAX];
	CK_ULONG len;
};

/* SM3 with SM2, or SHA-256 with RSA, by what kind of key it is (OPENUKEY_TEST_ALG). */
CK_RV host_sign(const struct host *host, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
		const char *message, struct host_signature *ret);
/* Whether libcrypto takes the signature for that of the fixture's certificate. Any thread. */
bool host_check(const char *message, const struct host_signature *signature);

/* Find, sign, check; CKR_SIGNATURE_INVALID when it is wrong. */
CK_RV host_sign_checked(const struct host *host, CK_SESSION_HANDLE session, const char *message);

/* What a process holds. */
int host_open_files(void);
double host_now(void);

#endif
