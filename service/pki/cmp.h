/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CMP message (RFC 4210) that asks for a certificate, as a proof: signed with the key of an old
 * certificate, with proof of possession of the new key.
 */
#ifndef CS_PKI_CMP_H
#define CS_PKI_CMP_H

#include "service/base/blob.h"

#include <openssl/x509.h>

#define CS_CMP_MAX 8192

struct cs_cmp_request {
	EVP_PKEY *key;      /* the new one; the caller frees */
	struct cs_blob csr; /* DER of a PKCS #10; empty for a key update request */
};

void cs_cmp_request_clear(struct cs_cmp_request *request);

#define CS_CMP_REQUEST UK_CLEANUP(cs_cmp_request_clear) struct cs_cmp_request

/*
 * kur or p10cr, DER.  CS_E_PROOF unless its protection is `old`'s own signature, the new key has
 * signed too, and a key update names exactly that certificate as the old one.
 */
UK_CHECKED enum cs_status cs_cmp_request_read(struct uk_span message, X509 *old,
					      struct cs_cmp_request *ret);

/* The new key that a certificate template asks for; NULL: none. The caller frees. */
struct ossl_crmf_certtemplate_st;
EVP_PKEY *cs_cmp_template_key(const struct ossl_crmf_certtemplate_st *template);

/* Whether a key update is of exactly that certificate. */
struct ossl_crmf_msg_st;
bool cs_cmp_update_of(const struct ossl_crmf_msg_st *request, X509 *old);

/* libcrypto's log, to nowhere: what it would print is about messages that anybody may send. */
int cs_cmp_log_nothing(const char *function, const char *file, int line, int level,
		       const char *message);

#endif
