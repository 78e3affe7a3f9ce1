/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What runs with a session key.  The key does whole blocks, each call in transactions of its own;
 * what is needed to go on is kept here: the next IV, and bytes of a block that is not whole yet. So
 * other programs may use the key in between, and nothing hangs in it.  Padding is done here as
 * well.
 */
#ifndef UK_SKF_CIPHER_H
#define UK_SKF_CIPHER_H

#include "skf/gate.h"

struct cipher_run {
	enum token_cipher_job job;
	uint32_t alg;
	bool active;
	bool updated; /* too late for a call that does it all */
	bool padded;
	uint8_t iv[GM_BLOCK_LEN]; /* of the block to come; of a MAC, what it is so far */
	uint8_t held[GM_BLOCK_LEN];
	size_t held_len;
};

enum cipher_step { CIPHER_ALL, CIPHER_UPDATE, CIPHER_FINAL };

struct cipher_call {
	struct gate *gate;
	const struct token_session_key *key;
	struct cipher_run *run;
	enum cipher_step step;
	struct uk_span in;
};

/*
 * Begins anew, whatever ran before. alg: GM_ALG_SM4_ECB, _CBC, _MAC; param: the caller's. A wrong
 * IVLen is SAR_INVALIDPARAMERR, a padding other than none and PKCS#5 SAR_NOTSUPPORTYETERR.
 */
ULONG cipher_begin(struct cipher_run *run, enum token_cipher_job job, uint32_t alg,
		   const BLOCKCIPHERPARAM *param);
/* Wipes it. */
void cipher_end(struct cipher_run *run);

/*
 * One step of encryption or decryption under the two-call rule: without `out` nothing happens but
 * that *out_len becomes what the step may give at most.  SAR_NOTINITIALIZEERR: none runs.  These
 * leave everything as it is: SAR_BUFFER_TOO_SMALL; SAR_OBJERR, ALL after UPDATE; a NULL that must
 * not be one.  Every other failure ends the run.
 */
ULONG cipher_step(const struct cipher_call *call, BYTE *out, ULONG *out_len);
/* One step of a MAC; `out` is not looked at by UPDATE. */
ULONG cipher_mac_step(const struct cipher_call *call, BYTE *out, ULONG *out_len);

#endif
