/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PINs that a page typed itself: they are nobody's business, and gone before anybody looks. */
#ifndef OUK_BRIDGE_WIPE_H
#define OUK_BRIDGE_WIPE_H

#include "assistant/bridge/page.h"

/* Overwrites what the row says are PINs, and leaves "" or 0 in their place. */
void wipe_pins(JsonArray *args, const OukFamilyRow *row);
/* Overwrites every text in what was read from a page, after it has been used. */
void wipe_node(JsonNode *node);

#endif
