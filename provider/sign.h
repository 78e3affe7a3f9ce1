/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One signature under way, and what is particular to SM2 and RSA in it. */
#ifndef OPENUKEY_PROVIDER_SIGN_H
#define OPENUKEY_PROVIDER_SIGN_H

#include "provider/key.h"

/* GM/T 0009, 10: who has no other ID signs with this one. */
#define SM2_DEFAULT_ID "1234567812345678"
/* ENTL is 16 bits of bits; ours is what fits well into memory. */
#define SM2_ID_MAX 1024

struct signature {
	struct provider *provider;
	struct key *key;
	bool is_sm2;
	bool begun; /* data has come */
	EVP_MD *md;
	EVP_MD_CTX *digest;       /* of a message; NULL: digests come in */
	EVP_MD_CTX *checker;      /* OpenSSL's verification of the same message */
	EVP_PKEY_CTX *own_shadow; /* when digests come in */
	EVP_PKEY_CTX *shadow;     /* checker's or own_shadow: holds all parameters */
	uint8_t distid[SM2_ID_MAX];
	size_t distid_len;
};

/* Puts Z of GM/T 0003.2 (5.5) before the message. 0: raised. */
int sm2_begin(struct signature *sig);

/*
 * Signs a digest of `md` (NULL: RSA signs `in` as it comes) with the parameters of the shadow, and
 * checks the result. out NULL: only the size. 0: raised.
 */
int sign_digest(struct signature *sig, const EVP_MD *md, struct uk_span in, uint8_t *out,
		size_t size, size_t *ret_len);

#endif
