/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each repair would change on this computer. */
#include "assistant/core/browsers/plan.h"
#include "assistant/core/doctor/repair.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define MODULE_FILE "openukey.module"

/* The administrator's part in words of openukey-repair(8). */
static gboolean
plan_root(OukRepair *repair, gboolean has_undo, const char *const *words)
{
	repair->root = g_strdupv((char **)(uintptr_t)words);
	repair->has_undo = has_undo;
	return TRUE;
}

/* A service of one's own, for practice, is nobody's to repair. */
static gboolean
plan_service(OukRepair *repair, gboolean has_undo, const char *word, GError **error)
{
	const char *const words[] = {word, NULL};

	return pcsc_is_private() ? ouk_fail(error, OUK_E_NO_REPAIR)
				 : plan_root(repair, has_undo, words);
}

#define ROOT(repair, undo, ...) plan_root(repair, undo, (const char *const[]){__VA_ARGS__, NULL})

gboolean
plan_service_start(OukRepair *repair, const OukClues *clues, GError **error)
{
	return plan_service(repair, TRUE, "service-start", error);
}

gboolean
plan_service_restart(OukRepair *repair, const OukClues *clues, GError **error)
{
	return plan_service(repair, FALSE, "service-restart", error);
}

gboolean
plan_service_install(OukRepair *repair, const OukClues *clues, GError **error)
{
	return ROOT(repair, FALSE, "install", "pcscd");
}

gboolean
plan_driver_install(OukRepair *repair, const OukClues *clues, GError **error)
{
	return ROOT(repair, FALSE, "install", "libccid");
}

gboolean
plan_socket_open(OukRepair *repair, const OukClues *clues, GError **error)
{
	return plan_service(repair, TRUE, "socket-open", error);
}

gboolean
plan_driver_add(OukRepair *repair, const OukClues *clues, GError **error)
{
	g_autofree char *vendor = g_strdup_printf("%04x", clues->vendor);
	g_autofree char *product = g_strdup_printf("%04x", clues->product);

	return ROOT(repair, TRUE, "driver-add", vendor, product);
}

gboolean
plan_library_add(OukRepair *repair, const OukClues *clues, GError **error)
{
	return clues->path != NULL ? ROOT(repair, TRUE, "library-add", clues->path)
				   : ouk_fail(error, OUK_E_NO_REPAIR);
}

/* What is said of a clock without a server's word is only that it is wrong. */
gboolean
plan_clock_set(OukRepair *repair, const OukClues *clues, GError **error)
{
	g_autofree char *seconds = g_strdup_printf("%" G_GINT64_FORMAT, clues->offset);

	return clues->offset != 0 ? ROOT(repair, FALSE, "clock-shift", seconds)
				  : ROOT(repair, FALSE, "clock-sync");
}

gboolean
plan_release_key(OukRepair *repair, const OukClues *clues, GError **error)
{
	if (clues->holder == 0)
		return ouk_fail(error, OUK_E_NO_REPAIR);
	repair->end = clues->holder;
	repair->end_start = clues->holder_start;
	/* Translators: the exact change; %s is a program's name */
	repair->change = g_strdup_printf(_("kill -TERM %d\n(%s; what is not saved in it may be "
					   "lost)\n"),
					 (int)clues->holder, clues->holder_name);
	return TRUE;
}

gboolean
plan_module_register(OukRepair *repair, const OukClues *clues, GError **error)
{
	g_autofree char *text = NULL, *path = NULL, *module = NULL;

	if (clues->path == NULL)
		return ouk_fail(error, OUK_E_NO_REPAIR);
	module = g_canonicalize_filename(clues->path, NULL);
	/* p11-kit reads no files of a user who is root */
	path = geteuid() == 0 ? g_strdup(P11KIT_SYSTEM_CONFIGS "/" MODULE_FILE)
			      : g_build_filename(g_get_user_config_dir(), "pkcs11", "modules",
						 MODULE_FILE, NULL);
	text = g_strdup_printf("module: %s\n", module);
	repair->has_undo = TRUE;
	return change_add(repair, path, g_bytes_new(text, strlen(text)), error);
}

/* Of this user's browsers; of all users', the administrator does it (ukey browsers). */
gboolean
plan_browsers_register(OukRepair *repair, const OukClues *clues, GError **error)
{
	const OukBrowserSetup setup = {
		.ground = {.root = "", .home = g_get_home_dir(), .module = clues->path}};
	g_autoptr(GPtrArray) places = NULL;

	if (clues->path == NULL)
		return ouk_fail(error, OUK_E_NO_REPAIR);
	places = plan_places(&setup);
	for (guint i = 0; i < places->len; i++)
		if (!plan_place(&setup, g_ptr_array_index(places, i), repair, error))
			return FALSE;
	repair->has_undo = TRUE;
	return repair->files != NULL || ouk_fail(error, OUK_E_NO_REPAIR);
}

gboolean
plan_settings_aside(OukRepair *repair, const OukClues *clues, GError **error)
{
	if (clues->path == NULL)
		return ouk_fail(error, OUK_E_NO_REPAIR);
	repair->has_undo = TRUE;
	return change_add(repair, clues->path, NULL, error);
}

/* Of a folder that the user may write to, the user; else the administrator. */
gboolean
plan_profile_aside(OukRepair *repair, const OukClues *clues, GError **error)
{
	g_autofree char *folder = NULL, *name = NULL, *signature = NULL;

	if (clues->path == NULL)
		return ouk_fail(error, OUK_E_NO_REPAIR);
	folder = g_path_get_dirname(clues->path);
	name = g_path_get_basename(clues->path);
	signature = g_strconcat(clues->path, ".sig", NULL);
	if (g_str_has_suffix(name, ".json"))
		name[strlen(name) - strlen(".json")] = '\0';
	if (strcmp(folder, "/etc/openukey/profiles") == 0 && access(folder, W_OK) != 0)
		return ROOT(repair, TRUE, "profile-aside", name);
	if (access(folder, W_OK) != 0) /* a shipped one: only installing again helps */
		return ouk_fail(error, OUK_E_NO_REPAIR);
	repair->has_undo = TRUE;
	return change_add(repair, clues->path, NULL, error) &&
	       (!g_file_test(signature, G_FILE_TEST_EXISTS) ||
		change_add(repair, signature, NULL, error));
}
