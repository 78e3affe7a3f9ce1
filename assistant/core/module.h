/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PKCS #11 modules of this computer, loaded and shared through p11-kit. */
#ifndef OUK_CORE_MODULE_H
#define OUK_CORE_MODULE_H

#include "assistant/core/cryptoki.h"

#include "common/openukey.h"

#include <glib.h>

typedef struct OukModules OukModules;

/*
 * Loads and initialises the module at `path`, or with NULL every module that p11-kit lists (those
 * that only hold trusted CAs are left out later). OUK_E_MODULE, OUK_E_NO_MODULE.
 */
OukModules *ouk_modules_load(const char *path, GError **error);
/* Finalises and unloads. NULL is legal. All tokens must be gone before. */
void ouk_modules_free(OukModules *modules);

/*
 * The tokens present, as an array of OukToken that owns them. OUK_E_NO_KEY when there are none.
 */
GPtrArray *ouk_modules_tokens(OukModules *modules, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukModules, ouk_modules_free)

#endif
