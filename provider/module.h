/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PKCS #11 modules: one by its path, or all that p11-kit lists and that may hold keys. */
#ifndef OPENUKEY_PROVIDER_MODULE_H
#define OPENUKEY_PROVIDER_MODULE_H

#include "provider/provider.h"

#include <p11-kit/pkcs11.h>

/*
 * Loads and initialises them at the first call, and initialises them again in a forked child.
 * Returns a list that ends with NULL and lives as long as the provider; NULL: raised.
 */
CK_FUNCTION_LIST *const *modules_get(struct provider *provider);

/* In a forked child: they must be initialised again. modules may be NULL. */
void modules_forget(struct modules *modules);

void modules_free(struct modules *modules);

/* The program is ending: modules may have run their destructors and must not be called. */
bool modules_are_gone(void);

/* Whether p11-kit knows the module by this name and path; NULL: any. */
bool module_is(CK_FUNCTION_LIST *module, const char *name, const char *path);

/*
 * Tries left of the user's PIN as the key itself counts them; -1 where the module cannot say.
 * Costs no try.
 */
int module_tries_left(CK_FUNCTION_LIST *module, CK_SLOT_ID slot);

#endif
