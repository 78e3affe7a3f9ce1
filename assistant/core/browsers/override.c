/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/browsers/override.h"

#include "assistant/core/cert.h"

#include <string.h>

#define NAME "cert_override.txt"
#define HEAD "# PSM Certificate Override Settings file\n# This is a generated file!  Do not edit.\n"
/* SHA-256, as Firefox names it */
#define DIGEST "OID.2.16.840.1.101.3.4.2.1"

/* The bridge's https and wss port, by both names that pages use. */
static const char *const places[] = {"127.0.0.1:21061:", "localhost:21061:"};

static gboolean
is_ours(const char *line)
{
	for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
		if (g_str_has_prefix(line, places[i]))
			return TRUE;
	return FALSE;
}

static char *
text_of(GBytes *bytes)
{
	gsize len = 0;
	const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

	return g_strndup(data != NULL ? data : "", len);
}

/* The other lines, each with its end. */
static GString *
other_lines(GBytes *now)
{
	g_autofree char *text = text_of(now);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *rest = g_string_new(NULL);

	for (char **line = lines; *line != NULL; line++)
		if (!is_ours(*line) && (line[1] != NULL || **line != '\0'))
			g_string_append_printf(rest, "%s\n", *line);
	return rest;
}

static GBytes *
bytes_of(GString *text)
{
	gsize len = text->len;

	return g_bytes_new_take(g_string_free(text, FALSE), len);
}

GBytes *
override_without(GBytes *now)
{
	GString *rest = other_lines(now);

	if (strcmp(rest->str, HEAD) != 0 && rest->len > 0)
		return bytes_of(rest);
	g_string_free(rest, TRUE);
	return NULL;
}

gboolean
override_plan(OukRepair *repair, const char *profile, const char *leaf, GError **error)
{
	g_autofree char *path = g_build_filename(profile, NAME, NULL);
	g_autoptr(X509) x509 = ouk_x509_read(leaf, error);
	g_autofree char *fingerprint = NULL;
	g_autofree char *old = NULL;
	g_autoptr(GBytes) before = NULL;
	GString *text;
	gsize len = 0;

	if (x509 == NULL)
		return FALSE;
	if (g_file_get_contents(path, &old, &len, NULL))
		before = g_bytes_new(old, len);
	fingerprint = ouk_x509_fingerprint(x509, "SHA256");
	text = before != NULL ? other_lines(before) : g_string_new(HEAD);
	for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
		g_string_append_printf(text, "%s\t" DIGEST "\t%s\t\n", places[i], fingerprint);
	if (before != NULL && text->len == len && memcmp(text->str, old, len) == 0) {
		g_string_free(text, TRUE);
		return TRUE;
	}
	return change_add(repair, path, bytes_of(text), error);
}
