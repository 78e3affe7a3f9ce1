/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies that administrators set for browsers, as files of JSON. */
#ifndef OUK_CORE_BROWSERS_POLICY_H
#define OUK_CORE_BROWSERS_POLICY_H

#include "assistant/core/browsers/table.h"
#include "assistant/core/profile.h"

/* Names that other programs meet. */
#define BROWSER_DEVICE       "OpenUKey"
#define BROWSER_GECKO_ADDON  "webextension@openukey.org"
#define BROWSER_BLINK_ADDON  "gbbnigheagmpkpgipckegkmcnkeephgk"
#define BROWSER_NATIVE_HOST  "org.openukey.bridge.json"
#define BROWSER_POLICY_FILE  "openukey.json"
#define BROWSER_POLICIES_MAX (1024 * 1024)

/* ---- Firefox: policies.json, shared with others ---- */

/* What is to be in it. */
typedef struct {
	const char *module;
	const char *addon;      /* package of our add-on; NULL: none */
	const GPtrArray *hosts; /* of char *: that may reach this computer without a question */
} FirefoxPolicy;

/*
 * The file (NULL: there is none) with our entries. The same bytes when all are there already.
 * OUK_E_BROWSER_POLICY when it is no policy.
 */
GBytes *firefox_policy_merge(GBytes *before, const FirefoxPolicy *ours, GError **error);
/* Without our entries; NULL when nothing else is left. */
GBytes *firefox_policy_without(GBytes *now, const GPtrArray *hosts);
/* Whether it lets Firefox load the module. */
gboolean firefox_policy_has(GBytes *now, const char *module);

/* The hosts of all halls; of char *. */
GPtrArray *policy_hall_hosts(const OukProfiles *profiles, gboolean rehearsal);

/* ---- Chromium and its relatives: a file of our own ---- */

typedef struct {
	gboolean rehearsal; /* halls of the rehearsal world too */
	/*
	 * Pages without https reach nothing of this computer, whatever else a policy says, unless
	 * they are taken for secure ones (OverrideSecurityRestrictionsOnInsecureOrigin).
	 */
	gboolean http_halls;
} ChromiumPolicy;

/*
 * Known halls may reach the bridge on this computer without the browser asking. folder: of the
 * other managed policies: of one that several files set only the last counts, so what they list is
 * in ours too.
 */
GBytes *chromium_policy(const OukProfiles *profiles, const ChromiumPolicy *ours,
			const char *folder);
/* A file read after ours that sets the same; NULL. The caller frees. */
char *chromium_policy_rival(const char *folder);

#endif
