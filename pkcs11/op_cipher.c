/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SM4 with keys that live in the key.  Each C_* call is one transaction there, with what it needs
 * to go on kept here: the next IV, and the bytes of a block that is not whole yet.  So other
 * programs may use the key in between, and nothing hangs in it.
 */
#include "pkcs11/op.h"

#include "pkcs11/rv.h"
#include "pkcs11/session.h"

#include <stdlib.h>
#include <string.h>

static void
bytes_free(uint8_t **bytes)
{
	free(*bytes);
}

/* A key lost to a reset is no key any more. */
static CK_RV
cipher_rv(struct slot *slot, enum uk_status st)
{
	return st == UK_E_NOT_FOUND ? CKR_KEY_HANDLE_INVALID : slot_rv(slot, st);
}

static enum token_cipher_job
job_of(enum op_kind kind)
{
	switch (kind) {
	case OP_ENCRYPT:
		return TOKEN_CIPHER_ENCRYPT;
	case OP_DECRYPT:
		return TOKEN_CIPHER_DECRYPT;
	default:
		return TOKEN_CIPHER_MAC;
	}
}

/* Whole blocks through the key; sets the IV for what follows. */
static CK_RV
blocks_run(struct session *session, enum op_kind kind, struct op *op, struct uk_span in,
	   struct uk_writer *out)
{
	struct slot *slot = session->slot;
	struct token_cipher cipher = {.job = job_of(kind), .alg = op->mech->alg};
	uint8_t last[GM_BLOCK_LEN];
	CK_RV rv;

	if (in.len == 0)
		return CKR_OK;
	memcpy(cipher.iv, op->iv, sizeof(cipher.iv));
	/* out may be in itself: keep what decryption needs of it */
	memcpy(last, in.ptr + in.len - sizeof(last), sizeof(last));
	rv = cipher_rv(slot, slot->token->ops->session_cipher(slot->token, &op->key.session_key,
							      &cipher, in, out));
	if (rv != CKR_OK)
		return rv;
	if (out->overflow || out->len < GM_BLOCK_LEN)
		return CKR_DEVICE_ERROR;
	if (kind != OP_DECRYPT)
		memcpy(last, out->ptr + out->len - sizeof(last), sizeof(last));
	memcpy(op->iv, last, sizeof(op->iv));
	op->blocks = true;
	return CKR_OK;
}

/* What is left of the last call and this one's input, as whole blocks; the rest is kept. */
static CK_RV
blocks_gather(struct op *op, struct uk_span in, uint8_t **ret, size_t *ret_len)
{
	size_t whole = (op->data_len + in.len) / GM_BLOCK_LEN * GM_BLOCK_LEN;
	size_t taken = whole == 0 ? in.len : whole - op->data_len;
	uint8_t *bytes;

	*ret_len = whole;
	if (whole == 0) {
		if (in.len > 0)
			memcpy(op->data + op->data_len, in.ptr, in.len);
		op->data_len += in.len;
		return CKR_OK;
	}
	bytes = malloc(whole);
	if (bytes == NULL)
		return CKR_HOST_MEMORY;
	memcpy(bytes, op->data, op->data_len);
	memcpy(bytes + op->data_len, in.ptr, taken);
	op->data_len = in.len - taken;
	memcpy(op->data, in.ptr + taken, op->data_len);
	*ret = bytes;
	return CKR_OK;
}

CK_RV
op_mac_add(struct session *session, struct op *op, struct uk_span part)
{
	UK_CLEANUP(bytes_free) uint8_t *bytes = NULL;
	uint8_t mac[GM_BLOCK_LEN];
	struct uk_writer out = uk_writer_of(mac, sizeof(mac));
	size_t len = 0;
	CK_RV rv = blocks_gather(op, part, &bytes, &len);

	return rv != CKR_OK ? rv : blocks_run(session, OP_SIGN, op, uk_span_of(bytes, len), &out);
}

CK_RV
op_mac_finish(struct op *op, struct uk_writer *out)
{
	if (op->data_len != 0 || !op->blocks)
		return CKR_DATA_LEN_RANGE;
	uk_put(out, uk_span_of(op->iv, sizeof(op->iv)));
	return CKR_OK;
}

static CK_RV
length_error(enum op_kind kind)
{
	return kind == OP_DECRYPT ? CKR_ENCRYPTED_DATA_LEN_RANGE : CKR_DATA_LEN_RANGE;
}

static CK_RV
piece_run(struct session *session, enum op_kind kind, struct uk_span in, uint8_t *out,
	  CK_ULONG *len)
{
	struct op *op = op_of(session, kind);
	UK_CLEANUP(bytes_free) uint8_t *bytes = NULL;
	struct uk_writer writer = uk_writer_of(out, *len);
	size_t whole = 0;
	CK_RV rv = blocks_gather(op, in, &bytes, &whole);

	if (rv == CKR_OK)
		rv = blocks_run(session, kind, op, uk_span_of(bytes, whole), &writer);
	if (rv == CKR_OK)
		*len = writer.len;
	return rv;
}

CK_RV
op_cipher_update(struct session *session, enum op_kind kind, struct uk_span in, uint8_t *out,
		 CK_ULONG *len)
{
	struct op *op = op_of(session, kind);
	CK_ULONG needed = (op->data_len + in.len) / GM_BLOCK_LEN * GM_BLOCK_LEN;
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op_two_call_waits(out, len, needed, &rv))
		return rv;
	op->updated = true;
	rv = piece_run(session, kind, in, out, len);
	if (rv != CKR_OK)
		op_end(session->slot, op);
	return rv;
}

CK_RV
op_cipher_final(struct session *session, enum op_kind kind, CK_ULONG *len)
{
	struct op *op = op_of(session, kind);
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	/* Without padding nothing can be left to give out. */
	rv = op->data_len != 0 ? length_error(kind) : CKR_OK;
	*len = 0;
	op_end(session->slot, op);
	return rv;
}

CK_RV
op_cipher(struct session *session, enum op_kind kind, struct uk_span in, uint8_t *out,
	  CK_ULONG *len)
{
	struct op *op = op_of(session, kind);
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->updated)
		return CKR_OPERATION_ACTIVE;
	if (op_two_call_waits(out, len, in.len, &rv))
		return rv;
	rv = in.len % GM_BLOCK_LEN != 0 ? length_error(kind)
					: piece_run(session, kind, in, out, len);
	op_end(session->slot, op);
	return rv;
}
