/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that uses OpenSSL with the provider, at a pcscd of its own with a virtual key.
 * Functions fail the running cmocka test themselves.
 */
#ifndef TESTS_PROVIDER_DESK_H
#define TESTS_PROVIDER_DESK_H

#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdbool.h>

#define DESK_PIN "482913"

struct rig;

struct desk {
	struct rig *rig;
	OSSL_LIB_CTX *libctx; /* with the provider */
	const char *alg;      /* of the key that is plugged in: "sm2" or "rsa" */
	char uri[128];        /* of its private key */
	EVP_PKEY *pub;        /* of the certificate, in OpenSSL's default context */

	/* what the person does who is asked for the PIN, and what came of it */
	const char *typed; /* NULL: cancels */
	atomic_int asked;
	char question[512]; /* the last one */
};

/* pcscd with one reader, and a program that has loaded the provider. */
void desk_start(struct desk *desk);
void desk_stop(struct desk *desk);

/* The program ends its use of OpenSSL, and begins anew. */
void desk_unload(struct desk *desk);
void desk_load(struct desk *desk);

/* Provisions a key whose signing pair is the fixture `pair` ("sm2-sign", ...) and plugs it in. */
void desk_plug(struct desk *desk, const char *alg, const char *pair);
/* Plugs in again what was pulled, as it was. */
void desk_plug_again(struct desk *desk);
void desk_pull(struct desk *desk);

/* Tries left, as the key itself says. */
long desk_tries(struct desk *desk);

/* The private key at the address; NULL when it was not given. The person types. */
EVP_PKEY *desk_open(struct desk *desk, const char *uri);

/* Signs and has plain OpenSSL verify it. False: OpenSSL's queue says why. */
bool desk_signs(struct desk *desk, EVP_PKEY *key);

/* Whether OpenSSL's queue has an error with these words; empties it. */
bool desk_error(const char *words);

#endif
