/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions, five times out of calls.def: prototypes, pointer types, lists (3.2, 5). */
#ifndef UK_COMMON_PKCS11_FUNCTIONS_H
#define UK_COMMON_PKCS11_FUNCTIONS_H

#include "common/pkcs11/types.h"

typedef struct CK_FUNCTION_LIST CK_FUNCTION_LIST;
typedef struct CK_FUNCTION_LIST_3_0 CK_FUNCTION_LIST_3_0;
typedef struct CK_FUNCTION_LIST_3_2 CK_FUNCTION_LIST_3_2;
CK_POINTER_TO(CK_FUNCTION_LIST);
CK_POINTER_TO(CK_FUNCTION_LIST_PTR);
CK_POINTER_TO(CK_FUNCTION_LIST_3_0);
CK_POINTER_TO(CK_FUNCTION_LIST_3_0_PTR);
CK_POINTER_TO(CK_FUNCTION_LIST_3_2);
CK_POINTER_TO(CK_FUNCTION_LIST_3_2_PTR);

#define CALL_3_0 CALL
#define CALL_3_2 CALL

#define CALL(name, parameters) CK_RV name parameters;
#include "common/pkcs11/calls.def"
#undef CALL

#define CALL(name, parameters) typedef CK_RV(*CK_##name) parameters;
#include "common/pkcs11/calls.def"
#undef CALL

#define CALL(name, parameters) CK_##name name;
struct CK_FUNCTION_LIST_3_2 {
	CK_VERSION version;
#include "common/pkcs11/calls.def"
};

#undef CALL_3_2
#define CALL_3_2(name, parameters)
struct CK_FUNCTION_LIST_3_0 {
	CK_VERSION version;
#include "common/pkcs11/calls.def"
};

#undef CALL_3_0
#define CALL_3_0(name, parameters)
struct CK_FUNCTION_LIST {
	CK_VERSION version;
#include "common/pkcs11/calls.def"
};
#undef CALL_3_2
#undef CALL_3_0
#undef CALL

#endif
