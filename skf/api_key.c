/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key pairs: made in the key, brought in wrapped, their public halves out (7.6). */
#include "skf/blob.h"
#include "skf/gate.h"

#include <string.h>

ULONG DEVAPI
SKF_GenRandom(DEVHANDLE hDev, BYTE *pbRandom, ULONG ulRandomLen)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_GenRandom, hDev);
	struct uk_writer out = uk_writer_of(pbRandom, ulRandomLen);
	enum uk_status st;

	if (rv != SAR_OK)
		return rv;
	if (ulRandomLen == 0)
		return SAR_OK;
	if (pbRandom == NULL)
		return SAR_INVALIDPARAMERR;
	TOKEN_AGAIN(st, (out = uk_writer_of(pbRandom, ulRandomLen),
			 gate.token->ops->random(gate.token, &out, ulRandomLen)));
	if (st == UK_OK && out.len != ulRandomLen)
		st = UK_E_REPLY; /* nobody may take what was in the buffer for random */
	return gate_sar(&gate, st);
}

/* ---- made in the key ---- */

ULONG DEVAPI
SKF_GenRSAKeyPair(HCONTAINER hContainer, ULONG ulBitsLen, RSAPUBLICKEYBLOB *pBlob)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_GenRSAKeyPair, hContainer);
	struct token_public_key key;

	if (rv != SAR_OK)
		return rv;
	if (pBlob == NULL)
		return SAR_INVALIDPARAMERR;
	if (ulBitsLen != 1024 && ulBitsLen != 2048)
		return SAR_RSAMODULUSLENERR;
	rv = gate_sar(&gate,
		      gate.token->ops->generate(gate.token, uk_span_str(gate.object->container),
						TOKEN_KEY_RSA, ulBitsLen, &key));
	if (rv == SAR_OK)
		blob_rsa_write(&key, pBlob);
	return rv;
}

/* SGD_SM2_1 of either family, which sign; of the newer one also SM2 as such, the same number. */
static bool
signs_with_sm2(ULONG alg)
{
	return alg == GM_ALG_SM2_A1 || alg == GM_ALG_SM2_A2;
}

ULONG DEVAPI
SKF_GenECCKeyPair(HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pBlob)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_GenECCKeyPair, hContainer);
	struct token_public_key key;

	if (rv != SAR_OK)
		return rv;
	if (pBlob == NULL)
		return SAR_INVALIDPARAMERR;
	if (!signs_with_sm2(ulAlgId))
		return SAR_NOTSUPPORTYETERR;
	rv = gate_sar(&gate,
		      gate.token->ops->generate(gate.token, uk_span_str(gate.object->container),
						TOKEN_KEY_SM2, GM_SM2_LEN * 8, &key));
	if (rv == SAR_OK)
		blob_ecc_write(&key, pBlob);
	return rv;
}

/* ---- brought in ---- */

ULONG DEVAPI
SKF_ImportRSAKeyPair(HCONTAINER hContainer, ULONG ulSymAlgId, BYTE *pbWrappedKey,
		     ULONG ulWrappedKeyLen, BYTE *pbEncryptedData, ULONG ulEncryptedDataLen)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_ImportRSAKeyPair, hContainer);

	if (rv != SAR_OK)
		return rv;
	if (pbWrappedKey == NULL || pbEncryptedData == NULL)
		return SAR_INVALIDPARAMERR;
	if (ulSymAlgId != SGD_SM4_ECB)
		return SAR_NOTSUPPORTYETERR;
	return gate_sar(&gate, gate.token->ops->import_rsa(
				       gate.token, uk_span_str(gate.object->container),
				       uk_span_of(pbWrappedKey, ulWrappedKeyLen),
				       uk_span_of(pbEncryptedData, ulEncryptedDataLen)));
}

ULONG DEVAPI
SKF_ImportECCKeyPair(HCONTAINER hContainer, ENVELOPEDKEYBLOB *pEnvelopedKeyBlob)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_ImportECCKeyPair, hContainer);
	struct token_envelope envelope;

	if (rv == SAR_OK)
		rv = blob_envelope_read(pEnvelopedKeyBlob, &envelope);
	if (rv != SAR_OK)
		return rv;
	return gate_sar(&gate, gate.token->ops->import_sm2(
				       gate.token, uk_span_str(gate.object->container), &envelope));
}

/* ---- public keys ---- */

ULONG DEVAPI
SKF_ExportPublicKey(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbBlob, ULONG *pulBlobLen)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_ExportPublicKey, hContainer);
	enum token_pair pair = bSignFlag ? TOKEN_SIGN : TOKEN_ENCRYPT;
	union {
		RSAPUBLICKEYBLOB rsa;
		ECCPUBLICKEYBLOB ecc;
	} blob;
	struct token_public_key key;
	enum uk_status st;

	if (rv != SAR_OK)
		return rv;
	if (pulBlobLen == NULL)
		return SAR_INVALIDPARAMERR;
	TOKEN_AGAIN(st, gate.token->ops->public_key(gate.token, uk_span_str(gate.object->container),
						    pair, &key));
	rv = gate_sar(&gate, st);
	if (rv != SAR_OK)
		return rv;
	if (key.type == TOKEN_KEY_RSA) {
		blob_rsa_write(&key, &blob.rsa);
		return answer_put(uk_span_of(&blob.rsa, sizeof(blob.rsa)), pbBlob, pulBlobLen);
	}
	blob_ecc_write(&key, &blob.ecc);
	return answer_put(uk_span_of(&blob.ecc, sizeof(blob.ecc)), pbBlob, pulBlobLen);
}
