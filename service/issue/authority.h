/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CA's key, in an HSM or in a file, and what it signs.  Whatever it is, a certificate, a list,
 * an answer: it is first made whole with no signature or that of a key that is nobody's, and can be
 * stored so; then the CA's signature takes that one's place.
 */
#ifndef CS_ISSUE_AUTHORITY_H
#define CS_ISSUE_AUTHORITY_H

#include "service/base/blob.h"
#include "service/hsm/hsm.h"
#include "service/store/issues.h"

#include <jansson.h>
#include <openssl/x509.h>

struct cs_authority_settings {
	const char *cert; /* PEM: the CA's certificate, then those above it */
	const char *key;  /* PEM; or NULL, and the key is in the HSM: */
	const char *module, *token, *pin_file, *label;
	const char *crl_url, *ocsp_url; /* told in certificates; or NULL */
	bool foreign;                   /* the CA is somebody else's: there is no key */
};

struct cs_authority {
	X509 *cert;
	EVP_PKEY *key; /* NULL: in the HSM */
	struct cs_hsm *hsm;
	const char *label;
	EVP_PKEY *nobody;  /* of the same kind */
	X509 *nobody_cert; /* the CA's name and nobody's key, signed with that */
	json_t *chain;     /* DER in hex: the CA's certificate and those above it */
	const char *crl_url, *ocsp_url;
};

/* CS_E_ARGUMENTS when key and certificate do not belong together. */
UK_CHECKED enum cs_status cs_authority_open(const struct cs_authority_settings *settings,
					    struct cs_authority *ret);
void cs_authority_close(struct cs_authority *authority);

/* The digest, and for SM2 the ID, that the CA's kind of key signs with; NULL: out of memory. */
EVP_MD_CTX *cs_authority_nobody(const struct cs_authority *authority);
/*
 * SEQUENCE { what is signed, algorithm, signature, ... } with the CA's signature in place of
 * nobody's; it is verified before it leaves here.
 */
UK_CHECKED enum cs_status cs_authority_sign(const struct cs_authority *authority,
					    struct uk_span draft, struct cs_blob *ret);

struct cs_draft {
	struct uk_span subject; /* DER of the name */
	const char *code;       /* unified social credit code; "": none */
	EVP_PKEY *key;
	bool encrypts; /* else it signs */
	int64_t not_before, not_after;
};
/*
 * A certificate with a new random serial number, upper-case hex of that in ret_serial; not yet the
 * CA's, its signature is empty. DER.
 */
UK_CHECKED enum cs_status cs_draft_make(const struct cs_authority *authority,
					const struct cs_draft *draft, struct cs_blob *ret,
					char ret_serial[CS_SERIAL_TEXT]);

#endif
