/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the page bridge (openukey-bridge) of this user how it is, and ending sessions. */
#ifndef OUK_CORE_BRIDGE_CLIENT_H
#define OUK_CORE_BRIDGE_CLIENT_H

#include <json-glib/json-glib.h>

#define OUK_BRIDGE_CONTROL "bridge.control"

/* XDG_RUNTIME_DIR/openukey/NAME. The caller frees. */
char *ouk_runtime_path(const char *name);

/*
 * One question, one answer; blocks, for at most some seconds. OUK_E_BRIDGE when none runs.
 *	status	{"version", "pages": n, "sites": [...], "sessions": [{"id", "origin", "key",
 *		"program", "since", "left", "signatures"}]}
 *	end	ends a session (id 0: all): {"ended": n}
 *	recheck	after what sites are allowed was changed: {"ended": n}
 */
JsonNode *ouk_bridge_ask(const char *what, guint id, GError **error);

#endif
