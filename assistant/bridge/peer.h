/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program at the other end of a connection, as the kernel knows it. */
#ifndef OUK_BRIDGE_PEER_H
#define OUK_BRIDGE_PEER_H

#include <gio/gio.h>
#include <sys/types.h>

typedef struct {
	pid_t pid;     /* 0: not found */
	uid_t uid;     /* its owner */
	char *exe;     /* path of its program; NULL: cannot be seen */
	char *browser; /* "Firefox", ...; NULL: no browser that we know */
} OukPeer;

/*
 * The other end of a TCP connection on the loopback interface. OUK_E_PAGE_PEER when it cannot be
 * resolved or belongs to another user: nothing may be answered then. OUK_E_CANCELLED when it was
 * closed before it could be looked at. Looks through /proc: some milliseconds, once for each
 * connection. NULL on failure.
 */
OukPeer *ouk_peer_of_tcp(GSocket *socket, GError **error);
/*
 * The other end of our Unix socket: the relay, whose parent is named as the peer; any other
 * program is named itself. OUK_E_PAGE_PEER when it is another user's.
 */
OukPeer *ouk_peer_of_unix(GSocket *socket, GError **error);

OukPeer *ouk_peer_copy(const OukPeer *peer);
void ouk_peer_free(OukPeer *peer);
/* For people: "Firefox", or the program's path; never NULL, the caller frees. */
char *ouk_peer_name(const OukPeer *peer);
/* Of a program's path: the browser's name, static; NULL when it is none, or anybody may write to
 * it. */
const char *ouk_peer_browser(const char *exe);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukPeer, ouk_peer_free)

#endif
