/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a certificate's CA, who vouches for it, and whether it is revoked. */
#ifndef UKEY_TRUST_H
#define UKEY_TRUST_H

#include "assistant/core/chain.h"
#include "assistant/core/revocation.h"

#include <json-glib/json-glib.h>

typedef struct {
	OukProfiles *profiles;
	const OukProfile *profile; /* NULL: a CA nobody has told us of */
	OukChain *chain;
	OukRevocation *revocation; /* NULL: nobody was to ask */
} CliTrust;

/* ask: over the network, which takes a while. */
void cli_trust_find(CliTrust *ret, X509 *x509, gboolean ask);
void cli_trust_clear(CliTrust *trust);
/* "name: text" on a line of its own through `line`. */
void cli_trust_print(const CliTrust *trust, void (*line)(const char *name, const char *text));
/* Members of the object that is open. */
void cli_trust_json(const CliTrust *trust, JsonBuilder *json);

#endif
