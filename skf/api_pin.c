/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access control: PINs and the device right. */
#include "skf/gate.h"

ULONG DEVAPI
SKF_ChangeDevAuthKey(DEVHANDLE hDev, BYTE *pbKeyValue, ULONG ulKeyLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ChangeDevAuthKey, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_DevAuth(DEVHANDLE hDev, BYTE *pbAuthData, ULONG ulLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DevAuth, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ChangePIN(HAPPLICATION hApplication, ULONG ulPINType, LPSTR szOldPin, LPSTR szNewPin,
	      ULONG *pulRetryCount)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ChangePIN, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_GetPINInfo(HAPPLICATION hApplication, ULONG ulPINType, ULONG *pulMaxRetryCount,
	       ULONG *pulRemainRetryCount, BOOL *pbDefaultPin)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GetPINInfo, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_VerifyPIN(HAPPLICATION hApplication, ULONG ulPINType, LPSTR szPIN, ULONG *pulRetryCount)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_VerifyPIN, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_UnblockPIN(HAPPLICATION hApplication, LPSTR szAdminPIN, LPSTR szNewUserPIN,
	       ULONG *pulRetryCount)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_UnblockPIN, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ClearSecureState(HAPPLICATION hApplication)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ClearSecureState, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}
