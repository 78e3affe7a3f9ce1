/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this folder share. */
#ifndef CS_HSM_INSIDE_H
#define CS_HSM_INSIDE_H

#include "common/pkcs11.h"
#include "service/hsm/hsm.h"

#define CS_HSM_LABEL 64

struct cs_hsm {
	void *library;
	CK_FUNCTION_LIST *p11;
	CK_SESSION_HANDLE session;
	bool started;
};

static inline CK_ATTRIBUTE
cs_hsm_attribute(CK_ATTRIBUTE_TYPE type, void *value, size_t len)
{
	return (CK_ATTRIBUTE){type, value, (CK_ULONG)len};
}

/* CS_E_NOT_FOUND */
UK_CHECKED enum cs_status cs_hsm_find(struct cs_hsm *hsm, CK_OBJECT_CLASS class, const char *label,
				      CK_OBJECT_HANDLE *ret);
/* What a new secret key is for. */
struct cs_hsm_secret {
	CK_MECHANISM_TYPE generate;
	CK_ULONG len; /* bytes */
	CK_ATTRIBUTE_TYPE uses[2];
	size_t uses_len;
};
/* Makes one that stays in the HSM and cannot be read out; CS_E_EXISTS. */
UK_CHECKED enum cs_status cs_hsm_make_secret(struct cs_hsm *hsm, const char *label,
					     const struct cs_hsm_secret *kind);
/* CS_E_DENIED for a key that could be read out. */
UK_CHECKED enum cs_status cs_hsm_closed(struct cs_hsm *hsm, CK_OBJECT_HANDLE key);

#endif
