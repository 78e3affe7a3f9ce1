/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations of a session: search, signature, verification, digest. */
#ifndef UK_PKCS11_OP_H
#define UK_PKCS11_OP_H

#include "common/pkcs11.h"
#include "drivers/crypto/crypto.h"
#include "pkcs11/mech.h"
#include "pkcs11/slot.h"

enum op_kind { OP_SIGN, OP_VERIFY, OP_DIGEST, OP_ENCRYPT, OP_DECRYPT, OP_KINDS };

/* The longest input a mechanism takes as it is: a DigestInfo under RSA-2048. */
#define OP_DATA_MAX 256

/* What an operation needs of its key; a copy, as objects may be read anew meanwhile. */
struct op_key {
	char container[TOKEN_NAME_MAX];
	struct token_public_key public_key;
	bool always_authenticate;
	struct token_session_key session_key; /* of SM4 mechanisms */
};

/* A sign, verify or digest operation; active while mech is not NULL. */
struct op {
	const struct mech *mech;
	struct op_key key;
	bool authenticated; /* C_Login(CKU_CONTEXT_SPECIFIC) came first */
	bool updated;       /* C_*Update was called */
	uint8_t *signature; /* verify: given at the start (3.2), owned; NULL: comes with the end */
	size_t signature_len;
	struct crypto_digest *digest;
	uint8_t data[OP_DATA_MAX]; /* input of mechanisms that do not hash */
	size_t data_len;           /* SM4: of a block that is not whole yet */
	uint8_t iv[GM_BLOCK_LEN];  /* SM4: of the next block; the MAC so far */
	bool blocks;               /* SM4: some were processed */
};

struct op_find {
	bool active;
	CK_OBJECT_HANDLE *handles; /* owned */
	CK_ULONG count, next;
};

/* All functions want the slot's lock. */

CK_RV op_find_init(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count);
CK_RV op_find_next(struct session *session, CK_OBJECT_HANDLE *out, CK_ULONG max,
		   CK_ULONG *ret_count);
void op_find_end(struct op_find *find);

/* Sign and verify want a key handle; digests ignore it. */
CK_RV op_init(struct session *session, enum op_kind kind, const CK_MECHANISM *mechanism,
	      CK_OBJECT_HANDLE key);
CK_RV op_update(struct session *session, enum op_kind kind, struct uk_span part);

/* A verification that is given the signature first (3.2, 5.15): the calls of C_VerifySignature*. */
CK_RV op_check_init(struct session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
		    struct uk_span signature);
CK_RV op_check_update(struct session *session, struct uk_span part);
CK_RV op_check(struct session *session, struct uk_span data, bool final);

/*
 * Output by the two-call rule (PKCS#11 2.40, 5.2): out NULL or too small leaves the operation
 * active. data.ptr NULL with `final` means C_*Final.
 */
CK_RV op_digest(struct session *session, struct uk_span data, bool final, uint8_t *out,
		CK_ULONG *len);
CK_RV op_sign(struct session *session, struct uk_span data, bool final, uint8_t *out,
	      CK_ULONG *len);
CK_RV op_verify(struct session *session, struct uk_span data, bool final, struct uk_span signature);

/* Encrypt and decrypt: one piece, and at the end what is left (nothing, or an error). */
CK_RV op_cipher(struct session *session, enum op_kind kind, struct uk_span in, uint8_t *out,
		CK_ULONG *len);
CK_RV op_cipher_update(struct session *session, enum op_kind kind, struct uk_span in, uint8_t *out,
		       CK_ULONG *len);
CK_RV op_cipher_final(struct session *session, enum op_kind kind, CK_ULONG *len);

/* For op.c: takes in data of a MAC; the MAC itself, one block. */
CK_RV op_mac_add(struct session *session, struct op *op, struct uk_span part);
CK_RV op_mac_finish(struct op *op, struct uk_writer *out);
/* Whether the answer has to wait: a size was asked for, or the buffer is too small. */
bool op_two_call_waits(const uint8_t *out, CK_ULONG *len, CK_ULONG needed, CK_RV *ret);

/* A session's operation of a kind, active or not; not to be written to unless it is active. */
struct op *op_of(const struct session *session, enum op_kind kind);
/* Ends all and frees them: before their session goes. */
void ops_free(struct session *session);

/* C_*Init without a mechanism (3.0): ends the operation. CKR_ARGUMENTS_BAD when there is none. */
CK_RV op_cancel(struct session *session, enum op_kind kind);

/* Ends an operation, active or not; lets go of a transaction that a context login holds. */
void op_end(struct slot *slot, struct op *op);
/* After a logout: what uses a private key ends. */
void op_end_private(struct slot *slot, struct session *session);

#endif
