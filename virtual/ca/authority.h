/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rehearsal authority itself: a directory with root.crt and root.key, and what it signs. */
#ifndef CA_AUTHORITY_H
#define CA_AUTHORITY_H

#include "common/bytes.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

struct authority {
	X509 *cert;
	EVP_PKEY *key;
};

/* What a certificate is to say. Borrowed. */
struct issue {
	X509_NAME *subject;
	EVP_PKEY *key;
	const char *usage;       /* keyUsage in openssl.cnf's words */
	const char *credit_code; /* unified social credit code, or NULL */
	const char *hosts;       /* a web server's names with commas between, or NULL */
	long days;
};

/* Makes an RSA key of `bits` (0: an SM2 one). The caller frees; NULL after a message. */
EVP_PKEY *keypair_new(unsigned int bits);

/* Makes DIR and a self-signed root in it; refuses a directory that has one already. */
UK_CHECKED bool authority_init(const char *dir, bool sm2);
UK_CHECKED bool authority_open(const char *dir, struct authority *ret);
/* Frees what authority_open filled in. */
void authority_close(struct authority *authority);

/* Signs with SM3 and the default ID, or with SHA-256: false where the context cannot be made. */
UK_CHECKED bool authority_signer(EVP_MD_CTX *ctx, EVP_PKEY *key);

/* DIR/NAME in PATH_ROOM bytes. */
#define PATH_ROOM 4096
UK_CHECKED bool path_in(char *out, const char *dir, const char *name);

/* The caller frees; NULL after a message. */
X509 *authority_issue(const struct authority *authority, const struct issue *issue);

/* Whether the request is signed by the key it names (SM2: with the default ID). */
UK_CHECKED bool request_proved(X509_REQ *request);

#endif
