/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key pair whose private part is in a token. The public part is an EVP_PKEY of OpenSSL's own, in
 * the provider's private context: exports, comparisons, sizes and verification are left to it.
 */
#ifndef OPENUKEY_PROVIDER_KEY_H
#define OPENUKEY_PROVIDER_KEY_H

#include "common/bytes.h"
#include "provider/provider.h"

#include <p11-kit/pkcs11.h>
#include <stdint.h>

#define KEY_ID_MAX 255

struct key {
	atomic_uint refs;
	struct provider *provider;
	struct token *token; /* NULL: an empty key that OpenSSL asked for */
	EVP_PKEY *pub;
	CK_KEY_TYPE type;
	uint8_t id[KEY_ID_MAX];
	size_t id_len;
};

/* An empty one. NULL: out of memory. */
struct key *key_new(struct provider *provider);

/*
 * The private key `object`, whose public part is read from it, or from its certificate. A reference
 * to the token is taken. NULL: not a key that can be used here, raised.
 */
struct key *key_load(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);

struct key *key_ref(struct key *key);
void key_release(struct key *key);

/* "SM2", "RSA" or NULL */
const char *key_type_name(const struct key *key);

/*
 * Signs in the token. sig: size bytes; the length is returned. 0: raised. What comes back is
 * checked with the public part by the caller.
 */
size_t key_sign(const struct key *key, CK_MECHANISM *mechanism, struct uk_span in, uint8_t *sig,
		size_t size);

#endif
