/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/skf/crypto_desk.h"

#include "tests/driver/envelope.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct crypto_desk the_desk;

uint8_t crypto_text[CRYPTO_TEXT_MAX];

static void
text_fill(void)
{
	for (size_t i = 0; i < sizeof(crypto_text); i++)
		crypto_text[i] = (uint8_t)(i * 31 + i / 251);
}

int
crypto_desk_start(void **state)
{
	text_fill();
	desk_start(&the_desk.p11, SEATS);
	*state = &the_desk;
	return 0;
}

int
crypto_desk_stop(void **state)
{
	(void)state;
	desk_stop(&the_desk.p11);
	return 0;
}

int
crypto_desk_clear(void **state)
{
	struct crypto_desk *desk = *state;

	for (unsigned int i = 0; i < SEATS; i++) {
		if (desk->seats[i].dev != NULL)
			(void)SKF_DisConnectDev(desk->seats[i].dev);
		desk->seats[i] = (struct seat){0};
		if (desk->p11.plugged[i])
			desk_pull(&desk->p11, i);
	}
	return 0;
}

void
crypto_open(struct crypto_desk *desk, unsigned int reader)
{
	struct seat *seat = &desk->seats[reader];
	char name[256];
	char app[] = "OpenUKey-Rehearsal";
	char container[] = DESK_CONTAINER;

	(void)snprintf(name, sizeof(name), "%s", crypto_reader(&desk->p11, reader));
	assert_sar(SKF_ConnectDev(name, &seat->dev), SAR_OK);
	assert_sar(SKF_OpenApplication(seat->dev, app, &seat->app), SAR_OK);
	seat->con = NULL;
	/* A key without one has none to open. */
	(void)SKF_OpenContainer(seat->app, container, &seat->con);
}

struct seat *
crypto_seat(struct crypto_desk *desk, unsigned int reader, const struct desk_key *key)
{
	desk_plug(&desk->p11, reader, key);
	crypto_open(desk, reader);
	return &desk->seats[reader];
}

void
crypto_login(struct seat *seat)
{
	char pin[] = DESK_PIN;
	ULONG left = 0;

	assert_sar(SKF_VerifyPIN(seat->app, USER_TYPE, pin, &left), SAR_OK);
}

struct seat *
crypto_user(struct crypto_desk *desk, unsigned int reader, const struct desk_key *key)
{
	struct seat *seat = crypto_seat(desk, reader, key);

	crypto_login(seat);
	return seat;
}

HCONTAINER
crypto_container(struct seat *seat, const char *name)
{
	char copy[65];
	HCONTAINER con = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", name);
	assert_sar(SKF_CreateContainer(seat->app, copy, &con), SAR_OK);
	return con;
}

/* ---- public keys ---- */

static EVP_PKEY *
pkey_from(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *
crypto_pkey_ecc(const ECCPUBLICKEYBLOB *blob)
{
	uint8_t point[65] = {4};
	char group[] = "SM2";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 3),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_END,
	};

	assert_int_equal(blob->BitLen, 256);
	memcpy(point + 1, blob->XCoordinate + 32, 32);
	memcpy(point + 33, blob->YCoordinate + 32, 32);
	return pkey_from("SM2", params);
}

EVP_PKEY *
crypto_pkey_rsa(const RSAPUBLICKEYBLOB *blob)
{
	uint8_t modulus[256];
	uint8_t exponent[4];
	OSSL_PARAM params[] = {
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, modulus, sizeof(modulus)),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, exponent, sizeof(exponent)),
		OSSL_PARAM_END,
	};

	/* OSSL_PARAM's numbers are in the machine's order. */
	for (size_t i = 0; i < sizeof(modulus); i++)
		modulus[i] = blob->Modulus[sizeof(modulus) - 1 - i];
	for (size_t i = 0; i < sizeof(exponent); i++)
		exponent[i] = blob->PublicExponent[sizeof(exponent) - 1 - i];
	return pkey_from("RSA", params);
}

ECCPUBLICKEYBLOB
crypto_ecc_of(const struct token_public_key *key)
{
	ECCPUBLICKEYBLOB blob = {.BitLen = 256};

	memcpy(blob.XCoordinate + 32, key->x, 32);
	memcpy(blob.YCoordinate + 32, key->y, 32);
	return blob;
}

RSAPUBLICKEYBLOB
crypto_rsa_of(const struct token_public_key *key)
{
	RSAPUBLICKEYBLOB blob = {
		.AlgID = SGD_RSA, .BitLen = key->bits, .PublicExponent = {0, 1, 0, 1}};

	memcpy(blob.Modulus + sizeof(blob.Modulus) - key->bits / 8, key->modulus, key->bits / 8);
	return blob;
}

/* ---- session keys ---- */

static ULONG
wrap_ecc(const ECCPUBLICKEYBLOB *to, const uint8_t sm4_key[16], BYTE out[512])
{
	EVP_PKEY *key = crypto_pkey_ecc(to);
	struct token_wrapped_key parts = envelope_wrap(key, uk_span_of(sm4_key, 16));
	ECCCIPHERBLOB *blob = (ECCCIPHERBLOB *)out;

	memset(out, 0, 512);
	memcpy(blob->XCoordinate + 32, parts.c1x, 32);
	memcpy(blob->YCoordinate + 32, parts.c1y, 32);
	memcpy(blob->HASH, parts.c3, 32);
	blob->CipherLen = (ULONG)parts.c2_len;
	memcpy(out + offsetof(ECCCIPHERBLOB, Cipher), parts.c2, parts.c2_len);
	EVP_PKEY_free(key);
	return (ULONG)(offsetof(ECCCIPHERBLOB, Cipher) + parts.c2_len);
}

static ULONG
wrap_rsa(const RSAPUBLICKEYBLOB *to, const uint8_t sm4_key[16], BYTE out[512])
{
	EVP_PKEY *key = crypto_pkey_rsa(to);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t len = 512;

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, &len, sm4_key, 16), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return (ULONG)len;
}

ULONG
crypto_wrap(struct seat *seat, const uint8_t sm4_key[16], BYTE out[512])
{
	union {
		ECCPUBLICKEYBLOB ecc;
		RSAPUBLICKEYBLOB rsa;
	} blob;
	ULONG len = sizeof(blob);

	assert_sar(SKF_ExportPublicKey(seat->con, FALSE, (BYTE *)&blob, &len), SAR_OK);
	return len == sizeof(blob.ecc) ? wrap_ecc(&blob.ecc, sm4_key, out)
				       : wrap_rsa(&blob.rsa, sm4_key, out);
}

HANDLE
crypto_import(struct seat *seat, ULONG alg, const uint8_t sm4_key[16])
{
	BYTE wrapped[512] __attribute__((aligned(4)));
	ULONG len = crypto_wrap(seat, sm4_key, wrapped);
	HANDLE key = NULL;

	assert_sar(SKF_ImportSessionKey(seat->con, alg, wrapped, len, &key), SAR_OK);
	assert_non_null(key);
	return key;
}

size_t
crypto_sm4(const char *cipher, bool padded, const uint8_t *key, const uint8_t *iv,
	   struct uk_span in, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER *algorithm = EVP_CIPHER_fetch(NULL, cipher, NULL);
	int done = 0;
	int last = 0;

	assert_int_equal(EVP_EncryptInit_ex2(ctx, algorithm, key, iv, NULL), 1);
	(void)EVP_CIPHER_CTX_set_padding(ctx, padded);
	assert_int_equal(EVP_EncryptUpdate(ctx, out, &done, in.ptr, (int)in.len), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, out + done, &last), 1);
	EVP_CIPHER_free(algorithm);
	EVP_CIPHER_CTX_free(ctx);
	return (size_t)done + (size_t)last;
}

/* ---- there and back ---- */

const uint8_t crypto_key[16] = "a session key 16";
const BLOCKCIPHERPARAM crypto_iv = {.IV = "initial vector 1", .IVLen = 16};
const BLOCKCIPHERPARAM crypto_iv_padded = {
	.IV = "initial vector 1", .IVLen = 16, .PaddingType = PADDING_PKCS5};

size_t
crypto_expect(ULONG alg, bool padded, size_t len, uint8_t *out)
{
	return crypto_sm4(alg == SGD_SM4_ECB ? "SM4-ECB" : "SM4-CBC", padded, crypto_key,
			  crypto_iv.IV, uk_span_of(crypto_text, len), out);
}

void
crypto_there_and_back(HANDLE key, ULONG alg, bool padded, size_t len)
{
	static uint8_t expected[CRYPTO_TEXT_MAX + 16];
	static uint8_t cipher[CRYPTO_TEXT_MAX + 17];
	static uint8_t again[CRYPTO_TEXT_MAX + 17];
	size_t expected_len = crypto_expect(alg, padded, len, expected);
	ULONG got = 0;

	assert_sar(SKF_EncryptInit(key, padded ? crypto_iv_padded : crypto_iv), SAR_OK);
	assert_sar(SKF_Encrypt(key, crypto_text, (ULONG)len, NULL, &got), SAR_OK);
	assert_int_equal(got, expected_len);
	memset(cipher, 0x5a, sizeof(cipher));
	if (expected_len > 0) {
		got--;
		assert_sar(SKF_Encrypt(key, crypto_text, (ULONG)len, cipher, &got),
			   SAR_BUFFER_TOO_SMALL);
		assert_int_equal(got, expected_len);
	}
	assert_sar(SKF_Encrypt(key, crypto_text, (ULONG)len, cipher, &got), SAR_OK);
	assert_int_equal(got, expected_len);
	assert_memory_equal(cipher, expected, expected_len);
	assert_int_equal(cipher[expected_len], 0x5a);

	assert_sar(SKF_DecryptInit(key, padded ? crypto_iv_padded : crypto_iv), SAR_OK);
	got = 0;
	assert_sar(SKF_Decrypt(key, cipher, (ULONG)expected_len, NULL, &got), SAR_OK);
	assert_in_range(got, len, expected_len);
	/* room for the text alone is enough */
	memset(again, 0x5a, sizeof(again));
	got = (ULONG)len;
	assert_sar(SKF_Decrypt(key, cipher, (ULONG)expected_len, again, &got), SAR_OK);
	assert_int_equal(got, len);
	assert_memory_equal(again, crypto_text, len);
	assert_int_equal(again[len], 0x5a);
}

/* ---- what holds always ---- */

ULONG
crypto_tries_left(struct seat *seat)
{
	ULONG most = 0;
	ULONG left = 0;
	BOOL is_default;

	assert_sar(SKF_GetPINInfo(seat->app, USER_TYPE, &most, &left, &is_default), SAR_OK);
	return left;
}

void
crypto_sar_check(ULONG sar)
{
	assert_true(sar == SAR_OK || (sar >= SAR_FAIL && sar <= SAR_REACH_MAX_CONTAINER_COUNT));
}

bool
crypto_long_run(void)
{
	return getenv("OPENUKEY_TEST_LONG") != NULL;
}
