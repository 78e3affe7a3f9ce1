/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The certificates that a page may see, in one order for all families. */
#ifndef OUK_BRIDGE_CERTS_H
#define OUK_BRIDGE_CERTS_H

#include "assistant/bridge/page.h"

/* Of OukPageCert: containers with a signing certificate and its key, key by key, best first. */
GPtrArray *ouk_certs_of_desk(OukPageDesk *desk);
/* How pages name it: "container/serial". The caller frees. */
char *ouk_cert_name(const OukPageCert *cert);
/* The certificate that argument n names. As ouk_page_desk_find, and OUK_E_PAGE_ARGUMENT. */
gboolean ouk_certs_find_arg(OukPageDesk *desk, JsonArray *args, guint n, OukPageCert *ret,
			    GError **error);

/* Base64 of the certificate, or of its public key's SubjectPublicKeyInfo. NULL: OUK_E_NO_CERT. */
JsonNode *ouk_cert_answer(const OukPairCert *cert, GError **error);
JsonNode *ouk_cert_public_key(const OukPairCert *cert, GError **error);

#endif
