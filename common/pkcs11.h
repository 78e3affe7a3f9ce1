/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#11: the 2.40 header as p11-kit keeps it, and beside it the parts of 3.0 that it lacks
 * (OASIS PKCS#11 Base Specification 3.0, sections 3.6 and 5).
 */
#ifndef UK_COMMON_PKCS11_H
#define UK_COMMON_PKCS11_H

#include <p11-kit/pkcs11.h>

#ifndef CK_INTERFACE_DEFINED_BY_P11KIT
/* 3.0, 3.6: one of the interfaces a module offers */
typedef struct CK_INTERFACE {
	CK_UTF8CHAR *pInterfaceName;
	void *pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;

#define CKF_INTERFACE_FORK_SAFE 0x00000001UL
#endif

#ifndef CKR_OPERATION_CANCEL_FAILED
#define CKR_OPERATION_CANCEL_FAILED 0x00000202UL
#endif

CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface,
		     CK_FLAGS flags);
CK_RV C_GetInterfaceList(CK_INTERFACE *interfaces, CK_ULONG *count);

typedef CK_RV (*CK_C_GetInterface)(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface,
				   CK_FLAGS flags);

#endif
