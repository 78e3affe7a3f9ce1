/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pairs and what the HSM does for them. */
#include "service/kmc/inside.h"

#include <stdio.h>
#include <string.h>

#define WHERE_ROOM 96

/* Of the key in the HSM that closes the private keys. */
static const char hsm_label[] = "openukey-kmc-1";

static void
pkcs8_drop(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info);
}

static void
pkey_drop(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

#define PKEY UK_CLEANUP(pkey_drop) EVP_PKEY

enum cs_status
cs_kmc_init(struct cs_hsm *hsm)
{
	return cs_hsm_make_aes(hsm, hsm_label);
}

const char *
cs_kmc_alg(const EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "SM2") == 1)
		return "sm2";
	return EVP_PKEY_is_a(key, "RSA") == 1 ? "rsa" : NULL;
}

/* A private key is sealed to its public one: rows that were mixed up open nothing. */
static struct uk_span
where(const uint8_t public_hash[CS_HASH_LEN], char room[WHERE_ROOM])
{
	char hash[CS_HASH_TEXT];

	cs_hex(uk_span_of(public_hash, CS_HASH_LEN), hash);
	(void)snprintf(room, WHERE_ROOM, "openukey-kmc %s", hash);
	return uk_span_str(room);
}

/* DER that libcrypto has put on its heap. */
static enum cs_status
der_keep(unsigned char *der, int len, struct cs_blob *ret)
{
	enum cs_status st = CS_E_CRYPTO;

	if (len > 0) {
		st = cs_blob_set(ret, uk_span_of(der, (size_t)len));
		OPENSSL_clear_free(der, (size_t)len);
	}
	return st;
}

static enum cs_status
private_put(const EVP_PKEY *pair, struct cs_blob *ret)
{
	UK_CLEANUP(pkcs8_drop) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pair);
	unsigned char *der = NULL;
	int len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : 0;

	return der_keep(der, len, ret);
}

enum cs_status
cs_kmc_pair_make(struct cs_kmcd *kmcd, const char *alg, struct cs_pair_row *ret)
{
	const char *name = strcmp(alg, "sm2") == 0 ? "SM2" : "RSA";
	PKEY *pair = strcmp(alg, "sm2") == 0
			     ? EVP_PKEY_Q_keygen(NULL, NULL, name)
			     : EVP_PKEY_Q_keygen(NULL, NULL, name, (size_t)CS_ENVELOPE_RSA_BITS);
	CS_BLOB plain = {NULL, 0};
	unsigned char *der = NULL;
	int len = pair != NULL ? i2d_PUBKEY(pair, &der) : 0;
	char room[WHERE_ROOM];
	enum cs_status st = CS_E_CRYPTO;

	if (pair != NULL)
		st = der_keep(der, len, &ret->spki);
	if (st == CS_OK)
		st = cs_hash(cs_blob_span(&ret->spki), ret->public_hash);
	if (st == CS_OK)
		st = private_put(pair, &plain);
	if (st == CS_OK)
		st = cs_hsm_seal(kmcd->hsm, hsm_label, where(ret->public_hash, room),
				 cs_blob_span(&plain), &ret->sealed);
	memcpy(ret->signer_hash, ret->public_hash, CS_HASH_LEN);
	memcpy(ret->alg, alg, strlen(alg) + 1);
	memcpy(ret->state, "spare", 6);
	ret->made = kmcd->clock();
	return st;
}

enum cs_status
cs_kmc_pair_close(struct cs_kmcd *kmcd, const struct cs_pair_row *row, EVP_PKEY *to,
		  struct cs_envelope *ret)
{
	CS_BLOB plain = {NULL, 0};
	uint8_t hash[CS_HASH_LEN];
	char room[WHERE_ROOM];
	const unsigned char *at;
	PKEY *pair = NULL;
	enum cs_status st = cs_hsm_unseal(kmcd->hsm, hsm_label, where(row->public_hash, room),
					  cs_blob_span(&row->sealed), &plain);

	if (st != CS_OK)
		return st;
	at = plain.ptr;
	pair = d2i_AutoPrivateKey(NULL, &at, (long)plain.len);
	if (pair == NULL)
		return CS_E_CORRUPT;
	st = cs_spki_hash(pair, hash);
	if (st == CS_OK && memcmp(hash, row->public_hash, sizeof(hash)) != 0)
		return CS_E_CORRUPT;
	return st == CS_OK ? cs_envelope_make(pair, to, ret) : st;
}
