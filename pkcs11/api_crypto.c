/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entry points: signatures, verification, digests, random. */
#include "pkcs11/gate.h"
#include "pkcs11/rv.h"

/* A pointer may be NULL only where there is nothing to point at. */
static bool
span_bad(const void *ptr, CK_ULONG len)
{
	return ptr == NULL && len > 0;
}

static CK_RV
init_checked(enum fn fn, CK_SESSION_HANDLE session, enum op_kind kind,
	     const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, fn, session);

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL || span_bad(mechanism->pParameter, mechanism->ulParameterLen))
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
	return slot_rv(gate.slot, st);
}
