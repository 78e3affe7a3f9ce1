/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders from a test: one line to a Unix socket, one line back, "ok[ ANSWER]" or "no". */
#ifndef VIRTUAL_USB_CONTROL_H
#define VIRTUAL_USB_CONTROL_H

#include <glib.h>
#include <stdbool.h>

/* Runs in the main loop; puts what it has to say into answer. False: not understood. */
typedef bool (*control_order)(void *data, const char *line, GString *answer);

/* For as long as the process lives; says on stderr what hinders it. */
bool control_listen(const char *path, control_order order, void *data);

#endif
