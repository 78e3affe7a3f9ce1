/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one PKCS #11 session of a process that works with a key which never leaves the HSM: a master
 * that others are derived from, a key that seals others, a CA's key that signs.
 */
#ifndef CS_HSM_HSM_H
#define CS_HSM_HSM_H

#include "service/base/blob.h"
#include "service/base/random.h"

struct cs_hsm;

/*
 * module: path of the PKCS #11 library; token: its label; pin: of the user.  CS_E_UNAVAILABLE when
 * there is no such token, CS_E_DENIED for a wrong PIN.  cs_hsm_close frees.
 */
UK_CHECKED enum cs_status cs_hsm_open(const char *module, const char *token, struct uk_span pin,
				      struct cs_hsm **ret);
void cs_hsm_close(struct cs_hsm *hsm);

/*
 * HMAC-SHA-256 under the secret key with this label.  CS_E_NOT_FOUND without such a key;
 * CS_E_DENIED for one that could be read out: a master that somebody may have copied is none.
 */
UK_CHECKED enum cs_status cs_hsm_hmac(struct cs_hsm *hsm, const char *label, struct uk_span data,
				      uint8_t ret[CS_HASH_LEN]);

/* Makes a new non-extractable key for it; CS_E_EXISTS. */
UK_CHECKED enum cs_status cs_hsm_make(struct cs_hsm *hsm, const char *label);

/*
 * AES-256-GCM under the secret key with this label; where: what the bytes belong to, they open
 * there and nowhere else.  Errors as of cs_hsm_hmac; CS_E_CORRUPT for what was not sealed so.
 */
UK_CHECKED enum cs_status cs_hsm_seal(struct cs_hsm *hsm, const char *label, struct uk_span where,
				      struct uk_span plain, struct cs_blob *ret);
UK_CHECKED enum cs_status cs_hsm_unseal(struct cs_hsm *hsm, const char *label, struct uk_span where,
					struct uk_span sealed, struct cs_blob *ret);
/* Makes a new non-extractable AES key for it; CS_E_EXISTS. */
UK_CHECKED enum cs_status cs_hsm_make_aes(struct cs_hsm *hsm, const char *label);

#define CS_HSM_KEK_LEN     32
#define CS_HSM_WRAPPED_LEN 40

/*
 * A new secret of 256 bits, wrapped (AES key wrap, RFC 3394) under each of the keys; the HSM keeps
 * nothing of it.  Installing one of the copies makes a key of it that cannot be read out: what is
 * used has been proved to come back.  CS_E_PROOF for the wrong key or copy, CS_E_EXISTS.
 */
UK_CHECKED enum cs_status cs_hsm_draft(struct cs_hsm *hsm, const uint8_t (*keks)[CS_HSM_KEK_LEN],
				       size_t keks_len, uint8_t (*ret_wrapped)[CS_HSM_WRAPPED_LEN]);
UK_CHECKED enum cs_status cs_hsm_install(struct cs_hsm *hsm, const char *label,
					 const uint8_t kek[CS_HSM_KEK_LEN],
					 const uint8_t wrapped[CS_HSM_WRAPPED_LEN]);

enum cs_hsm_algorithm {
	CS_HSM_RSA_SHA256, /* PKCS #1 v1.5 */
	CS_HSM_SM2_SM3,    /* default ID, DER; by the vendor mechanism of the Chinese HSM family */
};
/* A signature over the message by the private key with this label; errors as of cs_hsm_hmac. */
UK_CHECKED enum cs_status cs_hsm_sign(struct cs_hsm *hsm, const char *label,
				      enum cs_hsm_algorithm algorithm, struct uk_span message,
				      struct cs_blob *ret);

#endif
