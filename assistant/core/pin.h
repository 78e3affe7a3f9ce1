/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a PIN may come from: the person's terminal without echo, or a descriptor. Nothing else. */
#ifndef OUK_CORE_PIN_H
#define OUK_CORE_PIN_H

#include "common/secret.h"

#include <glib.h>

/* No core dumps, no other process of the user may look into ours. */
void ouk_process_harden(void);

/*
 * One line (or the rest) of a descriptor, without its end of line. What follows it is not read, so
 * that several secrets can come over one descriptor, a line each. OUK_E_FILE_READ, OUK_E_PIN_LEN.
 */
gboolean ouk_pin_read(int fd, struct uk_secret *ret_pin, GError **error);

/*
 * Asks on the controlling terminal. Echo comes back on every way out, signals included.
 * OUK_E_NO_TERMINAL, OUK_E_CANCELLED (end of input), OUK_E_PIN_LEN (too long).
 */
gboolean ouk_pin_ask(const char *prompt, struct uk_secret *ret_pin, GError **error);

/* Asks for something that is not secret. NULL like ouk_pin_ask; the caller frees. */
char *ouk_terminal_ask(const char *prompt, GError **error);

#endif
