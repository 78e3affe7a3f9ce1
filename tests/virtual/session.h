/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys from the other side: wrapped by OpenSSL, used, and compared with its SM4. */
#ifndef TESTS_VIRTUAL_SESSION_H
#define TESTS_VIRTUAL_SESSION_H

#include "tests/virtual/client.h"

/* AppID, ContainerID and KeyID. */
struct session {
	struct ids ids;
	uint8_t id[2];
};

enum family { FAMILY_SM2, FAMILY_RSA };

/*
 * A key with a container "c" that has both pairs of a family, opened and logged in. *ret_pair is
 * the encryption pair; the caller frees it.
 */
struct key *session_begin(const char *model, enum family family, struct session *ret_session,
			  EVP_PKEY **ret_pair);
void session_end(struct key *key, EVP_PKEY *pair);
/* Opens and logs in again, after a reset. */
void session_reopen(struct key *key, struct session *session);

/* ImportSessionKey of these bytes, wrapped to the pair. The KeyID goes into the session. */
uint16_t session_import(struct key *key, struct session *session, EVP_PKEY *pair,
			struct uk_span plain);
/* A random SM4 key, imported. */
void session_import_random(struct key *key, struct session *session, EVP_PKEY *pair,
			   uint8_t sm4_key[16]);
/* ImportSessionKey of bytes as they are. */
uint16_t session_import_raw(struct key *key, struct session *session, uint32_t alg,
			    struct uk_span wrapped);
/* Exports a new session key to the pair (78 or 5A, by its kind) and unwraps it with OpenSSL. */
uint16_t session_export(struct key *key, struct session *session, EVP_PKEY *pair,
			uint8_t sm4_key[16]);

struct sm4_settings {
	uint32_t alg; /* GM_ALG_SM4_* */
	uint32_t padding;
	uint32_t iv_len;
	uint8_t iv[16];
};

/* INS of an Init: A4, AC or BC */
uint16_t session_init(struct key *key, const struct session *session, uint8_t ins,
		      const struct sm4_settings *settings);
/* Any command of A || C || K || data. */
uint16_t session_data(struct key *key, const struct session *session, uint8_t ins,
		      struct uk_span data);

/* What OpenSSL makes of it, with 16 bytes of room more than in has. */
size_t session_sm4(const uint8_t sm4_key[16], const struct sm4_settings *settings, bool encrypt,
		   struct uk_span in, uint8_t *out);

/* Whether the key's session key is this one: one block of ECB. */
bool session_is(struct key *key, const struct session *session, const uint8_t sm4_key[16]);

#endif
