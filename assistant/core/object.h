/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS #11 objects: finding them and reading their attributes. */
#ifndef OUK_CORE_OBJECT_H
#define OUK_CORE_OBJECT_H

#include "assistant/core/token.h"

/* NULL when the object has no such attribute or does not show it. */
GBytes *ouk_object_bytes(OukToken *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
/* `fallback` when the object has no such attribute. */
CK_ULONG ouk_object_ulong(OukToken *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
			  CK_ULONG fallback);
gboolean ouk_object_bool(OukToken *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
			 gboolean fallback);

/* The handles (CK_OBJECT_HANDLE) that match the template; NULL on failure. */
GArray *ouk_objects_find(OukToken *token, CK_ATTRIBUTE *template, CK_ULONG count, GError **error);
/* The first object of a class with this CKA_ID, or CK_INVALID_HANDLE. */
CK_OBJECT_HANDLE ouk_object_by_id(OukToken *token, CK_OBJECT_CLASS object_class, GBytes *id);

#endif
