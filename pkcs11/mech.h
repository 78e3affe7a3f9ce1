/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mechanisms as rows: adding one is adding a row and its vector in tests/p11. */
#ifndef UK_PKCS11_MECH_H
#define UK_PKCS11_MECH_H

#include "common/pkcs11.h"
#include "drivers/crypto/crypto.h"
#include "drivers/token.h"

/* The kind of key; the first two are enum token_key_type's. */
enum mech_key {
	MECH_KEY_NONE,
	MECH_KEY_RSA = TOKEN_KEY_RSA,
	MECH_KEY_SM2 = TOKEN_KEY_SM2,
	MECH_KEY_SM4,
};

enum mech_input {
	INPUT_NONE,        /* key generation */
	INPUT_DIGEST_INFO, /* RSA: the caller's DigestInfo, taken as it is */
	INPUT_DIGEST,      /* SM2: SM3(Z || M) */
	INPUT_MESSAGE,     /* hashed by us */
	INPUT_BLOCKS,      /* SM4: whole blocks, sent as they come */
};

enum mech_form {
	FORM_NONE,
	FORM_PKCS1, /* RSA: as long as the modulus */
	FORM_RAW,   /* SM2: r || s */
	FORM_DER,   /* SM2: SEQUENCE { r, s } */
	FORM_MAC,   /* SM4: one block */
};

/* Whose ID goes into Z (GM/T 0009). */
enum mech_id { ID_NONE, ID_DEFAULT, ID_PARAMETER };

struct mech {
	CK_MECHANISM_TYPE type;
	enum mech_key key;
	enum mech_input input;
	enum crypto_hash hash; /* of INPUT_MESSAGE and digests */
	enum mech_form form;
	enum mech_id id;
	CK_MECHANISM_INFO info;
	uint32_t alg; /* GM_ALG_SM4_*: what an SM4 key is told */
};

/* NULL when it is not in the table. */
const struct mech *mech_find(CK_MECHANISM_TYPE type);
/* Two-call, as C_GetMechanismList. */
CK_RV mech_list(CK_MECHANISM_TYPE *out, CK_ULONG *count);

#endif
