/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/keyfile.h"

#include "common/secret.h"
#include "virtual/key/sm2.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>

#define FREE_FN(name, type, free_fn)    \
	static void name(type **object) \
	{                               \
		free_fn(*object);       \
	}

FREE_FN(pkey_free, EVP_PKEY, EVP_PKEY_free)
FREE_FN(number_free, BIGNUM, BN_clear_free)
FREE_FN(cert_free, X509, X509_free)

static void
file_close(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

static bool
take_sm2(EVP_PKEY *pkey, struct vk_key *key)
{
	UK_CLEANUP(number_free) BIGNUM *d = NULL;
	uint8_t pair[VK_SM2_PAIR_LEN];
	bool taken;

	taken = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
		BN_bn2binpad(d, pair, GM_SM2_LEN) == GM_SM2_LEN &&
		vk_sm2_public(pair, pair + GM_SM2_LEN) &&
		vk_blob_set(&key->secret, uk_span_of(pair, sizeof(pair)));
	uk_wipe(pair, sizeof(pair));
	if (!taken)
		return false;
	key->type = GM_CONTAINER_SM2;
	key->bits = 256;
	return true;
}

static bool
take_rsa(EVP_PKEY *pkey, struct vk_key *key)
{
	unsigned char *der = NULL;
	int bits = EVP_PKEY_get_bits(pkey), len;
	bool taken;

	if (bits != 1024 && bits != 2048)
		return false;
	len = i2d_PrivateKey(pkey, &der);
	if (len <= 0)
		return false;
	taken = vk_blob_set(&key->secret, uk_span_of(der, (size_t)len));
	OPENSSL_clear_free(der, (size_t)len);
	if (!taken)
		return false;
	key->type = GM_CONTAINER_RSA;
	key->bits = (uint16_t)bits;
	return true;
}

bool
vk_keyfile_load_key(const char *path, struct vk_key *key)
{
	UK_CLEANUP(file_close) FILE *file = fopen(path, "re");
	UK_CLEANUP(pkey_free)
	EVP_PKEY *pkey = file == NULL ? NULL : PEM_read_PrivateKey(file, NULL, NULL, NULL);
	char group[32] = "";

	if (pkey == NULL)
		return false;
	if (EVP_PKEY_is_a(pkey, "RSA"))
		return take_rsa(pkey, key);
	return EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, "SM2") == 0 && take_sm2(pkey, key);
}

bool
vk_keyfile_load_cert(const char *path, struct vk_blob *cert)
{
	UK_CLEANUP(file_close) FILE *file = fopen(path, "re");
	UK_CLEANUP(cert_free) X509 *x509 = NULL;
	unsigned char *der = NULL;
	bool taken;
	int len;

	if (file == NULL)
		return false;
	x509 = PEM_read_X509(file, NULL, NULL, NULL);
	if (x509 == NULL) {
		rewind(file);
		x509 = d2i_X509_fp(file, NULL);
	}
	len = x509 == NULL ? 0 : i2d_X509(x509, &der);
	if (len <= 0 || len > UINT16_MAX)
		return false;
	taken = vk_blob_set(cert, uk_span_of(der, (size_t)len));
	OPENSSL_free(der);
	return taken;
}
