/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public part of what is in a token, in the provider's private context. NULL: it cannot be
 * read, or is neither RSA nor SM2; nothing is raised.
 */
#ifndef OPENUKEY_PROVIDER_PUBLIC_H
#define OPENUKEY_PROVIDER_PUBLIC_H

#include "provider/provider.h"

#include <p11-kit/pkcs11.h>
#include <stdint.h>

/* Nothing on a key is longer: a certificate, a public key. */
#define ATTRIBUTE_MAX 65536

/*
 * An attribute's value, malloc'd; NULL when there is none, it is empty, or longer than
 * ATTRIBUTE_MAX.
 */
uint8_t *attribute_get(const struct token *token, CK_SESSION_HANDLE session,
		       CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, size_t *ret_len);

/* Of a public or private key object. */
EVP_PKEY *public_of_object(const struct token *token, CK_SESSION_HANDLE session,
			   CK_OBJECT_HANDLE object);

EVP_PKEY *public_of_certificate(const struct token *token, CK_SESSION_HANDLE session,
				CK_OBJECT_HANDLE object);

#endif
