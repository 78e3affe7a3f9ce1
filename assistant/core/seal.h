/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages encrypted to a certificate: CMS EnvelopedData (RFC 5652) for RSA, the same under the
 * content types of GM/T 0010 for SM2, with SM4 in CBC mode inside.
 */
#ifndef OUK_CORE_SEAL_H
#define OUK_CORE_SEAL_H

#include "assistant/core/key.h"

/* Encrypts content to each of the certificates (of X509); DER. OUK_E_UNSUPPORTED. */
GBytes *ouk_seal_make(GPtrArray *certs, GBytes *content, GError **error);
/*
 * Opens one with the private key of `cert`. A key that does not give the content's key out opens
 * SM4 only. OUK_E_NOT_SEALED, OUK_E_UNSUPPORTED, and those of keys.
 */
GBytes *ouk_seal_open(const OukSigner *key, X509 *cert, GBytes *sealed, GError **error);
/* Decrypts bytes that were encrypted to the key itself: RSA PKCS #1 v1.5. OUK_E_UNSUPPORTED. */
GBytes *ouk_seal_decrypt(const OukSigner *key, GBytes *cipher, GError **error);

#endif
