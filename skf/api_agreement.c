/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key agreement (7.6).  What the commands for it carry is not known to us of any key, so none is
 * sent: SAR_NOTSUPPORTYETERR.
 */
#include "skf/gate.h"

/* The handle is looked at first: a wrong one is a wrong one everywhere. */
static ULONG
unsupported(enum fn fn, HANDLE handle)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, fn, handle);

	return rv == SAR_OK ? SAR_NOTSUPPORTYETERR : rv;
}

ULONG DEVAPI
SKF_GenerateAgreementDataWithECC(HCONTAINER hContainer, ULONG ulAlgId,
				 ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID, ULONG ulIDLen,
				 HANDLE *phAgreementHandle)
{
	(void)ulAlgId;
	(void)pTempECCPubKeyBlob;
	(void)pbID;
	(void)ulIDLen;
	(void)phAgreementHandle;
	return unsupported(FN_SKF_GenerateAgreementDataWithECC, hContainer);
}

/* The standard's parameters are more than our own functions may have. */
/* NOLINTNEXTLINE(readability-function-size) */
ULONG DEVAPI
SKF_GenerateAgreementDataAndKeyWithECC(HANDLE hContainer, ULONG ulAlgId,
				       ECCPUBLICKEYBLOB *pSponsorECCPubKeyBlob,
				       ECCPUBLICKEYBLOB *pSponsorTempECCPubKeyBlob,
				       ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID,
				       ULONG ulIDLen, BYTE *pbSponsorID, ULONG ulSponsorIDLen,
				       HANDLE *phKeyHandle)
{
	(void)ulAlgId;
	(void)pSponsorECCPubKeyBlob;
	(void)pSponsorTempECCPubKeyBlob;
	(void)pTempECCPubKeyBlob;
	(void)pbID;
	(void)ulIDLen;
	(void)pbSponsorID;
	(void)ulSponsorIDLen;
	(void)phKeyHandle;
	return unsupported(FN_SKF_GenerateAgreementDataAndKeyWithECC, hContainer);
}

ULONG DEVAPI
SKF_GenerateKeyWithECC(HANDLE hAgreementHandle, ECCPUBLICKEYBLOB *pECCPubKeyBlob,
		       ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID, ULONG ulIDLen,
		       HANDLE *phKeyHandle)
{
	(void)pECCPubKeyBlob;
	(void)pTempECCPubKeyBlob;
	(void)pbID;
	(void)ulIDLen;
	(void)phKeyHandle;
	return unsupported(FN_SKF_GenerateKeyWithECC, hAgreementHandle);
}
