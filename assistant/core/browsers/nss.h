/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NSS data bases of browsers. NSS's own tools work on a copy; what comes out is the files as they
 * are to be, so that the change can be shown first and taken back afterwards.
 */
#ifndef OUK_CORE_BROWSERS_NSS_H
#define OUK_CORE_BROWSERS_NSS_H

#include "assistant/core/doctor/repair.h"

/* What certificates of the bridge's listeners are called in the data bases. */
#define NSS_LEAF_NAME "OpenUKey bridge on this computer"

gboolean nss_is_there(const char *folder);
/* Whether the list of modules names the module's file, or p11-kit's proxy. */
gboolean nss_has_module(const char *folder, const char *module);

/*
 * Notes what has to change in *repair: the module's entry (made with an empty data base where there
 * is none); nothing when it is there already. OUK_E_BROWSER_TOOLS, OUK_E_BROWSER_DATA.
 */
gboolean nss_plan_module(OukRepair *repair, const char *folder, const char *module, GError **error);
/* The list of modules without our entry. NULL: it could not be taken out. */
GBytes *nss_without_module(GBytes *now);

/*
 * Trust for one certificate (PEM or DER file) as that of a server, never as a CA. Existing data
 * bases only. Notes the changed files.
 */
gboolean nss_plan_leaf(OukRepair *repair, const char *folder, const char *leaf, GError **error);
/* Takes it out of the data base itself. */
gboolean nss_drop_leaf(const char *folder, GError **error);

#endif
