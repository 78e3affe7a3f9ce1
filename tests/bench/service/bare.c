/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the load is made from, and what its signatures cost by themselves. */
#include "service/base/signed.h"
#include "tests/bench/service/load.h"

#include "common/gm.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROUNDS 200

static bool
sm2_sign(X509 *cert, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL;
	bool done = ctx != NULL && EVP_DigestSignInit(ctx, &key_ctx, EVP_sm3(), NULL, key) == 1 &&
		    EVP_PKEY_CTX_set1_id(key_ctx, GM_SM2_DEFAULT_ID,
					 (int)(sizeof(GM_SM2_DEFAULT_ID) - 1)) == 1 &&
		    X509_sign_ctx(cert, ctx) > 0;

	EVP_MD_CTX_free(ctx);
	return done;
}

static X509 *
pattern_read(const struct load *load)
{
	char path[256];
	X509 *cert;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/old.pem", load->folder);
	file = fopen(path, "r");
	cert = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	if (file != NULL)
		(void)fclose(file);
	return cert;
}

/* The name of the folder's old certificate and its key, a serial number of its own. */
bool
load_old(const struct load *load, struct item *item)
{
	X509 *cert = pattern_read(load);
	BIGNUM *serial = BN_new();
	unsigned char *der = NULL;
	char *text = NULL;
	uint8_t hash[CS_HASH_LEN];
	int len = -1;

	if (cert != NULL && serial != NULL &&
	    BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
	    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL &&
	    sm2_sign(cert, load->ca_key))
		len = i2d_X509(cert, &der);
	text = len > 0 ? BN_bn2hex(serial) : NULL;
	if (text != NULL && cs_hash(uk_span_of(der, (size_t)len), hash) == CS_OK) {
		item->old_cert = malloc(2 * (size_t)len + 1);
		if (item->old_cert != NULL)
			cs_hex(uk_span_of(der, (size_t)len), item->old_cert);
		cs_hex(uk_span_of(hash, sizeof(hash)), item->old_hash);
		(void)snprintf(item->old_serial, sizeof(item->old_serial), "%s", text);
	}
	OPENSSL_free(text);
	OPENSSL_free(der);
	BN_free(serial);
	X509_free(cert);
	return item->old_cert != NULL;
}

static double
cpu_now(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static void
measure(EVP_PKEY *key, const char *name, json_t *ret)
{
	CS_BLOB signature = {NULL, 0};
	char member[32];
	double begun = cpu_now();

	for (int i = 0; i < ROUNDS; i++)
		if (cs_sign(key, "bench", uk_span_str("what is signed"), &signature) != CS_OK)
			return;
	(void)snprintf(member, sizeof(member), "%s_sign_ms", name);
	(void)json_object_set_new(ret, member, json_real((cpu_now() - begun) / ROUNDS));
	begun = cpu_now();
	for (int i = 0; i < ROUNDS; i++)
		if (cs_verify(key, "bench", uk_span_str("what is signed"),
			      cs_blob_span(&signature)) != CS_OK)
			return;
	(void)snprintf(member, sizeof(member), "%s_verify_ms", name);
	(void)json_object_set_new(ret, member, json_real((cpu_now() - begun) / ROUNDS));
}

void
bare_run(const struct load *load, json_t *ret)
{
	measure(load->old_key, "sm2", ret);
	measure(load->operators[0], "p256", ret);
}
