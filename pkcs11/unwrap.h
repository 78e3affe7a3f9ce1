/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_UnwrapKey: session keys into the key, and encryption pairs in their envelope. */
#ifndef UK_PKCS11_UNWRAP_H
#define UK_PKCS11_UNWRAP_H

#include "pkcs11/session.h"

struct unwrap_request {
	const CK_MECHANISM *mechanism;
	CK_OBJECT_HANDLE key; /* the private key it is wrapped to */
	struct uk_span wrapped;
	const CK_ATTRIBUTE *template;
	CK_ULONG count;
};

CK_RV unwrap_key(struct session *session, const struct unwrap_request *request,
		 CK_OBJECT_HANDLE *ret);

#endif
