/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates that say what a test wants them to say. */
#ifndef TESTS_PROFILE_CERTS_H
#define TESTS_PROFILE_CERTS_H

#include "assistant/core/ossl.h"

/* Everything but o and cn may be left out. */
struct cert_row {
	const char *o, *cn;        /* of the issuer */
	const char *authority_key; /* key identifier, hexadecimal */
	const char *oid, *text;    /* an extension that holds a UTF-8 string */
};

/* Unsigned: for what only reads. Never NULL. */
X509 *cert_make(const struct cert_row *row);

#endif
