/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files. */
#include "skf/gate.h"

ULONG DEVAPI
SKF_CreateFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulFileSize, ULONG ulReadRights,
	       ULONG ulWriteRights)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CreateFile, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_DeleteFile(HAPPLICATION hApplication, LPSTR szFileName)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DeleteFile, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_EnumFiles(HAPPLICATION hApplication, LPSTR szFileList, ULONG *pulSize)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_EnumFiles, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_GetFileInfo(HAPPLICATION hApplication, LPSTR szFileName, FILEATTRIBUTE *pFileInfo)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GetFileInfo, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ReadFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, ULONG ulSize,
	     BYTE *pbOutData, ULONG *pulOutLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ReadFile, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_WriteFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, BYTE *pbData,
	      ULONG ulSize)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_WriteFile, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}
