/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/browsers/choose.h"

#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

#define SCHEME "http"
#define TYPE   "x-scheme-handler/" SCHEME

/* The row that a desktop file belongs to; NULL: a browser that we do not know. */
static const OukBrowserState *
state_of(const GPtrArray *states, GAppInfo *app)
{
	const char *id = g_app_info_get_id(app);

	for (guint i = 0; id != NULL && i < states->len; i++) {
		const OukBrowserState *state = g_ptr_array_index(states, i);
		g_auto(GStrv) desktops = g_strsplit(state->row->desktops, ":", -1);

		if (g_strv_contains((const char *const *)desktops, id))
			return state;
	}
	return NULL;
}

/* The better one is that which has the module already. */
static GAppInfo *
fit_one(const GPtrArray *states, GList *apps, const OukBrowserState **ret_state)
{
	GAppInfo *best = NULL;

	*ret_state = NULL;
	for (GList *each = apps; each != NULL; each = each->next) {
		const OukBrowserState *state = state_of(states, each->data);

		if (state == NULL || state->row->packaging != OUK_PACKAGING_NATIVE)
			continue;
		if (best != NULL &&
		    (state->module != OUK_WAY_READY || (*ret_state)->module == OUK_WAY_READY))
			continue;
		best = each->data;
		*ret_state = state;
	}
	return best;
}

static void
app_unref(gpointer app)
{
	g_object_unref(app);
}

GAppInfo *
ouk_browser_choose(const GPtrArray *states, char **ret_why)
{
	GAppInfo *own = g_app_info_get_default_for_uri_scheme(SCHEME);
	const OukBrowserState *own_state = own != NULL ? state_of(states, own) : NULL;
	const OukBrowserState *state;
	GAppInfo *fit;
	GList *apps;

	*ret_why = NULL;
	if (own_state == NULL || own_state->row->packaging == OUK_PACKAGING_NATIVE)
		return own;
	apps = g_app_info_get_all_for_type(TYPE);
	fit = fit_one(states, apps, &state);
	if (fit != NULL) {
		*ret_why = g_strdup_printf(_("%s is shut off from the key, so %s is opened."),
					   own_state->title, state->title);
		g_object_unref(own);
		own = g_object_ref(fit);
	} else {
		*ret_why = g_strdup(ouk_browser_limit(own_state));
	}
	g_list_free_full(apps, app_unref);
	return own;
}

gboolean
ouk_browser_open(GAppInfo *browser, const char *url, GAppLaunchContext *context, GError **error)
{
	GList uris = {.data = (char *)(guintptr)url};
	g_autoptr(GError) reason = NULL;

	if (browser == NULL)
		return ouk_fail_with(error, OUK_E_NO_BROWSER, "(%s)", url);
	if (g_app_info_launch_uris(browser, &uris, context, &reason))
		return TRUE;
	return ouk_fail_with(error, OUK_E_NO_BROWSER, "(%s: %s)", url, reason->message);
}
