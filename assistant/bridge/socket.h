/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unix sockets in XDG_RUNTIME_DIR/openukey, which only their user can reach. */
#ifndef OUK_BRIDGE_SOCKET_H
#define OUK_BRIDGE_SOCKET_H

#include <gio/gio.h>

/*
 * Listens at a name there. Whoever listened before and is gone left a file behind, which is
 * replaced; OUK_E_BRIDGE when somebody still answers. Connect "incoming" at once.
 */
GSocketService *ouk_socket_serve(const char *name, GError **error);
/* Stops, takes the file away, drops the reference. */
void ouk_socket_close(GSocketService *service, const char *name);
/* OUK_E_BRIDGE when nobody listens. */
GSocketConnection *ouk_socket_connect(const char *name, GError **error);

#endif
