/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a port that we wanted: another product's assistant, or another user's. */
#ifndef OUK_BRIDGE_HOLDER_H
#define OUK_BRIDGE_HOLDER_H

#include <glib.h>

/*
 * For people: "name (path)" of the program that listens on the TCP port, "user NAME" where it is
 * another user's, NULL where nobody can be found. Looks through /proc. The caller frees.
 */
char *ouk_port_holder(guint16 port);

#endif
