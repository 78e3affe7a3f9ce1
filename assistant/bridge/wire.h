/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bridge's Unix socket, where relays bring what browsers' extensions say: frames of native
 * messaging, as assistant/webextension/README.md describes them.
 */
#ifndef OUK_BRIDGE_WIRE_H
#define OUK_BRIDGE_WIRE_H

#include "assistant/bridge/bridge.h"

#define OUK_WIRE_NAME "bridge.sock"

typedef struct _OukWire OukWire;

/* OUK_E_BRIDGE when another bridge of the user is there already, or no folder for the socket. */
OukWire *ouk_wire_new(OukBridge *bridge, GError **error);
void ouk_wire_free(OukWire *wire);

/* Connections that are open, for status. */
guint ouk_wire_count(const OukWire *wire);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukWire, ouk_wire_free)

#endif
