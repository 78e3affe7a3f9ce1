/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/seal.h"

#include "assistant/core/errors.h"

GBytes *
ouk_seal_make(GPtrArray *certs, GBytes *content, GError **error)
{
	ouk_fail(error, OUK_E_UNSUPPORTED);
	return NULL;
}

GBytes *
ouk_seal_open(const OukSigner *key, X509 *cert, GBytes *sealed, GError **error)
{
	ouk_fail(error, OUK_E_UNSUPPORTED);
	return NULL;
}

GBytes *
ouk_seal_decrypt(const OukSigner *key, GBytes *cipher, GError **error)
{
	ouk_fail(error, OUK_E_UNSUPPORTED);
	return NULL;
}
