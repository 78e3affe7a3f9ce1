/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PKCS #11 modules of this computer, loaded and shared through p11-kit. */
#ifndef OUK_CORE_MODULE_H
#define OUK_CORE_MODULE_H

#include "assistant/core/cryptoki.h"

#include "common/openukey.h"

#include <glib.h>

typedef struct OukModules OukModules;

/*
 * Loads and initialises the modules at `path` (several with colons between them), or with NULL
 * every module that p11-kit lists, without those that only hold trusted CAs. OUK_E_MODULE,
 * OUK_E_NO_MODULE.
 */
OukModules *ouk_modules_load(const char *path, GError **error);
/* Ends calls under way on other threads (C_Finalize); only ouk_modules_free may follow. */
void ouk_modules_finalize(OukModules *modules);
/* Finalises and unloads. NULL is legal. All tokens must be gone before. */
void ouk_modules_free(OukModules *modules);

typedef struct {
	CK_FUNCTION_LIST *functions;
	const struct openukey_functions *vendor; /* NULL: not our module */
	char *name;                              /* p11-kit's, or the file's */
} OukModule;

guint ouk_modules_count(const OukModules *modules);
/* Borrowed; index below the count. */
const OukModule *ouk_modules_get(const OukModules *modules, guint index);

/*
 * The tokens present, as an array of OukToken that owns them. OUK_E_NO_KEY when there are none.
 */
GPtrArray *ouk_modules_tokens(OukModules *modules, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukModules, ouk_modules_free)

#endif
