/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key pairs on a token: public parts for libcrypto, private ones for signing. */
#ifndef OUK_CORE_KEY_H
#define OUK_CORE_KEY_H

#include "assistant/core/object.h"
#include "assistant/core/ossl.h"

typedef enum { OUK_KEY_RSA, OUK_KEY_SM2, OUK_KEY_EC, OUK_KEY_OTHER } OukKeyType;

OukKeyType ouk_key_type(EVP_PKEY *key);
/* What a signature of such a key is made over: SHA-256, or SM3. */
const EVP_MD *ouk_key_digest(OukKeyType type);

/* A private key ready to sign with; the token's session is logged in. */
typedef struct {
	OukToken *token; /* borrowed */
	CK_OBJECT_HANDLE handle;
	EVP_PKEY *public_key; /* borrowed */
	gboolean always_authenticate;
	const struct uk_secret *pin; /* borrowed; for always_authenticate */
	const EVP_MD *digest;        /* RSA only; NULL: ouk_key_digest */
} OukSigner;

/* The public key object as libcrypto has it. The caller frees. */
EVP_PKEY *ouk_key_public(OukToken *token, CK_OBJECT_HANDLE object, GError **error);

/* An SM2 public key from its encoded point; NULL when that is not on the curve. */
EVP_PKEY *ouk_key_sm2(const guint8 *point, gsize len);

/* Finds the private key with this CKA_ID. OUK_E_NO_PRIVATE_KEY. */
gboolean ouk_signer_find(OukSigner *signer, OukToken *token, GBytes *id, EVP_PKEY *public_key,
			 GError **error);
/*
 * Signs data in the form certificates and CMS use: RSA PKCS #1 v1.5 with SHA-256 (or the signer's
 * digest), SM2 with SM3 and the default ID in DER, ECDSA with SHA-256 in DER. OUK_E_UNSUPPORTED
 * when the token cannot.
 */
GBytes *ouk_signer_sign(const OukSigner *signer, GBytes *data, GError **error);

/* Whether such a signature over data matches. */
gboolean ouk_signature_check(EVP_PKEY *key, GBytes *data, GBytes *signature);
/* The same with another digest than the key's own; NULL: that. */
gboolean ouk_signature_check_with(EVP_PKEY *key, const EVP_MD *digest, GBytes *data,
				  GBytes *signature);

#endif
