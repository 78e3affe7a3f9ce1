/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The desk of tests/p11 (the real pcscd, virtual keys, our PKCS#11 module, libcrypto as the other
 * side) with libopenukey-skf.so beside the module.  Functions fail the running test themselves.
 */
#ifndef TESTS_SKF_CRYPTO_DESK_H
#define TESTS_SKF_CRYPTO_DESK_H

#include "skf/skf.h"
#include "tests/driver/recipient.h"
#include "tests/skf/crypto_pcsc.h"

#include "tests/p11/check.h"

#define SEATS 2

/* What one key's handles are. */
struct seat {
	DEVHANDLE dev;
	HAPPLICATION app;
	HCONTAINER con;
};

struct crypto_desk {
	struct desk p11;
	struct seat seats[SEATS]; /* by reader */
};

#define assert_sar(call, expected)                                                                \
	do {                                                                                      \
		ULONG sar_ = (call);                                                              \
		if (sar_ != (ULONG)(expected))                                                    \
			fail_msg("%s:%d: %s gave 0x%08x, not %s (0x%08x)", __FILE__, __LINE__,    \
				 #call, (unsigned int)sar_, #expected, (unsigned int)(expected)); \
	} while (0)

/* Group setup and teardown: pcscd with SEATS readers, in a static desk. */
int crypto_desk_start(void **state);
int crypto_desk_stop(void **state);
/* Test teardown: closes handles, pulls keys. */
int crypto_desk_clear(void **state);

/* A fresh key in a reader, its device, application and container opened; nobody logged in. */
struct seat *crypto_seat(struct crypto_desk *desk, unsigned int reader, const struct desk_key *key);
/* The same, logged in. */
struct seat *crypto_user(struct crypto_desk *desk, unsigned int reader, const struct desk_key *key);
void crypto_login(struct seat *seat);
/* Opens the device's handles anew, as after a plug. */
void crypto_open(struct crypto_desk *desk, unsigned int reader);
/* Makes a container. */
HCONTAINER crypto_container(struct seat *seat, const char *name);

/* The public half as OpenSSL has it. */
EVP_PKEY *crypto_pkey_ecc(const ECCPUBLICKEYBLOB *blob);
EVP_PKEY *crypto_pkey_rsa(const RSAPUBLICKEYBLOB *blob);
/* A recipient's public key as a program of the standard passes it. */
ECCPUBLICKEYBLOB crypto_ecc_of(const struct token_public_key *key);
RSAPUBLICKEYBLOB crypto_rsa_of(const struct token_public_key *key);

#define CRYPTO_TEXT_MAX 40001 /* several turns of the key, and an odd end */

extern uint8_t crypto_text[CRYPTO_TEXT_MAX];
extern const uint8_t crypto_key[16]; /* SM4 */
extern const BLOCKCIPHERPARAM crypto_iv, crypto_iv_padded;

/* A session key wrapped for the container's encryption key by OpenSSL; returns the length. */
ULONG crypto_wrap(struct seat *seat, const uint8_t sm4_key[16], BYTE out[512]);
/* It comes in. */
HANDLE crypto_import(struct seat *seat, ULONG alg, const uint8_t sm4_key[16]);

/* SM4 by OpenSSL; returns the length. padded: PKCS#5. */
size_t crypto_sm4(const char *cipher, bool padded, const uint8_t *key, const uint8_t *iv,
		  struct uk_span in, uint8_t *out);
/* What OpenSSL makes of the first bytes of the text with crypto_key; returns the length. */
size_t crypto_expect(ULONG alg, bool padded, size_t len, uint8_t *out);
/* The same by a handle of crypto_key, in one call each way, lengths asked for and given too small.
 */
void crypto_there_and_back(HANDLE key, ULONG alg, bool padded, size_t len);

/* Tries left of the user's PIN: no call here spends one. */
ULONG crypto_tries_left(struct seat *seat);
/* That it is one of the standard's. */
void crypto_sar_check(ULONG sar);
/* OPENUKEY_TEST_LONG */
bool crypto_long_run(void);

#endif
