/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what the key gave to PKCS#11 objects: pure functions, no command is sent. */
#ifndef UK_PKCS11_OBJECT_BUILD_H
#define UK_PKCS11_OBJECT_BUILD_H

#include "pkcs11/object.h"

/* Where a pair is and what its model does. */
struct object_source {
	struct uk_span container;
	enum token_pair pair;
	bool always_authenticate;
};

/* A certificate object; der was read as cert. NULL when memory runs out. */
struct object *object_of_certificate(const struct object_source *source,
				     const struct crypto_cert *cert, struct uk_span der);
/* A key object of class CKO_PUBLIC_KEY or CKO_PRIVATE_KEY; cert may be NULL. */
struct object *object_of_key(const struct object_source *source, CK_OBJECT_CLASS class_,
			     const struct token_public_key *key, const struct crypto_cert *cert);
/* The certificate's key in the token's terms; false when it is no key of ours. */
bool object_key_of_certificate(const struct crypto_cert *cert, struct token_public_key *ret);

/* NULL is legal. */
void object_free(struct object *object);

#endif
