/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys: what is wrapped with them, key agreement, ciphers. */
#include "skf/gate.h"

ULONG DEVAPI
SKF_RSAExportSessionKey(HCONTAINER hContainer, ULONG ulAlgId, RSAPUBLICKEYBLOB *pPubKey,
			BYTE *pbData, ULONG *pulDataLen, HANDLE *phSessionKey)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_RSAExportSessionKey, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ECCExportSessionKey(HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pPubKey,
			ECCCIPHERBLOB *pData, HANDLE *phSessionKey)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ECCExportSessionKey, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_GenerateAgreementDataWithECC(HCONTAINER hContainer, ULONG ulAlgId,
				 ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID, ULONG ulIDLen,
				 HANDLE *phAgreementHandle)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GenerateAgreementDataWithECC, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_GenerateAgreementDataAndKeyWithECC(HANDLE hContainer, ULONG ulAlgId,
				       ECCPUBLICKEYBLOB *pSponsorECCPubKeyBlob,
				       ECCPUBLICKEYBLOB *pSponsorTempECCPubKeyBlob,
				       ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID,
				       ULONG ulIDLen, BYTE *pbSponsorID, ULONG ulSponsorIDLen,
				       HANDLE *phKeyHandle)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GenerateAgreementDataAndKeyWithECC, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_GenerateKeyWithECC(HANDLE hAgreementHandle, ECCPUBLICKEYBLOB *pECCPubKeyBlob,
		       ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID, ULONG ulIDLen,
		       HANDLE *phKeyHandle)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GenerateKeyWithECC, hAgreementHandle);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ImportSessionKey(HCONTAINER hContainer, ULONG ulAlgId, BYTE *pbWrapedData, ULONG ulWrapedLen,
		     HANDLE *phKey)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ImportSessionKey, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_EncryptInit(HANDLE hKey, BLOCKCIPHERPARAM EncryptParam)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_EncryptInit, hKey);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_Encrypt(HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData,
	    ULONG *pulEncryptedLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_Encrypt, hKey);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_EncryptUpdate(HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData,
		  ULONG *pulEncryptedLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_EncryptUpdate, hKey);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_EncryptFinal(HANDLE hKey, BYTE *pbEncryptedData, ULONG *pulEncryptedDataLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_EncryptFinal, hKey);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_DecryptInit(HANDLE hKey, BLOCKCIPHERPARAM DecryptParam)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DecryptInit, hKey);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_Decrypt(HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData,
	    ULONG *pulDataLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_Decrypt, hKey);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_DecryptUpdate(HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData,
		  ULONG *pulDataLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DecryptUpdate, hKey);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_DecryptFinal(HANDLE hKey, BYTE *pbDecryptedData, ULONG *pulDecryptedDataLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DecryptFinal, hKey);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_CloseHandle(HANDLE hHandle)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CloseHandle, hHandle);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}
