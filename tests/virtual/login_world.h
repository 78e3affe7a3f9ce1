/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CAs, certificates, revocation lists and tokens for test_login.c, good ones and others. */
#ifndef TESTS_VIRTUAL_LOGIN_WORLD_H
#define TESTS_VIRTUAL_LOGIN_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#define ORIGIN    "https://hall.openukey.test"
#define CHALLENGE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define SIGNER    "critical,digitalSignature,nonRepudiation"
#define DAY       (24 * 60 * 60)

/* One CA with one certificate of a unit, of each algorithm. */
struct party {
	const char *algorithm; /* as tokens name it */
	EVP_PKEY *ca_key, *key;
	X509 *ca, *cert;
};

struct issue {
	const char *name, *usage, *extended, *basic;
	long from, until; /* seconds from now */
};

EVP_PKEY *key_make(const struct party *party);
/* Without an issuer it signs itself. */
X509 *cert_make(EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const struct issue *issue);
X509 *ca_make(EVP_PKEY *key, const char *name);
X509 *leaf_make(const struct party *party, const char *usage, const char *extended, long from,
		long until);
/* revoked may be NULL. */
X509_CRL *list_make(const struct party *party, X509 *revoked, long from, long until);

/* A token for certificate and key over whatever is to be signed. */
char *token_over(const struct party *party, X509 *cert, const void *message, size_t len);
/* "OpenUKey-sig-v1" 00 purpose 00 origin 00 the bytes of CHALLENGE. */
char *token_make(const struct party *party, X509 *cert, const char *purpose, const char *origin);

#endif
