/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which browser a hall is opened in. */
#ifndef OUK_CORE_BROWSERS_CHOOSE_H
#define OUK_CORE_BROWSERS_CHOOSE_H

#include "assistant/core/browsers/look.h"

#include <gio/gio.h>

/*
 * The person's own browser; another one that is installed where that one is shut off from keys, and
 * then *ret_why says so (translated, the caller frees; NULL otherwise). NULL: there is none.
 */
GAppInfo *ouk_browser_choose(const GPtrArray *states, char **ret_why);

/* Opens the address in it. context may be NULL. OUK_E_NO_BROWSER. */
gboolean ouk_browser_open(GAppInfo *browser, const char *url, GAppLaunchContext *context,
			  GError **error);

#endif
