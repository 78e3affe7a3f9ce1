/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One key by two ways: a pair that a program made through libopenukey-skf.so is the same pair to
 * OpenSSL, each signs and the other's side verifies.
 */
#include "skf/skf.h"
#include "tests/provider/desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <string.h>

#define CONTAINER "made-by-skf"

static struct desk desk;

struct client {
	DEVHANDLE device;
	HAPPLICATION application;
	HCONTAINER container;
};

static int
up(void **state)
{
	desk_start(&desk);
	return 0;
}

static int
down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static void
client_open(struct client *client)
{
	char names[1024], applications[1024], pin[] = DESK_PIN;
	ULONG size = sizeof(names), left = 0;

	assert_int_equal(SKF_EnumDev(TRUE, names, &size), SAR_OK);
	assert_int_equal(SKF_ConnectDev(names, &client->device), SAR_OK);
	size = sizeof(applications);
	assert_int_equal(SKF_EnumApplication(client->device, applications, &size), SAR_OK);
	assert_int_equal(SKF_OpenApplication(client->device, applications, &client->application),
			 SAR_OK);
	assert_int_equal(SKF_VerifyPIN(client->application, 1, pin, &left), SAR_OK);
}

static void
client_close(struct client *client)
{
	assert_int_equal(SKF_CloseContainer(client->container), SAR_OK);
	assert_int_equal(SKF_CloseApplication(client->application), SAR_OK);
	assert_int_equal(SKF_DisConnectDev(client->device), SAR_OK);
}

/* The numbers of SKF's structure, as an EVP_PKEY of plain OpenSSL; they stand at the right. */
static EVP_PKEY *
public_of(const ECCPUBLICKEYBLOB *blob)
{
	unsigned char point[65] = {0x04};
	char group[] = "SM2";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	EVP_PKEY *key = NULL;

	memcpy(point + 1, blob->XCoordinate + sizeof(blob->XCoordinate) - 32, 32);
	memcpy(point + 33, blob->YCoordinate + sizeof(blob->YCoordinate) - 32, 32);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static size_t
der_of(const ECCSIGNATUREBLOB *blob, unsigned char *der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	unsigned char *at = der;
	int len;

	assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(blob->r, sizeof(blob->r), NULL),
					BN_bin2bn(blob->s, sizeof(blob->s), NULL)),
			 1);
	len = i2d_ECDSA_SIG(sig, &at);
	ECDSA_SIG_free(sig);
	assert_true(len > 0);
	return (size_t)len;
}

static void
a_pair_made_through_skf_signs_through_openssl(void **state)
{
	char container[] = CONTAINER;
	struct client client = {0};
	ECCPUBLICKEYBLOB blob = {0};
	EVP_PKEY *key;

	desk_plug(&desk, "sm2", "sm2-sign");
	client_open(&client);
	assert_int_equal(SKF_CreateContainer(client.application, container, &client.container),
			 SAR_OK);
	assert_int_equal(SKF_GenECCKeyPair(client.container, SGD_SM2_1, &blob), SAR_OK);
	EVP_PKEY_free(desk.pub);
	desk.pub = public_of(&blob);

	/* no certificate yet */
	key = desk_open(&desk, "pkcs11:serial=DESK-1;id=" CONTAINER "%00;type=private");
	if (key == NULL)
		(void)desk_error("(nothing)");
	assert_non_null(key);
	assert_int_equal(EVP_PKEY_eq(key, desk.pub), 1);
	assert_true(desk_signs(&desk, key));
	EVP_PKEY_free(key);
	client_close(&client);
	desk_pull(&desk);
}

static void
what_skf_signs_verifies_with_the_provider_s_key(void **state)
{
	char container[] = "box";
	struct client client = {0};
	unsigned char digest[32], der[128];
	ECCSIGNATUREBLOB sig = {0};
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key;
	size_t len;

	desk_plug(&desk, "sm2", "sm2-sign");
	client_open(&client);
	assert_int_equal(SKF_OpenContainer(client.application, container, &client.container),
			 SAR_OK);
	memset(digest, 0x3c, sizeof(digest));
	assert_int_equal(SKF_ECCSignData(client.container, digest, sizeof(digest), &sig), SAR_OK);
	len = der_of(&sig, der);

	key = desk_open(&desk, desk.uri);
	assert_non_null(key);
	ctx = EVP_PKEY_CTX_new_from_pkey(desk.libctx, key, NULL);
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	assert_int_equal(EVP_PKEY_verify(ctx, der, len, digest, sizeof(digest)), 1);
	digest[0] ^= 1;
	assert_int_not_equal(EVP_PKEY_verify(ctx, der, len, digest, sizeof(digest)), 1);
	EVP_PKEY_CTX_free(ctx);
	assert_true(desk_signs(&desk, key));
	EVP_PKEY_free(key);
	client_close(&client);
	desk_pull(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_made_through_skf_signs_through_openssl),
		cmocka_unit_test(what_skf_signs_verifies_with_the_provider_s_key),
	};

	return cmocka_run_group_tests(tests, up, down);
}
