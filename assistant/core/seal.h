/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages encrypted to a certificate: EnvelopedData of CMS (RFC 5652, recipients by issuer and
 * serial number) and the same under the content types of GM/T 0010.
 */
#ifndef OUK_CORE_SEAL_H
#define OUK_CORE_SEAL_H

#include "assistant/core/key.h"

/*
 * Opens one (DER) with the private key of `cert`. Keys that do not give the content's key out, as
 * ours, open what is encrypted with SM4 in CBC mode. OUK_E_NOT_SEALED, OUK_E_UNSUPPORTED, and those
 * of keys.
 */
GBytes *ouk_seal_open(const OukSigner *key, X509 *cert, GBytes *sealed, GError **error);
/*
 * Decrypts bytes that were encrypted to the key itself, RSA PKCS #1 v1.5. OUK_E_UNSUPPORTED on keys
 * that only unwrap, as GM/T 0016 has it.
 */
GBytes *ouk_seal_decrypt(const OukSigner *key, GBytes *cipher, GError **error);

#endif
