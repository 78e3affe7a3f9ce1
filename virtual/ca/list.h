/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rehearsal CA's revocation list, DIR/root.crl. */
#ifndef CA_LIST_H
#define CA_LIST_H

#include "authority.h"

/*
 * Writes the list anew: what the last one had, and `revoked` (NULL: nothing more); good for `days`
 * from now. Says on stderr what went wrong.
 */
UK_CHECKED bool list_make(const char *dir, const struct authority *authority, X509 *revoked,
			  long days);

#endif
