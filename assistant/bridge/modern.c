/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The login for halls that want better: the hall's challenge is signed together with the page's
 * origin, so that the signature is of no use to any other site.
 */
#include "assistant/bridge/families.h"

#include "assistant/core/errors.h"

#include <string.h>

#define CHALLENGE_MIN 32 /* 256 bits */
#define CHALLENGE_MAX 1024

/* base64url without padding, exactly; NULL: it is not. */
static GBytes *
base64url_decode(const char *text)
{
	g_autofree char *plain = NULL;
	gsize len = strlen(text), out = 0;
	guchar *bytes;

	if (len == 0 || len % 4 == 1 || len > CHALLENGE_MAX * 2 ||
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != len)
		return NULL;
	plain = g_strdup_printf("%s%.*s", text, (int)((4 - len % 4) % 4), "===");
	g_strdelimit(plain, "-", '+');
	g_strdelimit(plain, "_", '/');
	bytes = g_base64_decode(plain, &out);
	return g_bytes_new_take(bytes, out);
}

/* The text that is the first argument, or the member of the object that is. */
static const char *
text_argument(JsonArray *args, const char *member)
{
	JsonNode *node = json_array_get_length(args) > 0 ? json_array_get_element(args, 0) : NULL;

	if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
		node = json_object_get_member(json_node_get_object(node), member);
	return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static JsonNode *
login(OukPageDesk *desk, JsonArray *args, GError **error)
{
	const char *text = text_argument(args, "challenge");
	g_autoptr(GBytes) challenge = text != NULL ? base64url_decode(text) : NULL;
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (challenge == NULL || g_bytes_get_size(challenge) < CHALLENGE_MIN ||
	    g_bytes_get_size(challenge) > CHALLENGE_MAX) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	if (!ouk_page_desk_choose(desk, &cert, error))
		return NULL;
	return ouk_page_desk_sign_in(desk, &cert, challenge, error);
}

static const OukFamilyRow rows[] = {
	{"login", OUK_GATE_SIGN, login, 0, NULL},
};

const OukFamily ouk_family_modern = {"modern", rows, G_N_ELEMENTS(rows), NULL};
