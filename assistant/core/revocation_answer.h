/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a CA answered, proven or not. No network here: bytes in, verdict out. */
#ifndef OUK_CORE_REVOCATION_ANSWER_H
#define OUK_CORE_REVOCATION_ANSWER_H

#include "assistant/core/revocation.h"

#include <openssl/ocsp.h>

/* A question to an OCSP responder, with a nonce. */
OCSP_REQUEST *revocation_question(X509 *x509, X509 *issuer);

/*
 * Both set state, why, revoked_at, reason and answer_until in *ret; now is Unix time. Whatever is
 * not proven is NOT_CHECKED.
 */
void revocation_judge_ocsp(GBytes *answer, OCSP_REQUEST *question, X509 *issuer, gint64 now,
			   OukRevocation *ret);
void revocation_judge_crl(GBytes *answer, X509 *x509, X509 *issuer, gint64 now, OukRevocation *ret);

/* Whether issuer's key signed it; SM2 with the default ID. */
gboolean revocation_is_issued_by(X509 *x509, X509 *issuer);

/* Addresses with http or https, of char *; the array owns them. */
GPtrArray *revocation_ocsp_addresses(X509 *x509);
GPtrArray *revocation_crl_addresses(X509 *x509);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_REQUEST, OCSP_REQUEST_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_BASICRESP, OCSP_BASICRESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_CRL, X509_CRL_free)

#endif
