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

/* A data object for a file of the application; its value is not read yet. */
struct object *object_of_file(struct uk_span name, const char *application,
			      const struct token_file *file);
/* A CA certificate kept in a file; NULL when memory runs out. */
struct object *object_of_ca_certificate(struct uk_span file, const struct crypto_cert *cert,
					struct uk_span der);
/* A session object for a symmetric key that lives in the key; label and id may be empty. */
struct object *object_of_session_key(const struct token_session_key *key, struct uk_span label,
				     struct uk_span id);
/* Sets a data object's value; false when memory runs out. */
bool object_value_set(struct object *object, struct uk_span value);

/* NULL is legal. */
void object_free(struct object *object);

#endif
