/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/site.h"

#include "assistant/bridge/core.h"
#include "assistant/core/hall_key.h"

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

/* ---- which key opens which hall ---- */

static const OukHall *
hall_of(OukPage *page)
{
	OukHallSeen seen;

	site_look(page->bridge, page->origin, &seen);
	return seen.match == OUK_HALL_KNOWN ? seen.hall : NULL;
}

/* What the book says of this key alone. */
static void
bind_look(OukPage *page, OukHallBook *book, const OukHall *hall, OukTokenView *key, OukHallKey *ret)
{
	g_autoptr(GPtrArray) uses = ouk_hall_book_uses(book, hall);
	g_autoptr(GPtrArray) keys = g_ptr_array_new();

	g_ptr_array_add(keys, key);
	ouk_hall_key_choose(page->bridge->profiles, hall, keys, uses, ret);
}

const char *
site_bind_text(OukPage *page, OukTokenView *key)
{
	const OukHall *hall = hall_of(page);
	g_autoptr(OukHallBook) book = NULL;
	g_auto(OukHallKey) found = {0};

	if (hall == NULL)
		return NULL;
	book = ouk_hall_book_open(NULL);
	bind_look(page, book, hall, key, &found);
	return ouk_hall_bind_text(found.bind);
}

void
site_note_key(OukPage *page, OukTokenView *key)
{
	const OukHall *hall = page->peer->browser != NULL ? hall_of(page) : NULL;
	g_autoptr(OukHallBook) book = NULL;
	g_autoptr(GError) error = NULL;
	g_auto(OukHallKey) found = {0};
	OukPairView *pair;

	if (hall == NULL)
		return;
	book = ouk_hall_book_open(NULL);
	bind_look(page, book, hall, key, &found);
	pair = found.pair != NULL ? found.pair : ouk_token_view_best(key);
	if (pair == NULL || ouk_hall_bind_is_due(found.bind))
		return;
	if (!ouk_hall_book_note(book, hall, key, pair, &error))
		g_warning("%s", error->message);
}
