/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects that every token has and no key is asked for: profiles and mechanisms. */
#ifndef UK_PKCS11_OBJECT_FIXED_H
#define UK_PKCS11_OBJECT_FIXED_H

#include "pkcs11/object.h"

/* The first of a chain. Static storage. */
const struct object *object_profiles(void);
/*
 * One per row of mech.c.  They answer only to a search for CKO_MECHANISM, which protects programs
 * that do not know the class (PKCS#11 3.0, 4.12).
 */
const struct object *object_mechanisms(void);
/* Whether it is one of either, whose chains end by themselves. */
bool object_is_fixed(const struct object *object);
/* One of either; NULL when the handle is another object's. */
const struct object *object_fixed_find(CK_OBJECT_HANDLE handle);

#endif
