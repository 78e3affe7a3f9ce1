/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page bridge of one user: pages of all transports, and the rules between them and the keys. */
#ifndef OUK_BRIDGE_BRIDGE_H
#define OUK_BRIDGE_BRIDGE_H

#include "assistant/bridge/page.h"
#include "assistant/core/profile.h"
#include "assistant/core/watch.h"

typedef struct {
	const char *modules; /* as for ouk_watch_new */
	guint session_idle;  /* seconds after the last use of a private key; 0: 300, never more */
	guint session_limit; /* seconds that a session may last at all; 0: 1800, never more */
} OukBridgeSetup;

/* Where consent and journal are comes from XDG_CONFIG_HOME and XDG_STATE_HOME. */
OukBridge *ouk_bridge_new(const OukBridgeSetup *setup, GError **error);
/* Closes all pages, ends all sessions, lets go of keys. NULL is legal. */
void ouk_bridge_free(OukBridge *bridge);

/* Borrowed. */
OukWatch *ouk_bridge_watch(OukBridge *bridge);
OukProfiles *ouk_bridge_profiles(OukBridge *bridge);

/*
 * Something that a transport refused before there was a page (a foreign Origin, a wrong Host, a
 * frame too long): a line in the journal, at most a few of each a minute. All are copied; origin
 * and peer may be NULL.
 */
void ouk_bridge_note_refusal(OukBridge *bridge, const char *what, const char *origin,
			     const OukPeer *peer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukBridge, ouk_bridge_free)

#endif
