/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/listen/token.h"

#include <glib.h>
#include <openssl/rand.h>

#define TOKEN_LEN 16

char *
ouk_login_token_new(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	unsigned char bytes[TOKEN_LEN];

	if (RAND_priv_bytes(bytes, sizeof(bytes)) != 1)
		return NULL;
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		g_string_append_printf(text, "%02x", (unsigned int)bytes[i]);
	return g_strdup(text->str);
}
