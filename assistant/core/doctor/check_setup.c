/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether programs and browsers on this computer know of our module. */
#include "assistant/core/doctor/browsers.h"
#include "assistant/core/doctor/exam.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

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

/* ---- browsers ---- */

static char *
name_list(GPtrArray *names)
{
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < names->len; i++)
		g_string_append_printf(list, "%s%s", i > 0 ? _(", ") : "",
				       (const char *)g_ptr_array_index(names, i));
	return g_string_free(g_steal_pointer(&list), FALSE);
}

static void
judge_browsers(const OukBrowsers *browsers, OukLinkResult *ret)
{
	if (browsers->unaware->len > 0)
		exam_found(ret, OUK_LINK_NOTE, OUK_F_BROWSER_UNREGISTERED,
			   name_list(browsers->unaware));
	else if (browsers->isolated->len > 0 && browsers->ready->len == 0)
		exam_found(ret, OUK_LINK_NOTE, OUK_F_BROWSER_SANDBOXED,
			   name_list(browsers->isolated));
	else
		exam_ok(ret, name_list(browsers->ready));
}

void
check_module(OukExam *exam, OukLinkResult *ret)
{
	g_autofree char *name = g_path_get_basename(exam->module_path);
	OukBrowsers browsers;

	if (!p11kit_lists(exam->module_path)) {
		exam->clues.path = g_strdup(exam->module_path);
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_MODULE_UNREGISTERED, NULL);
		return;
	}
	browsers_look(name, &browsers);
	if (browsers.unaware->len > 0)
		exam->clues.path = g_canonicalize_filename(exam->module_path, NULL);
	judge_browsers(&browsers, ret);
	browsers_clear(&browsers);
}
