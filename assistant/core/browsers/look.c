/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/browsers/look.h"

#include "assistant/core/browsers/nss.h"
#include "assistant/core/browsers/plan.h"
#include "assistant/core/browsers/policy.h"

#include <glib/gi18n.h>
#include <string.h>

static const struct {
	const char *name, *text;
} ways[] = {
	[OUK_WAY_READY] = {"ready", N_("works")},
	[OUK_WAY_MISSING] = {"missing", N_("not registered yet")},
	[OUK_WAY_SHUT_OFF] = {"shut-off", N_("cannot work in this browser")},
	[OUK_WAY_UNKNOWN] = {"unknown", N_("not known for this browser")},
};

const char *
ouk_way_name(OukWay way)
{
	return ways[way].name;
}

const char *
ouk_way_text(OukWay way)
{
	return _(ways[way].text);
}

void
ouk_browser_state_free(OukBrowserState *state)
{
	if (state == NULL)
		return;
	g_free(state->title);
	g_free(state->where);
	g_free(state->rival);
	g_free(state);
}

const char *
ouk_browser_limit(const OukBrowserState *state)
{
	if (state->row->packaging != OUK_PACKAGING_NATIVE)
		return _("A Snap or Flatpak browser is shut off from the key: https logins with "
			 "the key and the extension cannot work in it. Use the browser that comes "
			 "with the system.");
	if (state->rival != NULL)
		return _("Another policy file of this browser overrides ours: the person who looks "
			 "after this computer has to put the halls into it.");
	if (state->ports == OUK_WAY_UNKNOWN)
		return _("Where this browser keeps its policies is not known: it may ask whether a "
			 "page may reach this computer. Press Allow, or use another browser.");
	return NULL;
}

/* ---- the module ---- */

static gboolean
policy_has(const OukBrowserSetup *setup, const OukBrowserRow *row, OukBrowserState *state)
{
	char *where = plan_policy_of(&setup->ground, row);

	if (where == NULL)
		return FALSE;
	g_free(state->where);
	state->where = where;
	return TRUE;
}

static gboolean
data_has(const OukBrowserSetup *setup, const OukBrowserRow *row, OukBrowserState *state)
{
	g_autoptr(GPtrArray) folders = plan_data_folders(&setup->ground, row);

	for (guint i = 0; i < folders->len; i++) {
		if (!nss_has_module(folders->pdata[i], setup->ground.module))
			continue;
		g_free(state->where);
		state->where = g_strdup(folders->pdata[i]);
		return TRUE;
	}
	return FALSE;
}

static OukWay
look_at_module(const OukBrowserSetup *setup, const OukBrowserRow *row, OukBrowserState *state)
{
	if (row->packaging != OUK_PACKAGING_NATIVE)
		return OUK_WAY_SHUT_OFF;
	if (row->engine == OUK_ENGINE_GECKO && policy_has(setup, row, state))
		return OUK_WAY_READY;
	return data_has(setup, row, state) ? OUK_WAY_READY : OUK_WAY_MISSING;
}

/* ---- pages ---- */

/* Firefox asks nobody; Chromium and its relatives want a policy, or ask at each site. */
static OukWay
look_at_ports(const OukBrowserSetup *setup, const OukBrowserRow *row, OukBrowserState *state)
{
	g_autofree char *folder = NULL;
	g_autofree char *ours = NULL;

	if (row->engine == OUK_ENGINE_GECKO)
		return OUK_WAY_READY;
	if (*row->policies == '\0')
		return OUK_WAY_UNKNOWN;
	folder = g_build_filename("/", setup->ground.root, row->policies, NULL);
	ours = g_build_filename(folder, BROWSER_POLICY_FILE, NULL);
	if (!g_file_test(ours, G_FILE_TEST_EXISTS))
		return OUK_WAY_MISSING;
	state->rival = chromium_policy_rival(folder);
	return OUK_WAY_READY;
}

/* Folders of native messaging, the system's and the user's, by the folder of managed policies. */
static const struct {
	const char *id, *folders;
} hosts[] = {
	{"firefox", "/usr/lib/mozilla/native-messaging-hosts:"
		    "/usr/lib64/mozilla/native-messaging-hosts:~/.mozilla/native-messaging-hosts"},
	{"chromium", "/etc/chromium/native-messaging-hosts:"
		     "~/.config/chromium/NativeMessagingHosts"},
	{"chrome", "/etc/opt/chrome/native-messaging-hosts:"
		   "~/.config/google-chrome/NativeMessagingHosts"},
	{"edge", "/etc/opt/edge/native-messaging-hosts:"
		 "~/.config/microsoft-edge/NativeMessagingHosts"},
};

static OukWay
look_at_extension(const OukBrowserSetup *setup, const OukBrowserRow *row)
{
	if (row->packaging != OUK_PACKAGING_NATIVE)
		return OUK_WAY_SHUT_OFF;
	for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
		g_auto(GStrv) folders = NULL;

		if (strcmp(hosts[i].id, row->id) != 0)
			continue;
		folders = browser_paths(&setup->ground, hosts[i].folders);
		for (char **folder = folders; *folder != NULL; folder++) {
			g_autofree char *file =
				g_build_filename(*folder, BROWSER_NATIVE_HOST, NULL);

			if (g_file_test(file, G_FILE_TEST_EXISTS))
				return OUK_WAY_READY;
		}
		return OUK_WAY_MISSING;
	}
	return OUK_WAY_UNKNOWN;
}

GPtrArray *
ouk_browsers_look(const OukBrowserSetup *setup)
{
	GPtrArray *states = g_ptr_array_new_with_free_func((GDestroyNotify)ouk_browser_state_free);
	gsize count;
	const OukBrowserRow *rows = ouk_browser_rows(&count);

	for (gsize i = 0; i < count; i++) {
		g_autofree char *here = browser_place(&setup->ground, &rows[i]);
		OukBrowserState *state;

		if (here == NULL)
			continue;
		state = g_new0(OukBrowserState, 1);
		state->row = &rows[i];
		state->title = ouk_browser_title(&rows[i]);
		state->where = g_strdup("");
		state->module = look_at_module(setup, &rows[i], state);
		state->ports = look_at_ports(setup, &rows[i], state);
		state->extension = look_at_extension(setup, &rows[i]);
		g_ptr_array_add(states, state);
	}
	return states;
}
