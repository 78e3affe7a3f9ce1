/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bridge's second socket, for ukey and the window: status, and ending sessions. */
#ifndef OUK_BRIDGE_CONTROL_H
#define OUK_BRIDGE_CONTROL_H

#include "assistant/bridge/listen/listen.h"

typedef struct _OukControl OukControl;

/* OUK_E_BRIDGE. What it answers is in core/bridge_client.h. Both must outlive it. */
OukControl *ouk_control_new(OukBridge *bridge, OukListen *listen, GError **error);
void ouk_control_free(OukControl *control);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukControl, ouk_control_free)

#endif
