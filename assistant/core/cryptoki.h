/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#11 as p11-kit has it (2.40), which loads the modules here, and the two names of 3.0 beside
 * it by which a module is asked for its vendor interface (3.0, 3.6).
 */
#ifndef OUK_CORE_CRYPTOKI_H
#define OUK_CORE_CRYPTOKI_H

#include <p11-kit/pkcs11.h>

typedef struct CK_INTERFACE {
	CK_UTF8CHAR *pInterfaceName;
	void *pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;

typedef CK_RV (*CK_C_GetInterface)(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface,
				   CK_FLAGS flags);

#endif
