/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where capabilities are kept: the desktop's keyring, or a file of the user's alone where there is
 * none. For this folder only; worker threads.
 */
#ifndef OUK_SERVICE_CLIENT_VAULT_H
#define OUK_SERVICE_CLIENT_VAULT_H

#include <glib.h>

/* Whose capability; borrowed. */
typedef struct {
	const char *dir;     /* for the file */
	const char *profile; /* the CA's */
	const char *order;   /* id */
	const char *label;   /* what the keyring's own window shows */
} VaultPlace;

/* *ret_in_file: there is no keyring. OUK_E_FILE_WRITE. */
gboolean vault_put(const VaultPlace *place, const char *capability, gboolean *ret_in_file,
		   GError **error);
/* NULL when there is none. The caller wipes and frees. */
char *vault_get(const VaultPlace *place);
void vault_remove(const VaultPlace *place);

#endif
