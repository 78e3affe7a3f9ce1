/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Digests and message authentication codes. */
#include "skf/gate.h"

ULONG DEVAPI
SKF_DigestInit(DEVHANDLE hDev, ULONG ulAlgID, ECCPUBLICKEYBLOB *pPubKey, BYTE *pucID, ULONG ulIDLen,
	       HANDLE *phHash)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DigestInit, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_Digest(HANDLE hHash, BYTE *pbData, ULONG ulDataLen, BYTE *pbHashData, ULONG *pulHashLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_Digest, hHash);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_DigestUpdate(HANDLE hHash, BYTE *pbData, ULONG ulDataLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DigestUpdate, hHash);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_DigestFinal(HANDLE hHash, BYTE *pHashData, ULONG *pulHashLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DigestFinal, hHash);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_MacInit(HANDLE hKey, BLOCKCIPHERPARAM *pMacParam, HANDLE *phMac)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_MacInit, hKey);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_Mac(HANDLE hMac, BYTE *pbData, ULONG ulDataLen, BYTE *pbMacData, ULONG *pulMacLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_Mac, hMac);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_MacUpdate(HANDLE hMac, BYTE *pbData, ULONG ulDataLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_MacUpdate, hMac);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_MacFinal(HANDLE hMac, BYTE *pbMacData, ULONG *pulMacDataLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_MacFinal, hMac);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}
