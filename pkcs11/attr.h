/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes as rows per class: what an object has, where it is kept, what never leaves. */
#ifndef UK_PKCS11_ATTR_H
#define UK_PKCS11_ATTR_H

#include "common/pkcs11.h"
#include "pkcs11/object.h"

/*
 * Fills one attribute of a template (PKCS#11 2.40, 5.7 C_GetAttributeValue): CKR_OK,
 * CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID or CKR_BUFFER_TOO_SMALL, with ulValueLen
 * set as the standard says.
 */
CK_RV attr_get(const struct object *object, CK_ATTRIBUTE *out);

/* Whether the object has all attributes of the template with just these values. */
bool attr_match(const struct object *object, const CK_ATTRIBUTE *template, CK_ULONG count);

/* The attribute of a template; NULL when it is not in it or has no value. */
const CK_ATTRIBUTE *attr_find(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type);
/* Its value as a number; false when it is not there or not of that size. */
bool attr_find_ulong(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
		     CK_ULONG *ret);
/* Its value as bytes; false when it is not there. */
bool attr_find_bytes(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
		     struct uk_span *ret);

/* CKR_ARGUMENTS_BAD when a template cannot be read safely. */
CK_RV attr_template_check(const CK_ATTRIBUTE *template, CK_ULONG count);
/* The same of a new object's template; CKR_ATTRIBUTE_READ_ONLY for what only a token can give. */
CK_RV attr_new_template_check(const CK_ATTRIBUTE *template, CK_ULONG count);

#endif
