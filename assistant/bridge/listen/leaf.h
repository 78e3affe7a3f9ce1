/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The certificate of https://127.0.0.1 for one user: its own issuer, no CA, good for 127.0.0.1 and
 * localhost and nothing else, for a year. Whoever registers it in a browser registers this one
 * server and no more.
 */
#ifndef OUK_BRIDGE_LEAF_H
#define OUK_BRIDGE_LEAF_H

#include <gio/gio.h>

/* A new one is made so long before the end of the old one. */
#define OUK_LEAF_RENEW_DAYS 30
#define OUK_LEAF_DAYS       365

/* Its PEM file (XDG_DATA_HOME/openukey/bridge/leaf.pem), whether or not it is there. */
char *ouk_leaf_path(void);
/*
 * Makes sure that there is one with its key (beside it, mode 0600), good on all counts and not
 * about to end; a new one is made where anything is wrong with it. ret_fresh (may be NULL): it was
 * made just now and no browser knows it yet. now: Unix time. NULL on failure (G_IO_ERROR).
 */
GTlsCertificate *ouk_leaf_open(gint64 now, gboolean *ret_fresh, GError **error);

#endif
