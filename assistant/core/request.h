/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS #10 requests signed by a key that never leaves its token. */
#ifndef OUK_CORE_REQUEST_H
#define OUK_CORE_REQUEST_H

#include "assistant/core/key.h"

/* "/C=CN/O=…/CN=…"; a backslash takes the next character as it is. OUK_E_USAGE. */
X509_NAME *ouk_name_parse(const char *text, GError **error);
/* C=CN, O and CN the unit's name. */
X509_NAME *ouk_name_of_unit(const char *unit);

/* PEM. */
GBytes *ouk_request_make(const OukSigner *signer, X509_NAME *subject, GError **error);

#endif
