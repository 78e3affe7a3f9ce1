/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers and certificates. */
#include "skf/gate.h"

ULONG DEVAPI
SKF_CreateContainer(HAPPLICATION hApplication, LPSTR szContainerName, HCONTAINER *phContainer)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CreateContainer, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_DeleteContainer(HAPPLICATION hApplication, LPSTR szContainerName)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DeleteContainer, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_EnumContainer(HAPPLICATION hApplication, LPSTR szContainerName, ULONG *pulSize)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_EnumContainer, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_OpenContainer(HAPPLICATION hApplication, LPSTR szContainerName, HCONTAINER *phContainer)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_OpenContainer, hApplication);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_CloseContainer(HCONTAINER hContainer)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CloseContainer, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_GetContainerType(HCONTAINER hContainer, ULONG *pulContainerType)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GetContainerType, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ImportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG ulCertLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ImportCertificate, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}

ULONG DEVAPI
SKF_ExportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG *pulCertLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ExportCertificate, hContainer);

	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}
