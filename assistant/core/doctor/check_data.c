/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of ours: the CAs' data, the user's settings, the rules for this computer. */
#include "assistant/core/doctor/exam.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define POLICY_FILE "/etc/openukey/policy.conf"
#define TEXT_MAX    (4U << 20)

/* ---- profiles ---- */

/* The file that a message names: the last thing in parentheses. */
static char *
path_in(const char *message)
{
	const char *open = strrchr(message, '('), *end = open != NULL ? strchr(open, ')') : NULL;
	g_autofree char *path = end != NULL ? g_strndup(open + 1, (gsize)(end - open - 1)) : NULL;

	return path != NULL && g_path_is_absolute(path) ? g_steal_pointer(&path) : NULL;
}

void
exam_profiles(OukExam *exam)
{
	if (exam->profiles == NULL)
		exam->profiles = ouk_profiles_load_default();
}

void
check_profile(OukExam *exam, OukLinkResult *ret)
{
	const GPtrArray *problems;
	guint count;

	exam_profiles(exam);
	problems = ouk_profiles_problems(exam->profiles);
	count = ouk_profiles_list(exam->profiles)->len;
	if (problems->len > 0) {
		const GError *problem = g_ptr_array_index(problems, 0);

		exam->clues.path = path_in(problem->message);
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_PROFILE_TAMPERED,
			   g_strdup(problem->message));
	} else if (count == 0) {
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_PROFILE_NONE, NULL);
	} else {
		exam_ok(ret, g_strdup_printf(ngettext("%u CA", "%u CAs", count), count));
	}
}

/* ---- settings ---- */

static gboolean
json_is_good(const char *text, gsize len)
{
	g_autoptr(JsonParser) parser = json_parser_new();

	return json_parser_load_from_data(parser, text, (gssize)len, NULL) &&
	       json_parser_get_root(parser) != NULL;
}

static gboolean
keyfile_is_good(const char *text, gsize len)
{
	g_autoptr(GKeyFile) file = g_key_file_new();

	return g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, NULL);
}

static const struct {
	const char *suffix;
	gboolean (*is_good)(const char *text, gsize len);
} formats[] = {
	{".json", json_is_good},
	{".ini", keyfile_is_good},
	{".conf", keyfile_is_good},
};

static gboolean
file_is_good(const char *path)
{
	g_autofree char *text = NULL;
	gsize len;

	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
		if (g_str_has_suffix(path, formats[i].suffix))
			return g_file_get_contents(path, &text, &len, NULL) && len < TEXT_MAX &&
			       formats[i].is_good(text, len);
	return TRUE;
}

/* The first damaged file of a folder of ours; NULL. */
static char *
damaged_in(const char *base)
{
	g_autofree char *folder = g_build_filename(base, "openukey", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_REGULAR) && !file_is_good(path))
			return g_steal_pointer(&path);
	}
	return NULL;
}

/* The module's own file: "name = value" lines, [programs], # comments (openukey-pkcs11(7)). */
static guint
bad_policy_line(void)
{
	static const char pattern[] =
		"^\\s*(#.*|\\[[^]]*\\]\\s*(#.*)?|min-tries\\s*=\\s*([0-9]|1[0-5])\\s*(#.*)?|"
		"(force-pin-change|protected-authentication-path)\\s*=\\s*(yes|no)\\s*(#.*)?)?$";
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(POLICY_FILE, &text, NULL, NULL))
		return 0;
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++)
		if (!g_regex_match_simple(pattern, lines[i], G_REGEX_RAW, 0))
			return i + 1;
	return 0;
}

void
check_settings(OukExam *exam, OukLinkResult *ret)
{
	const char *const bases[] = {g_get_user_config_dir(), g_get_user_data_dir()};
	guint line = bad_policy_line();

	for (size_t i = 0; i < G_N_ELEMENTS(bases); i++) {
		char *path = damaged_in(bases[i]);

		if (path == NULL)
			continue;
		exam->clues.path = path;
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_SETTINGS_DAMAGED, g_strdup(path));
		/* the folder has the user's name in it */
		exam_fact(ret, g_path_get_basename(path));
		return;
	}
	if (line > 0)
		exam_found(ret, OUK_LINK_NOTE, OUK_F_POLICY_DAMAGED,
			   g_strdup_printf(_("%s, line %u"), POLICY_FILE, line));
	else
		exam_ok(ret, NULL);
}
