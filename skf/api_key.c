/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys, signatures and randoms. */
#include "skf/gate.h"

ULONG DEVAPI
SKF_GenRandom(DEVHANDLE hDev, BYTE *pbRandom, ULONG ulRandomLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GenRandom, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_GenRSAKeyPair(HCONTAINER hContainer, ULONG ulBitsLen, RSAPUBLICKEYBLOB *pBlob)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GenRSAKeyPair, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ImportRSAKeyPair(HCONTAINER hContainer, ULONG ulSymAlgId, BYTE *pbWrappedKey,
		     ULONG ulWrappedKeyLen, BYTE *pbEncryptedData, ULONG ulEncryptedDataLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ImportRSAKeyPair, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_RSASignData(HCONTAINER hContainer, BYTE *pbData, ULONG ulDataLen, BYTE *pbSignature,
		ULONG *pulSignLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_RSASignData, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_RSAVerify(DEVHANDLE hDev, RSAPUBLICKEYBLOB *pRSAPubKeyBlob, BYTE *pbData, ULONG ulDataLen,
	      BYTE *pbSignature, ULONG ulSignLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_RSAVerify, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_GenECCKeyPair(HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pBlob)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GenECCKeyPair, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ImportECCKeyPair(HCONTAINER hContainer, ENVELOPEDKEYBLOB *pEnvelopedKeyBlob)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ImportECCKeyPair, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ECCSignData(HCONTAINER hContainer, BYTE *pbData, ULONG ulDataLen, ECCSIGNATUREBLOB *pSignature)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ECCSignData, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ECCVerify(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbData, ULONG ulDataLen,
	      ECCSIGNATUREBLOB *pSignature)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ECCVerify, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ExtECCEncrypt(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbPlainText,
		  ULONG ulPlainTextLen, ECCCIPHERBLOB *pCipherText)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ExtECCEncrypt, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ExportPublicKey(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbBlob, ULONG *pulBlobLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ExportPublicKey, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}
