/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/signed.h"

#include <string.h>

static const char tag[] = "OpenUKey-sig-v1";

GBytes *
ouk_signed_message_of(const char *purpose, GBytes *body)
{
	GByteArray *message = g_byte_array_new();

	g_byte_array_append(message, (const guint8 *)tag, sizeof(tag));
	g_byte_array_append(message, (const guint8 *)purpose, (guint)strlen(purpose) + 1);
	g_byte_array_append(message, g_bytes_get_data(body, NULL), (guint)g_bytes_get_size(body));
	return g_byte_array_free_to_bytes(message);
}

GBytes *
ouk_signed_message(const char *purpose, const char *body)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(body, strlen(body));

	return ouk_signed_message_of(purpose, bytes);
}

gboolean
ouk_signed_is_ours(GBytes *data)
{
	gsize len;
	const char *bytes = g_bytes_get_data(data, &len);

	/* without the NUL behind it: what begins so is nobody else's business */
	return len >= strlen(tag) && memcmp(bytes, tag, strlen(tag)) == 0;
}

GBytes *
ouk_signer_sign_for(const OukSigner *signer, const char *purpose, const char *body, GError **error)
{
	g_autoptr(GBytes) message = ouk_signed_message(purpose, body);

	return ouk_signer_sign(signer, message, error);
}
