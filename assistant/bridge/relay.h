/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-bridge --native-messaging: started by a browser, brings its frames to the bridge. */
#ifndef OUK_BRIDGE_RELAY_H
#define OUK_BRIDGE_RELAY_H

/* Starts the bridge (this same program) where none runs. Returns the exit status. */
int ouk_relay_run(void);

#endif
