/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entry points: signatures, verification, digests, encryption, random. */
#include "pkcs11/gate.h"
#include "pkcs11/rv.h"

/* A pointer may be NULL only where there is nothing to point at. */
static bool
span_bad(const void *ptr, CK_ULONG len)
{
	return ptr == NULL && len > 0;
}

/* Room of the caller's, and where its length goes. */
struct output {
	unsigned char *ptr;
	CK_ULONG *len;
};

static CK_RV
init_checked(enum fn fn, CK_SESSION_HANDLE session, enum op_kind kind,
	     const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, fn, session);

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL)
		return op_cancel(gate.session, kind);
	if (span_bad(mechanism->pParameter, mechanism->ulParameterLen))
		return CKR_ARGUMENTS_BAD;
	return op_init(gate.session, kind, mechanism, key);
}

static CK_RV
update_checked(enum fn fn, CK_SESSION_HANDLE session, enum op_kind kind, const void *part,
	       CK_ULONG len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, fn, session);

	if (rv != CKR_OK)
		return rv;
	if (span_bad(part, len))
		return CKR_ARGUMENTS_BAD;
	return op_update(gate.session, kind, uk_span_of(part, len));
}

CK_RV
C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return init_checked(FN_C_SignInit, session, OP_SIGN, mechanism, key);
}

CK_RV
C_Sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len, unsigned char *signature,
       CK_ULONG *signature_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_Sign, session);

	if (rv != CKR_OK)
		return rv;
	if (span_bad(data, len) || signature_len == NULL)
		return CKR_ARGUMENTS_BAD;
	return op_sign(gate.session, uk_span_of(data, len), false, signature, signature_len);
}

CK_RV
C_SignUpdate(CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG len)
{
	return update_checked(FN_C_SignUpdate, session, OP_SIGN, part, len);
}

CK_RV
C_SignFinal(CK_SESSION_HANDLE session, unsigned char *signature, CK_ULONG *signature_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_SignFinal, session);

	if (rv != CKR_OK)
		return rv;
	if (signature_len == NULL)
		return CKR_ARGUMENTS_BAD;
	return op_sign(gate.session, (struct uk_span){NULL, 0}, true, signature, signature_len);
}

CK_RV
C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return init_checked(FN_C_VerifyInit, session, OP_VERIFY, mechanism, key);
}

CK_RV
C_Verify(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len, unsigned char *signature,
	 CK_ULONG signature_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_Verify, session);

	if (rv != CKR_OK)
		return rv;
	if (span_bad(data, len) || signature == NULL)
		return CKR_ARGUMENTS_BAD;
	return op_verify(gate.session, uk_span_of(data, len), false,
			 uk_span_of(signature, signature_len));
}

CK_RV
C_VerifyUpdate(CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG len)
{
	return update_checked(FN_C_VerifyUpdate, session, OP_VERIFY, part, len);
}

CK_RV
C_VerifyFinal(CK_SESSION_HANDLE session, unsigned char *signature, CK_ULONG signature_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_VerifyFinal, session);

	if (rv != CKR_OK)
		return rv;
	if (signature == NULL)
		return CKR_ARGUMENTS_BAD;
	return op_verify(gate.session, (struct uk_span){NULL, 0}, true,
			 uk_span_of(signature, signature_len));
}

/* ---- signatures that come first (3.2) ---- */

CK_RV
C_VerifySignatureInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
		      unsigned char *signature, CK_ULONG signature_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_VerifySignatureInit, session);

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL)
		return op_cancel(gate.session, OP_VERIFY);
	if (span_bad(mechanism->pParameter, mechanism->ulParameterLen) || signature == NULL)
		return CKR_ARGUMENTS_BAD;
	return op_check_init(gate.session, mechanism, key, uk_span_of(signature, signature_len));
}

CK_RV
C_VerifySignature(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_VerifySignature, session);

	if (rv != CKR_OK)
		return rv;
	if (span_bad(data, len))
		return CKR_ARGUMENTS_BAD;
	return op_check(gate.session, uk_span_of(data, len), false);
}

CK_RV
C_VerifySignatureUpdate(CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_VerifySignatureUpdate, session);

	if (rv != CKR_OK)
		return rv;
	if (span_bad(part, len))
		return CKR_ARGUMENTS_BAD;
	return op_check_update(gate.session, uk_span_of(part, len));
}

CK_RV
C_VerifySignatureFinal(CK_SESSION_HANDLE session)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_VerifySignatureFinal, session);

	return rv != CKR_OK ? rv : op_check(gate.session, (struct uk_span){NULL, 0}, true);
}

/* ---- digests ---- */

CK_RV
C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism)
{
	return init_checked(FN_C_DigestInit, session, OP_DIGEST, mechanism, CK_INVALID_HANDLE);
}

CK_RV
C_Digest(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len, unsigned char *digest,
	 CK_ULONG *digest_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_Digest, session);

	if (rv != CKR_OK)
		return rv;
	if (span_bad(data, len) || digest_len == NULL)
		return CKR_ARGUMENTS_BAD;
	return op_digest(gate.session, uk_span_of(data, len), false, digest, digest_len);
}

CK_RV
C_DigestUpdate(CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG len)
{
	return update_checked(FN_C_DigestUpdate, session, OP_DIGEST, part, len);
}

CK_RV
C_DigestFinal(CK_SESSION_HANDLE session, unsigned char *digest, CK_ULONG *digest_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_DigestFinal, session);

	if (rv != CKR_OK)
		return rv;
	if (digest_len == NULL)
		return CKR_ARGUMENTS_BAD;
	return op_digest(gate.session, (struct uk_span){NULL, 0}, true, digest, digest_len);
}

/* ---- SM4 ---- */

static CK_RV
cipher_checked(enum fn fn, CK_SESSION_HANDLE session, enum op_kind kind, struct uk_span in,
	       struct output output)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, fn, session);

	if (rv != CKR_OK)
		return rv;
	if (span_bad(in.ptr, in.len) || output.len == NULL)
		return CKR_ARGUMENTS_BAD;
	return fn == FN_C_Encrypt || fn == FN_C_Decrypt
		       ? op_cipher(gate.session, kind, in, output.ptr, output.len)
		       : op_cipher_update(gate.session, kind, in, output.ptr, output.len);
}

static CK_RV
cipher_final_checked(enum fn fn, CK_SESSION_HANDLE session, enum op_kind kind, CK_ULONG *len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, fn, session);

	if (rv != CKR_OK)
		return rv;
	return len == NULL ? CKR_ARGUMENTS_BAD : op_cipher_final(gate.session, kind, len);
}

CK_RV
C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return init_checked(FN_C_EncryptInit, session, OP_ENCRYPT, mechanism, key);
}

CK_RV
C_Encrypt(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len, unsigned char *out,
	  CK_ULONG *out_len)
{
	return cipher_checked(FN_C_Encrypt, session, OP_ENCRYPT, uk_span_of(data, len),
			      (struct output){out, out_len});
}

CK_RV
C_EncryptUpdate(CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG len, unsigned char *out,
		CK_ULONG *out_len)
{
	return cipher_checked(FN_C_EncryptUpdate, session, OP_ENCRYPT, uk_span_of(part, len),
			      (struct output){out, out_len});
}

CK_RV
C_EncryptFinal(CK_SESSION_HANDLE session, unsigned char *out, CK_ULONG *out_len)
{
	return cipher_final_checked(FN_C_EncryptFinal, session, OP_ENCRYPT, out_len);
}

CK_RV
C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return init_checked(FN_C_DecryptInit, session, OP_DECRYPT, mechanism, key);
}

CK_RV
C_Decrypt(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len, unsigned char *out,
	  CK_ULONG *out_len)
{
	return cipher_checked(FN_C_Decrypt, session, OP_DECRYPT, uk_span_of(data, len),
			      (struct output){out, out_len});
}

CK_RV
C_DecryptUpdate(CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG len, unsigned char *out,
		CK_ULONG *out_len)
{
	return cipher_checked(FN_C_DecryptUpdate, session, OP_DECRYPT, uk_span_of(part, len),
			      (struct output){out, out_len});
}

CK_RV
C_DecryptFinal(CK_SESSION_HANDLE session, unsigned char *out, CK_ULONG *out_len)
{
	return cipher_final_checked(FN_C_DecryptFinal, session, OP_DECRYPT, out_len);
}

CK_RV
C_GenerateRandom(CK_SESSION_HANDLE session, unsigned char *random, CK_ULONG len)
{
	GATE gate = {0};
	struct uk_writer out = uk_writer_of(random, len);
	enum uk_status st;
	CK_RV rv = gate_enter(&gate, FN_C_GenerateRandom, session);

	if (rv != CKR_OK)
		return rv;
	if (random == NULL)
		return CKR_ARGUMENTS_BAD;
	SLOT_AGAIN(st, (out = uk_writer_of(random, len),
			gate.slot->token->ops->random(gate.slot->token, &out, len)));
	if (st == UK_OK && out.len != len)
		st = UK_E_REPLY; /* nobody may take what was in the buffer for random */
	return slot_rv(gate.slot, st);
}
