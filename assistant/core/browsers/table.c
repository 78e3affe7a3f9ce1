/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/browsers/table.h"

#include <string.h>

#define GECKO   OUK_ENGINE_GECKO
#define BLINK   OUK_ENGINE_BLINK
#define NATIVE  OUK_PACKAGING_NATIVE
#define SNAP    OUK_PACKAGING_SNAP
#define FLATPAK OUK_PACKAGING_FLATPAK

#define BROWSER(id, name, engine, packaging, places, policies, data, desktops, proven) \
	{id, name, engine, packaging, places, policies, data, desktops, proven},
static const OukBrowserRow rows[] = {
#include "assistant/core/browsers/browsers.def"
};
#undef BROWSER

const OukBrowserRow *
ouk_browser_rows(gsize *ret_count)
{
	*ret_count = G_N_ELEMENTS(rows);
	return rows;
}

char *
ouk_browser_title(const OukBrowserRow *row)
{
	static const char *const packagings[] = {
		[OUK_PACKAGING_NATIVE] = NULL,
		[OUK_PACKAGING_SNAP] = "Snap",
		[OUK_PACKAGING_FLATPAK] = "Flatpak",
	};
	const char *packaging = packagings[row->packaging];

	return packaging != NULL ? g_strdup_printf("%s (%s)", row->name, packaging)
				 : g_strdup(row->name);
}

char **
browser_paths(const OukGround *ground, const char *column)
{
	char **paths = g_strsplit(column, ":", -1);

	for (char **path = paths; *path != NULL; path++) {
		char *whole = **path == '~' ? g_strconcat(ground->home, *path + 1, NULL)
					    : g_strconcat(ground->root, *path, NULL);

		g_free(*path);
		*path = whole;
	}
	return paths;
}

/* What a Snap or Flatpak puts into the search path is not meant. */
static gboolean
is_native(const char *program)
{
	g_autofree char *text = NULL;

	if (g_str_has_prefix(program, "/snap/") || strstr(program, "flatpak") != NULL)
		return FALSE;
	/* Ubuntu's "firefox" is a script that starts the Snap */
	return !g_file_get_contents(program, &text, NULL, NULL) || strncmp(text, "#!", 2) != 0 ||
	       strstr(text, "/snap/bin/") == NULL;
}

static char *
program_find(const OukGround *ground, const char *name)
{
	g_autofree char *path = *ground->root == '\0'
					? g_find_program_in_path(name)
					: g_build_filename(ground->root, "usr", "bin", name, NULL);

	return path != NULL && g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) && is_native(path)
		       ? g_steal_pointer(&path)
		       : NULL;
}

char *
browser_place(const OukGround *ground, const OukBrowserRow *row)
{
	g_auto(GStrv) names = g_strsplit(row->places, ":", -1);
	g_auto(GStrv) folders = browser_paths(ground, row->places);

	for (gsize i = 0; names[i] != NULL; i++) {
		char *place = NULL;

		if (row->packaging == OUK_PACKAGING_NATIVE)
			place = program_find(ground, names[i]);
		else if (g_file_test(folders[i], G_FILE_TEST_IS_DIR))
			place = g_strdup(folders[i]);
		if (place != NULL)
			return place;
	}
	return NULL;
}
