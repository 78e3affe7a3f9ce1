/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A page at the other end of a WebSocket, in its family's way of speaking. Inside listen/ only. */
#ifndef OUK_BRIDGE_TALK_H
#define OUK_BRIDGE_TALK_H

#include "assistant/bridge/listen/door.h"

/*
 * Takes a WebSocket that has just been opened through the door; it lives as long as the connection.
 * origin: as checked.
 */
void ouk_talk_begin(OukDoor *door, SoupWebsocketConnection *socket, const char *origin);

#endif
