/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling browsers of the key, and taking that back. For all users (as root, at installation):
 * policies. For one user: the NSS data bases of his browsers. Nobody else's files are overwritten:
 * what is there is merged with, and undoing gives back the same bytes where nobody has changed
 * them since. Blocks; any thread.
 */
#ifndef OUK_CORE_BROWSERS_REGISTER_H
#define OUK_CORE_BROWSERS_REGISTER_H

#include "assistant/core/browsers/table.h"
#include "assistant/core/profile.h"

typedef struct {
	OukGround ground;
	const OukProfiles *profiles; /* whose halls may reach the bridge */
	gboolean rehearsal;          /* those of the rehearsal world too */
	gboolean http_halls;         /* Chromium is to take known http halls for secure ones */
	gboolean system;             /* for all users; else for this one */
	const char *store;           /* where it is kept what was there before; NULL: the usual */
	const char *leaf;            /* certificate of the bridge's listeners, to be trusted by this
					user's browsers as that of a server; NULL: none */
	const char *addon;           /* package of our Firefox add-on; NULL: none */
} OukBrowserSetup;

/*
 * ret_files: of char *, the files that were changed, appended. What cannot be done with one browser
 * does not keep the others from being registered: the first error is returned at the end.
 * OUK_E_BROWSER_POLICY, OUK_E_BROWSER_TOOLS, OUK_E_BROWSER_DATA, OUK_E_FILE_*.
 */
gboolean ouk_browsers_register(const OukBrowserSetup *setup, GPtrArray *ret_files, GError **error);
gboolean ouk_browsers_undo(const OukBrowserSetup *setup, GPtrArray *ret_files, GError **error);

/* The module as it is installed. */
const char *ouk_browsers_module(void);
/* The package of our Firefox add-on as it is installed; NULL when it is not, or not signed. */
const char *ouk_browsers_addon(void);
/* Where the bridge keeps its listeners' certificate; the caller frees. */
char *ouk_browsers_leaf_path(void);

#endif
