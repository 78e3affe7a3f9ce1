/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a site, and how a prompt says so. */
#ifndef OUK_BRIDGE_SITE_H
#define OUK_BRIDGE_SITE_H

#include "assistant/bridge/page.h"
#include "assistant/core/hall_origin.h"
#include "assistant/core/prompt_wire.h"

/* Of an origin, by the profiles' halls. Any thread. */
void site_look(OukBridge *bridge, const char *origin, OukHallSeen *ret);
/* The hall's name in the person's language; NULL: not in the list. Borrowed. */
const char *site_hall_name(OukBridge *bridge, const char *origin);
/* Who asks, for which site, and what is known of it. The request has been initialised. */
void site_request(OukPage *page, OukPromptRequest *request);
/* "the hall's name" or the origin, for a sentence; the caller frees. */
char *site_words(OukPage *page);

/*
 * What the person should know of this key at the page's hall before logging in (hall_key.h): the
 * certificate is another one than last time. Translated, static; NULL: nothing. Workers only.
 */
const char *site_bind_text(OukPage *page, OukTokenView *key);
/*
 * The key has opened the page's hall, which is remembered. Not of programs that are no browser, nor
 * of a certificate that the hall must bind first: that one the person has to confirm.
 */
void site_note_key(OukPage *page, OukTokenView *key);

#endif
