/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing files of the application. All want the slot's lock and a login where the file does. */
#ifndef UK_PKCS11_OBJECT_FILE_H
#define UK_PKCS11_OBJECT_FILE_H

#include "pkcs11/object.h"

/* Makes a file with this content. CKR_ATTRIBUTE_VALUE_INVALID: the name is taken. */
CK_RV object_file_create(struct slot *slot, struct uk_span name, struct uk_span value,
			 bool private_file);
CK_RV object_file_delete(struct slot *slot, const char *name);
/* The name under which a CA certificate is kept; size: GM_FILE_NAME_MAX + 1. */
CK_RV object_file_ca_name(struct uk_span der, char *out, size_t size);
/* Forgets all files' objects, after a write. */
void objects_forget_files(struct slot *slot);

#endif
