/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An object keeps its handle for as long as it exists and its key is plugged in, however often what
 * is on the key is read anew after a write: hosts hold on to handles.  All want the slot's lock.
 */
#ifndef UK_PKCS11_OBJECT_HANDLE_H
#define UK_PKCS11_OBJECT_HANDLE_H

#include "pkcs11/object.h"

/* Gives an object that was just read the handle that it had before, or notes its new one. */
void object_handle_keep(struct slot *slot, struct object *object);
/* What class an object of that handle has or had; CK_UNAVAILABLE_INFORMATION when there was none.
 */
CK_OBJECT_CLASS object_handle_class(const struct slot *slot, CK_OBJECT_HANDLE handle);

/* These are no more: what comes in their place gets handles of its own. */
void object_handles_end_container(struct slot *slot, struct uk_span container);
void object_handles_end_certificate(struct slot *slot, struct uk_span container,
				    enum token_pair pair);
void object_handles_end_file(struct slot *slot, const char *file);
void object_handles_end_all(struct slot *slot);

#endif
