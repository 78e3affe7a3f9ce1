/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/site.h"

#include "assistant/bridge/core.h"

#include <glib/gi18n.h>

void
site_look(OukBridge *bridge, const char *origin, OukHallSeen *ret)
{
	(void)ouk_hall_for_origin(bridge->profiles, origin, g_atomic_int_get(&bridge->rehearsal),
				  ret);
}

const char *
site_hall_name(OukBridge *bridge, const char *origin)
{
	OukHallSeen seen;

	site_look(bridge, origin, &seen);
	return seen.match == OUK_HALL_KNOWN ? ouk_words(&seen.hall->name) : NULL;
}

static OukPromptSite
state_of(const OukPage *page, const OukHallSeen *seen)
{
	if (seen->match == OUK_HALL_LOOKALIKE)
		return OUK_PROMPT_SITE_ALIKE;
	if (seen->match != OUK_HALL_KNOWN)
		return OUK_PROMPT_SITE_UNLISTED;
	/* A browser shows an https page after it has checked the chain; others may say anything. */
	return ouk_hall_has_mark(seen, page->peer->browser != NULL) ? OUK_PROMPT_SITE_KNOWN
								    : OUK_PROMPT_SITE_LISTED;
}

/* A program that is no browser we know says where it comes from, and nobody has checked it. */
static char *
asker_of(const OukPeer *peer)
{
	g_autofree char *name = ouk_peer_name(peer);

	if (peer->browser != NULL)
		return g_steal_pointer(&name);
	return g_strdup_printf(_("⚠ %s: no browser that is known here. It may only claim to show "
				 "this site."),
			       name);
}

void
site_request(OukPage *page, OukPromptRequest *request)
{
	OukHallSeen seen;

	site_look(page->bridge, page->origin, &seen);
	request->asker = asker_of(page->peer);
	request->site = g_strdup(page->origin);
	request->site_state = state_of(page, &seen);
	if (seen.hall != NULL)
		request->site_name = g_strdup_printf("%s · %s", ouk_words(&seen.hall->name),
						     ouk_words(&seen.hall->city));
}

char *
site_words(OukPage *page)
{
	const char *name = site_hall_name(page->bridge, page->origin);

	return g_strdup(name != NULL ? name : page->origin);
}
