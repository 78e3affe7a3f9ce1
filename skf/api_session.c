/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys in and out, and what they encrypt, decrypt and vouch for (7.6). */
#include "common/secret.h"
#include "skf/blob.h"
#include "skf/session_key.h"

#include <stdlib.h>
#include <string.h>

/* ---- in and out ---- */

/* X || Y || C3 || C2 of what the key made. */
static void
exported_write(const struct token_exported_key *made, ECCCIPHERBLOB *ret)
{
	uint8_t cipher[TOKEN_SM2_CIPHER_OVERHEAD + GM_BLOCK_LEN];
	struct uk_writer w = uk_writer_of(cipher, sizeof(cipher));

	uk_put(&w, uk_span_of(made->c1x, sizeof(made->c1x)));
	uk_put(&w, uk_span_of(made->c1y, sizeof(made->c1y)));
	uk_put(&w, uk_span_of(made->c3, sizeof(made->c3)));
	uk_put(&w, uk_span_of(made->c2, sizeof(made->c2)));
	blob_cipher_write(uk_writer_span(&w), ret);
}

static ULONG
export_key(struct gate *gate, ULONG alg, const struct token_public_key *recipient,
	   struct token_exported_key *ret)
{
	struct uk_span container = uk_span_str(gate->object->container);
	const struct token_ops *ops = gate->token->ops;
	enum uk_status st = ops->export_session_key(gate->token, container, alg, recipient, ret);

	if (st == UK_E_ROOM && session_keys_make_room(gate))
		st = ops->export_session_key(gate->token, container, alg, recipient, ret);
	return gate_sar(gate, st);
}

static ULONG
import_key(struct gate *gate, ULONG alg, const struct token_wrapped_key *wrapped,
	   struct token_session_key *ret)
{
	struct uk_span container = uk_span_str(gate->object->container);
	const struct token_ops *ops = gate->token->ops;
	enum uk_status st = ops->import_session_key(gate->token, container, alg, wrapped, ret);

	if (st == UK_E_ROOM && session_keys_make_room(gate))
		st = ops->import_session_key(gate->token, container, alg, wrapped, ret);
	return gate_sar(gate, st);
}

ULONG DEVAPI
SKF_RSAExportSessionKey(HCONTAINER hContainer, ULONG ulAlgId, RSAPUBLICKEYBLOB *pPubKey,
			BYTE *pbData, ULONG *pulDataLen, HANDLE *phSessionKey)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_RSAExportSessionKey, hContainer);
	struct token_exported_key made;
	struct token_public_key recipient;

	if (rv == SAR_OK)
		rv = blob_rsa_read(pPubKey, &recipient);
	if (rv != SAR_OK)
		return rv;
	if (pulDataLen == NULL || (pbData != NULL && phSessionKey == NULL))
		return SAR_INVALIDPARAMERR;
	if (!session_alg_known(ulAlgId))
		return SAR_NOTSUPPORTYETERR;
	if (pbData == NULL || *pulDataLen < recipient.bits / 8) {
		*pulDataLen = recipient.bits / 8;
		return pbData == NULL ? SAR_OK : SAR_BUFFER_TOO_SMALL;
	}
	rv = export_key(&gate, ulAlgId, &recipient, &made);
	if (rv == SAR_OK)
		rv = session_key_new(&gate, &made.key, ulAlgId, phSessionKey);
	if (rv == SAR_OK)
		rv = answer_put(uk_span_of(made.rsa, recipient.bits / 8), pbData, pulDataLen);
	return rv;
}

ULONG DEVAPI
SKF_ECCExportSessionKey(HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pPubKey,
			ECCCIPHERBLOB *pData, HANDLE *phSessionKey)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_ECCExportSessionKey, hContainer);
	struct token_exported_key made;
	struct token_public_key recipient;

	if (rv == SAR_OK)
		rv = blob_ecc_read(pPubKey, &recipient);
	if (rv != SAR_OK)
		return rv;
	if (pData == NULL || phSessionKey == NULL)
		return SAR_INVALIDPARAMERR;
	if (!session_alg_known(ulAlgId))
		return SAR_NOTSUPPORTYETERR;
	rv = export_key(&gate, ulAlgId, &recipient, &made);
	if (rv == SAR_OK)
		rv = session_key_new(&gate, &made.key, ulAlgId, phSessionKey);
	if (rv == SAR_OK)
		exported_write(&made, pData);
	return rv;
}

ULONG DEVAPI
SKF_ImportSessionKey(HCONTAINER hContainer, ULONG ulAlgId, BYTE *pbWrapedData, ULONG ulWrapedLen,
		     HANDLE *phKey)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_ImportSessionKey, hContainer);
	struct token_wrapped_key wrapped;
	struct token_session_key made;

	if (rv != SAR_OK)
		return rv;
	if (phKey == NULL)
		return SAR_INVALIDPARAMERR;
	if (!session_alg_known(ulAlgId))
		return SAR_NOTSUPPORTYETERR;
	rv = blob_wrapped_key_read(uk_span_of(pbWrapedData, ulWrapedLen), &wrapped);
	if (rv != SAR_OK)
		return rv;
	rv = import_key(&gate, ulAlgId, &wrapped, &made);
	return rv == SAR_OK ? session_key_new(&gate, &made, ulAlgId, phKey) : rv;
}

/* ---- encrypt and decrypt ---- */

static enum token_cipher_job
job_of(enum fn fn)
{
	return fn <= FN_SKF_EncryptFinal ? TOKEN_CIPHER_ENCRYPT : TOKEN_CIPHER_DECRYPT;
}

static ULONG
run_begin(enum fn fn, HANDLE handle, const BLOCKCIPHERPARAM *param)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, fn, handle);
	struct session_key *key;

	if (rv != SAR_OK)
		return rv;
	key = gate.object->state;
	/* A key for MACs makes nothing else. */
	if (key->alg == GM_ALG_SM4_MAC)
		return SAR_KEYUSAGEERR;
	return cipher_begin(&key->runs[job_of(fn)], job_of(fn), key->alg, param);
}

static ULONG
run_step(enum fn fn, HANDLE handle, enum cipher_step step, struct uk_span in, BYTE *out,
	 ULONG *out_len)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, fn, handle);
	struct session_key *key;

	if (rv != SAR_OK)
		return rv;
	key = gate.object->state;
	const struct cipher_call call = {&gate, &key->key, &key->runs[job_of(fn)], step, in};
	return cipher_step(&call, out, out_len);
}

ULONG DEVAPI
SKF_EncryptInit(HANDLE hKey, BLOCKCIPHERPARAM EncryptParam)
{
	return run_begin(FN_SKF_EncryptInit, hKey, &EncryptParam);
}

ULONG DEVAPI
SKF_Encrypt(HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData,
	    ULONG *pulEncryptedLen)
{
	return run_step(FN_SKF_Encrypt, hKey, CIPHER_ALL, uk_span_of(pbData, ulDataLen),
			pbEncryptedData, pulEncryptedLen);
}

ULONG DEVAPI
SKF_EncryptUpdate(HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData,
		  ULONG *pulEncryptedLen)
{
	return run_step(FN_SKF_EncryptUpdate, hKey, CIPHER_UPDATE, uk_span_of(pbData, ulDataLen),
			pbEncryptedData, pulEncryptedLen);
}

ULONG DEVAPI
SKF_EncryptFinal(HANDLE hKey, BYTE *pbEncryptedData, ULONG *pulEncryptedDataLen)
{
	return run_step(FN_SKF_EncryptFinal, hKey, CIPHER_FINAL, (struct uk_span){0},
			pbEncryptedData, pulEncryptedDataLen);
}

ULONG DEVAPI
SKF_DecryptInit(HANDLE hKey, BLOCKCIPHERPARAM DecryptParam)
{
	return run_begin(FN_SKF_DecryptInit, hKey, &DecryptParam);
}

ULONG DEVAPI
SKF_Decrypt(HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData,
	    ULONG *pulDataLen)
{
	return run_step(FN_SKF_Decrypt, hKey, CIPHER_ALL,
			uk_span_of(pbEncryptedData, ulEncryptedLen), pbData, pulDataLen);
}

ULONG DEVAPI
SKF_DecryptUpdate(HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData,
		  ULONG *pulDataLen)
{
	return run_step(FN_SKF_DecryptUpdate, hKey, CIPHER_UPDATE,
			uk_span_of(pbEncryptedData, ulEncryptedLen), pbData, pulDataLen);
}

ULONG DEVAPI
SKF_DecryptFinal(HANDLE hKey, BYTE *pbDecryptedData, ULONG *pulDecryptedDataLen)
{
	return run_step(FN_SKF_DecryptFinal, hKey, CIPHER_FINAL, (struct uk_span){0},
			pbDecryptedData, pulDecryptedDataLen);
}

/* ---- any of them ---- */

ULONG DEVAPI
SKF_CloseHandle(HANDLE hHandle)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_CloseHandle, hHandle);

	if (rv == SAR_OK)
		object_close(gate.object);
	return rv;
}
