/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers and what is wrong in them: list_containers of common/openukey.h. */
#ifndef UK_PKCS11_OBJECT_CONTAINERS_H
#define UK_PKCS11_OBJECT_CONTAINERS_H

#include "common/pkcs11.h"
#include "pkcs11/slot.h"

/* clang-format off */
#include "common/openukey.h"
/* clang-format on */

/*
 * out: room for *count, or NULL. Wants the slot's lock and a connected slot. CKR_BUFFER_TOO_SMALL.
 */
CK_RV objects_containers(struct slot *slot, struct openukey_container *out, CK_ULONG *count);

#endif
