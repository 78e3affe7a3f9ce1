/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/hosts/host.h"

#include <dirent.h>
#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_ID "1234567812345678"
#define SLOTS_MAX  64

static pthread_once_t verifier_once = PTHREAD_ONCE_INIT;
static EVP_PKEY *verifier;

static bool
is_sm2(void)
{
	const char *alg = getenv("OPENUKEY_TEST_ALG");

	return alg == NULL || strcmp(alg, "sm2") == 0;
}

bool
host_load(struct host *host)
{
	CK_C_GetFunctionList get_list;

	host->module = dlopen(getenv("OPENUKEY_MODULE"), RTLD_NOW | RTLD_LOCAL);
	if (host->module == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		return false;
	}
	*(void **)&get_list = dlsym(host->module, "C_GetFunctionList");
	return get_list != NULL && get_list(&host->f) == CKR_OK;
}

void
host_unload(struct host *host)
{
	(void)dlclose(host->module);
	host->module = NULL;
}

CK_RV
host_find_slot(struct host *host)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG count = 0;
	CK_RV rv = host->f->C_GetSlotList(CK_TRUE, NULL, &count);

	if (rv == CKR_OK) {
		count = ARRAY_SIZE(slots);
		rv = host->f->C_GetSlotList(CK_TRUE, slots, &count);
	}
	if (rv == CKR_OK && count == 0)
		rv = CKR_TOKEN_NOT_PRESENT;
	if (rv == CKR_OK)
		host->slot = slots[0];
	return rv;
}

CK_RV
host_start(struct host *host)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_RV rv = host->f->C_Initialize(&args);

	return rv == CKR_OK ? host_find_slot(host) : rv;
}

CK_RV
host_open(const struct host *host, CK_SESSION_HANDLE *ret)
{
	return host->f->C_OpenSession(host->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				      ret);
}

CK_RV
host_login(const struct host *host, CK_SESSION_HANDLE session)
{
	CK_UTF8CHAR pin[] = HOST_PIN;
	CK_RV rv = host->f->C_Login(session, CKU_USER, pin, strlen(HOST_PIN));

	return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

CK_RV
host_find_key(const struct host *host, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_CLASS class_ = CKO_PRIVATE_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)},
				   {CKA_SIGN, &yes, sizeof(yes)}};
	CK_ULONG count = 0;
	CK_RV rv = host->f->C_FindObjectsInit(session, template, ARRAY_SIZE(template));

	if (rv == CKR_OK)
		rv = host->f->C_FindObjects(session, ret, 1, &count);
	if (rv == CKR_OK)
		rv = host->f->C_FindObjectsFinal(session);
	return rv == CKR_OK && count == 0 ? CKR_OBJECT_HANDLE_INVALID : rv;
}

CK_RV
host_sign(const struct host *host, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
	  const char *message, struct host_signature *ret)
{
	CK_MECHANISM mechanism = {
		is_sm2() ? CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER : CKM_SHA256_RSA_PKCS, NULL, 0};
	unsigned char copy[256];
	size_t len = strnlen(message, sizeof(copy));
	CK_RV rv = host->f->C_SignInit(session, &mechanism, key);

	if (rv != CKR_OK)
		return rv;
	memcpy(copy, message, len);
	ret->len = sizeof(ret->bytes);
	return host->f->C_Sign(session, copy, len, ret->bytes, &ret->len);
}

static void
verifier_load(void)
{
	char path[512];
	FILE *file;
	X509 *cert;

	(void)snprintf(path, sizeof(path), "%s/%s-sign.pem", getenv("OPENUKEY_FIXTURES"),
		       is_sm2() ? "sm2" : "rsa");
	file = fopen(path, "re");
	cert = file == NULL ? NULL : PEM_read_X509(file, NULL, NULL, NULL);
	verifier = cert == NULL ? NULL : X509_get_pubkey(cert);
	X509_free(cert);
	if (file != NULL)
		(void)fclose(file);
}

bool
host_check(const char *message, const struct host_signature *signature)
{
	EVP_PKEY_CTX *key_ctx;
	EVP_MD_CTX *ctx;
	bool good;

	(void)pthread_once(&verifier_once, verifier_load);
	if (verifier == NULL)
		return false;
	key_ctx = EVP_PKEY_CTX_new(verifier, NULL);
	ctx = EVP_MD_CTX_new();
	good = !is_sm2() || EVP_PKEY_CTX_set1_id(key_ctx, DEFAULT_ID, (int)strlen(DEFAULT_ID)) == 1;
	EVP_MD_CTX_set_pkey_ctx(ctx, key_ctx);
	good = good &&
	       EVP_DigestVerifyInit_ex(ctx, NULL, is_sm2() ? "SM3" : "SHA256", NULL, NULL, verifier,
				       NULL) == 1 &&
	       EVP_DigestVerify(ctx, signature->bytes, signature->len,
				(const unsigned char *)message, strlen(message)) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_CTX_free(key_ctx);
	return good;
}

CK_RV
host_sign_checked(const struct host *host, CK_SESSION_HANDLE session, const char *message)
{
	struct host_signature signature;
	CK_OBJECT_HANDLE key;
	CK_RV rv = host_find_key(host, session, &key);

	if (rv == CKR_OK)
		rv = host_sign(host, session, key, message, &signature);
	if (rv != CKR_OK)
		return rv;
	return host_check(message, &signature) ? CKR_OK : CKR_SIGNATURE_INVALID;
}

int
host_open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (dir != NULL && readdir(dir) != NULL)
		count++;
	if (dir != NULL)
		(void)closedir(dir);
	return count;
}

double
host_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
