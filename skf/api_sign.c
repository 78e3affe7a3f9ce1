/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signatures by the key; what needs a public key only is checked here, in libcrypto, and costs the
 * key nothing (7.6).
 */
#include "drivers/crypto/crypto.h"
#include "skf/blob.h"
#include "skf/gate.h"

#include <stdlib.h>
#include <string.h>

#define SIGNATURE_LEN (2 * GM_SM2_LEN)

/* ---- by the key ---- */

/*
 * Asks for the key's size only where the caller's buffer leaves it open whether it fits: nothing is
 * signed in vain, for a signature may use up the right to one.
 */
static ULONG
rsa_room_check(struct gate *gate, const BYTE *out, ULONG *len, bool *ret_done)
{
	struct uk_span container = uk_span_str(gate->object->container);
	struct token_public_key key;
	ULONG rv;

	*ret_done = false;
	if (out != NULL && *len >= GM_RSA_MAX)
		return SAR_OK;
	rv = gate_sar(gate, gate->token->ops->public_key(gate->token, container, TOKEN_SIGN, &key));
	if (rv != SAR_OK)
		return rv;
	if (key.type != TOKEN_KEY_RSA)
		return SAR_KEYINFOTYPEERR;
	*ret_done = out == NULL;
	if (out != NULL && *len >= key.bits / 8)
		return SAR_OK;
	*len = key.bits / 8;
	return out == NULL ? SAR_OK : SAR_BUFFER_TOO_SMALL;
}

ULONG DEVAPI
SKF_RSASignData(HCONTAINER hContainer, BYTE *pbData, ULONG ulDataLen, BYTE *pbSignature,
		ULONG *pulSignLen)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_RSASignData, hContainer);
	uint8_t signature[GM_RSA_MAX];
	struct uk_writer out = uk_writer_of(signature, sizeof(signature));
	bool done = false;

	if (rv != SAR_OK)
		return rv;
	if (pulSignLen == NULL || pbData == NULL)
		return SAR_INVALIDPARAMERR;
	rv = rsa_room_check(&gate, pbSignature, pulSignLen, &done);
	if (rv != SAR_OK || done)
		return rv;
	rv = gate_sar(&gate,
		      gate.token->ops->sign_rsa(gate.token, uk_span_str(gate.object->container),
						uk_span_of(pbData, ulDataLen), &out));
	return rv == SAR_OK ? answer_put(uk_writer_span(&out), pbSignature, pulSignLen) : rv;
}

ULONG DEVAPI
SKF_ECCSignData(HCONTAINER hContainer, BYTE *pbData, ULONG ulDataLen, ECCSIGNATUREBLOB *pSignature)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_ECCSignData, hContainer);
	uint8_t rs[SIGNATURE_LEN];
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));

	if (rv != SAR_OK)
		return rv;
	if (pbData == NULL || pSignature == NULL)
		return SAR_INVALIDPARAMERR;
	rv = gate_sar(&gate,
		      gate.token->ops->sign_sm2(gate.token, uk_span_str(gate.object->container),
						uk_span_of(pbData, ulDataLen), &out));
	if (rv == SAR_OK && out.len != sizeof(rs))
		rv = SAR_UNKNOWNERR;
	if (rv == SAR_OK)
		blob_signature_write(uk_writer_span(&out), pSignature);
	return rv;
}

/* ---- here ---- */

/* What libcrypto cannot reckon with is no key. */
static ULONG
verify_sar(struct gate *gate, enum uk_status st)
{
	return st == UK_E_CRYPTO ? SAR_INDATAERR : gate_sar(gate, st);
}

ULONG DEVAPI
SKF_RSAVerify(DEVHANDLE hDev, RSAPUBLICKEYBLOB *pRSAPubKeyBlob, BYTE *pbData, ULONG ulDataLen,
	      BYTE *pbSignature, ULONG ulSignLen)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_RSAVerify, hDev);
	struct token_public_key key;

	if (rv == SAR_OK)
		rv = blob_rsa_read(pRSAPubKeyBlob, &key);
	if (rv != SAR_OK)
		return rv;
	if (pbData == NULL || pbSignature == NULL)
		return SAR_INVALIDPARAMERR;
	if (ulSignLen != key.bits / 8)
		return SAR_INDATALENERR;
	return verify_sar(&gate, crypto_rsa_verify(uk_span_of(key.modulus, key.bits / 8),
						   key.exponent, uk_span_of(pbData, ulDataLen),
						   uk_span_of(pbSignature, ulSignLen)));
}

ULONG DEVAPI
SKF_ECCVerify(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbData, ULONG ulDataLen,
	      ECCSIGNATUREBLOB *pSignature)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_ECCVerify, hDev);
	uint8_t rs[SIGNATURE_LEN];
	struct token_public_key key;

	if (rv == SAR_OK)
		rv = blob_ecc_read(pECCPubKeyBlob, &key);
	if (rv == SAR_OK)
		rv = blob_signature_read(pSignature, rs);
	if (rv != SAR_OK)
		return rv;
	if (pbData == NULL)
		return SAR_INVALIDPARAMERR;
	return verify_sar(&gate, crypto_sm2_verify(key.x, key.y, uk_span_of(pbData, ulDataLen),
						   uk_span_of(rs, sizeof(rs))));
}

/* ---- for others ---- */

static void
bytes_free(uint8_t **bytes)
{
	free(*bytes);
}

/* By the key, whose random numbers are better than a program's. */
ULONG DEVAPI
SKF_ExtECCEncrypt(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbPlainText,
		  ULONG ulPlainTextLen, ECCCIPHERBLOB *pCipherText)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_ExtECCEncrypt, hDev);
	UK_CLEANUP(bytes_free) uint8_t *bytes = NULL;
	struct uk_span plain = uk_span_of(pbPlainText, ulPlainTextLen);
	struct token_public_key key;
	struct uk_writer out;
	enum uk_status st;

	if (rv == SAR_OK)
		rv = blob_ecc_read(pECCPubKeyBlob, &key);
	if (rv != SAR_OK)
		return rv;
	if (pbPlainText == NULL || pCipherText == NULL)
		return SAR_INVALIDPARAMERR;
	if (plain.len == 0 || plain.len > UINT16_MAX)
		return SAR_INDATALENERR;
	bytes = malloc(TOKEN_SM2_CIPHER_OVERHEAD + plain.len);
	if (bytes == NULL)
		return SAR_MEMORYERR;
	out = uk_writer_of(bytes, TOKEN_SM2_CIPHER_OVERHEAD + plain.len);
	TOKEN_AGAIN(st, gate.token->ops->encrypt_sm2(gate.token, &key, plain, &out));
	rv = gate_sar(&gate, st);
	if (rv == SAR_OK && out.len != TOKEN_SM2_CIPHER_OVERHEAD + plain.len)
		rv = SAR_UNKNOWNERR;
	if (rv == SAR_OK)
		blob_cipher_write(uk_writer_span(&out), pCipherText);
	return rv;
}
