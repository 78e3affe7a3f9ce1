/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/page.h"

#include <string.h>

#define HOST_MAX 253

static const struct scheme {
	const char *name;
	int port; /* that is left out */
} schemes[] = {{"https", 443}, {"http", 80}};

static const struct scheme *
scheme_find(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++)
		if (g_strcmp0(schemes[i].name, name) == 0)
			return &schemes[i];
	return NULL;
}

/* A host name as browsers say it: ASCII letters, digits, hyphens and dots. */
static gboolean
is_host(const char *host)
{
	gsize len = strlen(host);

	if (len == 0 || len > HOST_MAX || host[0] == '.' || strstr(host, "..") != NULL)
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isalnum(host[i]) && host[i] != '-' && host[i] != '.' && host[i] != '_')
			return FALSE;
	return TRUE;
}

/* Punycode, lower case; a dot at the end names the same host and is dropped. NULL: not a host. */
static char *
host_canonical(const char *host)
{
	g_autofree char *ascii = NULL;
	g_autofree char *lower = NULL;
	gsize len = strlen(host);

	/* an IPv6 address: GUri has taken its brackets off */
	if (strchr(host, ':') != NULL)
		return g_hostname_is_ip_address(host) ? g_strdup_printf("[%s]", host) : NULL;
	ascii = g_hostname_to_ascii(host);
	if (ascii == NULL)
		return NULL;
	lower = g_ascii_strdown(ascii, -1);
	len = strlen(lower);
	if (len > 1 && lower[len - 1] == '.')
		lower[len - 1] = '\0';
	return is_host(lower) ? g_steal_pointer(&lower) : NULL;
}

/* Nothing behind the host but an empty path. */
static gboolean
is_bare(GUri *uri)
{
	const char *path = g_uri_get_path(uri);

	return g_uri_get_userinfo(uri) == NULL && g_uri_get_query(uri) == NULL &&
	       g_uri_get_fragment(uri) == NULL && *path == '\0';
}

char *
ouk_origin_canonical(const char *origin)
{
	g_autoptr(GUri) uri = NULL;
	g_autofree char *host = NULL;
	const struct scheme *scheme;
	int port;

	if (origin == NULL || strlen(origin) > 2 * HOST_MAX || !g_utf8_validate(origin, -1, NULL))
		return NULL;
	uri = g_uri_parse(origin, G_URI_FLAGS_HAS_PASSWORD, NULL);
	if (uri == NULL || !is_bare(uri) || g_uri_get_host(uri) == NULL)
		return NULL;
	scheme = scheme_find(g_uri_get_scheme(uri));
	host = host_canonical(g_uri_get_host(uri));
	port = g_uri_get_port(uri);
	if (scheme == NULL || host == NULL || port == 0)
		return NULL;
	if (port < 0 || port == scheme->port)
		return g_strdup_printf("%s://%s", scheme->name, host);
	return g_strdup_printf("%s://%s:%d", scheme->name, host, port);
}
