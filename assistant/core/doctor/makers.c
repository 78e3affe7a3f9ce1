/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/makers.h"

#include <gio/gio.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#define ENTERED "/etc/openukey/skf.d"

/* Debian's, UOS's (/opt/apps/NAME/files) and what vendors' own installers use. */
static const char *const places[] = {
	"/usr/lib/lib*[sS][kK][fF]*.so*",
	"/usr/lib/*-linux-gnu/lib*[sS][kK][fF]*.so*",
	"/usr/lib64/lib*[sS][kK][fF]*.so*",
	"/usr/local/lib/lib*[sS][kK][fF]*.so*",
	"/opt/*/lib*[sS][kK][fF]*.so*",
	"/opt/*/lib/lib*[sS][kK][fF]*.so*",
	"/opt/*/lib64/lib*[sS][kK][fF]*.so*",
	"/opt/apps/*/files/lib*[sS][kK][fF]*.so*",
	"/opt/apps/*/files/lib/lib*[sS][kK][fF]*.so*",
};

/* One that somebody else than the administrator could exchange is not offered; nor is our own. */
static gboolean
is_offered(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	struct stat st;

	return !g_str_has_prefix(name, "libopenukey") && stat(path, &st) == 0 &&
	       S_ISREG(st.st_mode) && st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Whether a line of a file in the folder names it. */
static gboolean
is_entered(const char *path)
{
	g_autoptr(GDir) folder = g_dir_open(ENTERED, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *file = g_build_filename(ENTERED, name, NULL);
		g_autofree char *text = NULL;

		if (g_str_has_suffix(name, ".conf") &&
		    g_file_get_contents(file, &text, NULL, NULL) && strstr(text, path) != NULL)
			return TRUE;
	}
	return FALSE;
}

char *
makers_library_new(void)
{
	char *found = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(places) && found == NULL; i++) {
		glob_t hits = {0};

		if (glob(places[i], 0, NULL, &hits) == 0)
			for (size_t k = 0; k < hits.gl_pathc && found == NULL; k++)
				if (is_offered(hits.gl_pathv[k]) && !is_entered(hits.gl_pathv[k]))
					found = g_strdup(hits.gl_pathv[k]);
		globfree(&hits);
	}
	return found;
}

char *
makers_library_entered(void)
{
	g_autoptr(GDir) folder = g_dir_open(ENTERED, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL)
		if (g_str_has_suffix(name, ".conf"))
			return g_strdup(name);
	return NULL;
}
