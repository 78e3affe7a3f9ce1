/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* POST /synctl: one call of a script that waits for the answer. Inside listen/ only. */
#ifndef OUK_BRIDGE_SYNCTL_H
#define OUK_BRIDGE_SYNCTL_H

#include "assistant/bridge/listen/door.h"

/* The pages that speak this way, between one request and the next. */
typedef struct _OukSync OukSync;

/* The data of a SoupServer where its OukSync is. */
#define OUK_SYNC_KEY "openukey-sync"

OukSync *ouk_sync_new(OukBridge *bridge);
/* Closes the pages. */
void ouk_sync_free(OukSync *sync);

/* libsoup's handler; head and origin have been checked. */
void ouk_synctl_handle(SoupServer *server, SoupServerMessage *message, const char *path,
		       GHashTable *query, gpointer data);

#endif
