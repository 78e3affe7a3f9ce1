/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CKA_UNIQUE_ID (PKCS#11 3.0, 4.4.1): made from what the key holds, as there is no side file. */
#ifndef UK_PKCS11_OBJECT_UNIQUE_H
#define UK_PKCS11_OBJECT_UNIQUE_H

#include "pkcs11/object.h"

/*
 * An object of the key: a digest over serial number, application, class, place and public content,
 * so every process names it alike and a renewed certificate gets a name of its own.  Wants the
 * slot's lock and its device data.
 */
void object_unique_id_make(const struct slot *slot, struct object *object);
/* A session object: nobody else can see it, so process and handle are enough. */
void object_unique_id_session(struct object *object);

#endif
