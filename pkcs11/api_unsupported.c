/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entry points that our keys cannot serve.  They pass the gate like all others, so that a bad
 * handle or a missing C_Initialize is told as such.
 */
#include "pkcs11/gate.h"

/* Session functions: UNSUPPORTED(name, answer, further parameters) */
#define UNSUPPORTED(name, answer, ...)                            \
	CK_RV name(CK_SESSION_HANDLE session, ##__VA_ARGS__)      \
	{                                                         \
		GATE gate = {0};                                  \
		CK_RV rv = gate_enter(&gate, FN_##name, session); \
                                                                  \
		return rv != CKR_OK ? rv : (answer);              \
	}

#define NO CKR_FUNCTION_NOT_SUPPORTED

typedef unsigned char byte;

/* clang-format off */
UNSUPPORTED(C_GetOperationState, NO, byte *state, CK_ULONG *len)
UNSUPPORTED(C_SetOperationState, NO, byte *state, CK_ULONG len, CK_OBJECT_HANDLE enc, CK_OBJECT_HANDLE auth)
UNSUPPORTED(C_DigestKey, NO, CK_OBJECT_HANDLE key)
UNSUPPORTED(C_SignRecoverInit, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
UNSUPPORTED(C_SignRecover, NO, byte *in, CK_ULONG in_len, byte *out, CK_ULONG *out_len)
UNSUPPORTED(C_VerifyRecoverInit, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
UNSUPPORTED(C_VerifyRecover, NO, byte *in, CK_ULONG in_len, byte *out, CK_ULONG *out_len)
UNSUPPORTED(C_DigestEncryptUpdate, NO, byte *in, CK_ULONG in_len, byte *out, CK_ULONG *out_len)
UNSUPPORTED(C_DecryptDigestUpdate, NO, byte *in, CK_ULONG in_len, byte *out, CK_ULONG *out_len)
UNSUPPORTED(C_SignEncryptUpdate, NO, byte *in, CK_ULONG in_len, byte *out, CK_ULONG *out_len)
UNSUPPORTED(C_DecryptVerifyUpdate, NO, byte *in, CK_ULONG in_len, byte *out, CK_ULONG *out_len)
UNSUPPORTED(C_GenerateKey, NO, CK_MECHANISM *mechanism, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *key)
UNSUPPORTED(C_WrapKey, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key, byte *out, CK_ULONG *out_len)
UNSUPPORTED(C_DeriveKey, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *key)
UNSUPPORTED(C_SeedRandom, CKR_RANDOM_SEED_NOT_SUPPORTED, byte *seed, CK_ULONG len)
/* PKCS#11 2.40, 5.16: legacy functions that answer just this */
UNSUPPORTED(C_GetFunctionStatus, CKR_FUNCTION_NOT_PARALLEL)
UNSUPPORTED(C_CancelFunction, CKR_FUNCTION_NOT_PARALLEL)
/* 3.0: messages are for ciphers that take a nonce each; our keys have none */
UNSUPPORTED(C_MessageEncryptInit, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
UNSUPPORTED(C_EncryptMessage, NO, void *parameter, CK_ULONG parameter_len, byte *aad, CK_ULONG aad_len, byte *in, CK_ULONG in_len, byte *out, CK_ULONG *out_len)
UNSUPPORTED(C_EncryptMessageBegin, NO, void *parameter, CK_ULONG parameter_len, byte *aad, CK_ULONG aad_len)
UNSUPPORTED(C_EncryptMessageNext, NO, void *parameter, CK_ULONG parameter_len, byte *in, CK_ULONG in_len, byte *out, CK_ULONG *out_len, CK_FLAGS flags)
UNSUPPORTED(C_MessageEncryptFinal, NO)
UNSUPPORTED(C_MessageDecryptInit, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
UNSUPPORTED(C_DecryptMessage, NO, void *parameter, CK_ULONG parameter_len, byte *aad, CK_ULONG aad_len, byte *in, CK_ULONG in_len, byte *out, CK_ULONG *out_len)
UNSUPPORTED(C_DecryptMessageBegin, NO, void *parameter, CK_ULONG parameter_len, byte *aad, CK_ULONG aad_len)
UNSUPPORTED(C_DecryptMessageNext, NO, void *parameter, CK_ULONG parameter_len, byte *in, CK_ULONG in_len, byte *out, CK_ULONG *out_len, CK_FLAGS flags)
UNSUPPORTED(C_MessageDecryptFinal, NO)
UNSUPPORTED(C_MessageSignInit, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
UNSUPPORTED(C_SignMessage, NO, void *parameter, CK_ULONG parameter_len, byte *in, CK_ULONG in_len, byte *signature, CK_ULONG *signature_len)
UNSUPPORTED(C_SignMessageBegin, NO, void *parameter, CK_ULONG parameter_len)
UNSUPPORTED(C_SignMessageNext, NO, void *parameter, CK_ULONG parameter_len, byte *in, CK_ULONG in_len, byte *signature, CK_ULONG *signature_len)
UNSUPPORTED(C_MessageSignFinal, NO)
UNSUPPORTED(C_MessageVerifyInit, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
UNSUPPORTED(C_VerifyMessage, NO, void *parameter, CK_ULONG parameter_len, byte *in, CK_ULONG in_len, byte *signature, CK_ULONG signature_len)
UNSUPPORTED(C_VerifyMessageBegin, NO, void *parameter, CK_ULONG parameter_len)
UNSUPPORTED(C_VerifyMessageNext, NO, void *parameter, CK_ULONG parameter_len, byte *in, CK_ULONG in_len, byte *signature, CK_ULONG signature_len)
UNSUPPORTED(C_MessageVerifyFinal, NO)
/* 3.2: keys of our kind wrap nothing with associated data, encapsulate nothing and never go on alone */
UNSUPPORTED(C_EncapsulateKey, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_ATTRIBUTE *t, CK_ULONG n, byte *out, CK_ULONG *out_len, CK_OBJECT_HANDLE *ret)
UNSUPPORTED(C_DecapsulateKey, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_ATTRIBUTE *t, CK_ULONG n, byte *in, CK_ULONG in_len, CK_OBJECT_HANDLE *ret)
UNSUPPORTED(C_AsyncComplete, NO, CK_UTF8CHAR *function, CK_ASYNC_DATA *result)
UNSUPPORTED(C_AsyncGetID, NO, CK_UTF8CHAR *function, CK_ULONG *id)
UNSUPPORTED(C_AsyncJoin, NO, CK_UTF8CHAR *function, CK_ULONG id, byte *data, CK_ULONG len)
UNSUPPORTED(C_WrapKeyAuthenticated, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key, byte *aad, CK_ULONG aad_len, byte *out, CK_ULONG *out_len)
UNSUPPORTED(C_UnwrapKeyAuthenticated, NO, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapping, byte *in, CK_ULONG in_len, CK_ATTRIBUTE *t, CK_ULONG n, byte *aad, CK_ULONG aad_len, CK_OBJECT_HANDLE *ret)
/* clang-format on */

/* A key is made blank with its device key (vendor interface), never with the SO PIN alone. */
CK_RV
C_InitToken(CK_SLOT_ID slot, byte *pin, CK_ULONG pin_len, byte *label)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_InitToken, slot);

	return rv != CKR_OK ? rv : NO;
}
