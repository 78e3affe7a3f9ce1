/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signed messages: CMS SignedData (RFC 5652) for RSA and EC, the same structure under the content
 * types of GM/T 0010 (1.2.156.10197.6.1.4.2.x) for SM2.
 */
#ifndef OUK_CORE_CMS_H
#define OUK_CORE_CMS_H

#include "assistant/core/key.h"

/*
 * Signs content with the certificate's key; attached: the content is part of the result (DER).
 * RSA and EC sign the usual attributes; SM2 signs the content itself, as GM/T 0010 software does.
 */
GBytes *ouk_cms_sign(const OukSigner *signer, X509 *cert, GBytes *content, gboolean attached,
		     GError **error);

typedef struct {
	GPtrArray *signers; /* of X509, at least one */
	GPtrArray *certs;   /* of X509, those that came along */
	GBytes *content;    /* what was signed */
} OukCmsResult;

/*
 * Checks every signature. cms: DER, PEM or base64; content: NULL takes the one inside; signer: the
 * certificate to use where none came along, or NULL. The signers' certificates are not judged.
 * OUK_E_NOT_A_SIGNATURE, OUK_E_NO_CONTENT, OUK_E_BAD_SIGNATURE.
 */
gboolean ouk_cms_verify(GBytes *cms, GBytes *content, X509 *signer, OukCmsResult *ret,
			GError **error);
void ouk_cms_result_clear(OukCmsResult *result);

/*
 * Whether the certificate may sign and leads to one of those in the file `ca` (PEM) today.
 * OUK_E_BAD_CHAIN.
 */
gboolean ouk_chain_check(X509 *cert, GPtrArray *others, const char *ca, GError **error);

/* Bytes of a file that may be PEM, base64 or binary, as binary. */
GBytes *ouk_binary_of(GBytes *file);

#endif
