/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/signed.h"

#include <string.h>

static const char tag[] = "OpenUKey-sig-v1";

GBytes *
ouk_signed_message(const char *purpose, const char *body)
{
	GByteArray *message = g_byte_array_new();

	g_byte_array_append(message, (const guint8 *)tag, sizeof(tag));
	g_byte_array_append(message, (const guint8 *)purpose, (guint)strlen(purpose) + 1);
	g_byte_array_append(message, (const guint8 *)body, (guint)strlen(body));
	return g_byte_array_free_to_bytes(message);
}

GBytes *
ouk_signer_sign_for(const OukSigner *signer, const char *purpose, const char *body, GError **error)
{
	g_autoptr(GBytes) message = ouk_signed_message(purpose, body);

	return ouk_signer_sign(signer, message, error);
}
