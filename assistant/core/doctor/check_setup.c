/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether programs and browsers on this computer know of our module. */
#include "assistant/core/doctor/exam.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define MODULE_NAME "openukey-pkcs11"
#define PROXY_NAME  "p11-kit-proxy"

/* ---- p11-kit ---- */

/* The file's line "module: NAME", as a path; NULL without one. */
static char *
registered_path(const char *file)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(file, &text, NULL, NULL))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		const char *value = g_str_has_prefix(*line, "module:")
					    ? g_strstrip(*line + strlen("module:"))
					    : NULL;

		if (value != NULL)
			return g_path_is_absolute(value)
				       ? g_strdup(value)
				       : g_build_filename(P11KIT_MODULE_PATH, value, NULL);
	}
	return NULL;
}

static gboolean
folder_registers(const char *folder, const char *module_path)
{
	g_autofree char *wanted = g_path_get_basename(module_path);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *file = g_build_filename(folder, name, NULL);
		g_autofree char *path =
			g_str_has_suffix(name, ".module") ? registered_path(file) : NULL;
		g_autofree char *base = path != NULL ? g_path_get_basename(path) : NULL;

		if (g_strcmp0(base, wanted) == 0 && g_file_test(path, G_FILE_TEST_EXISTS))
			return TRUE;
	}
	return FALSE;
}

/* Its files rather than its functions: those remember what they read when this program began. */
static gboolean
p11kit_lists(const char *module_path)
{
	g_autofree char *own = g_build_filename(g_get_user_config_dir(), "pkcs11", "modules", NULL);

	return folder_registers(P11KIT_CONFIGS, module_path) ||
	       folder_registers(P11KIT_SYSTEM_CONFIGS, module_path) ||
	       (geteuid() != 0 && folder_registers(own, module_path));
}

void
check_module(OukExam *exam, OukLinkResult *ret)
{
	if (p11kit_lists(exam->module_path)) {
		exam_ok(ret, NULL);
		return;
	}
	exam->clues.path = g_strdup(exam->module_path);
	exam_found(ret, OUK_LINK_BROKEN, OUK_F_MODULE_UNREGISTERED, NULL);
}
