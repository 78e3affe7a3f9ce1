/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one PKCS #11 session of a process that works with a master key.  The key never leaves the
 * HSM: what is derived from it is an HMAC that the HSM computes.
 */
#ifndef CS_HSM_HSM_H
#define CS_HSM_HSM_H

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

#endif
