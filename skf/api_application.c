/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applications. */
#include "skf/gate.h"

ULONG DEVAPI
SKF_CreateApplication(DEVHANDLE hDev, LPSTR szAppName, LPSTR szAdminPin, DWORD dwAdminPinRetryCount,
		      LPSTR szUserPin, DWORD dwUserPinRetryCount, DWORD dwCreateFileRights,
		      HAPPLICATION *phApplication)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CreateApplication, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_EnumApplication(DEVHANDLE hDev, LPSTR szAppName, ULONG *pulSize)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_EnumApplication, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_DeleteApplication(DEVHANDLE hDev, LPSTR szAppName)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DeleteApplication, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_OpenApplication(DEVHANDLE hDev, LPSTR szAppName, HAPPLICATION *phApplication)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_OpenApplication, hDev);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_CloseApplication(HAPPLICATION hApplication)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CloseApplication, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}
