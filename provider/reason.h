/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors as OpenSSL's queue has them: a reason, and what it was about. */
#ifndef OPENUKEY_PROVIDER_REASON_H
#define OPENUKEY_PROVIDER_REASON_H

#include "provider/provider.h"

#include <p11-kit/pkcs11.h>

enum reason {
	REASON_NONE,
#define REASON(name, text) REASON_##name,
#include "provider/reason.def"
#undef REASON
};

/* The texts, for OSSL_FUNC_PROVIDER_GET_REASON_STRINGS. */
extern const OSSL_ITEM reason_strings[];

/* Puts an error into the queue; about: printf-like, the data shown beside the reason. */
#define raise_error(provider, reason, ...) \
	reason_raise((provider), (reason), __LINE__, __func__, __VA_ARGS__)
void reason_raise(const struct provider *provider, enum reason reason, int line, const char *func,
		  const char *about, ...) UK_PRINTF(5, 6);

/* The reason that a CKR_ code stands for. */
enum reason reason_of(CK_RV rv);

/* Raises what rv stands for, with the name of what was tried (or whose token). */
#define raise_rv(provider, rv, about) \
	raise_error((provider), reason_of(rv), "%s (CKR 0x%lx)", (about), (rv))

#endif
