/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a KIND_KEY and a KIND_MAC handle stand for. */
#ifndef UK_SKF_SESSION_KEY_H
#define UK_SKF_SESSION_KEY_H

#include "skf/cipher.h"

/* The key's bytes are in the key, and only there. */
struct session_key {
	struct token_session_key key;
	uint32_t alg;              /* as the caller named it when it was made */
	struct cipher_run runs[2]; /* by enum token_cipher_job: ENCRYPT and DECRYPT */
};

/* Which SM4 mode a number names: GM_ALG_SM4_ECB, _CBC or _MAC; false for every other algorithm. */
bool session_alg_known(ULONG alg);

/*
 * A handle for a key that has just been made, below the gate's container; when that cannot be, the
 * key is destroyed again.
 */
ULONG session_key_new(struct gate *gate, const struct token_session_key *key, uint32_t alg,
		      HANDLE *ret);

/*
 * The key has no room for one more: ends those in it that were closed while nobody was logged in.
 * True when it was worth it.
 */
bool session_keys_make_room(struct gate *gate);

#endif
