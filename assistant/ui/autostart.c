/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/autostart.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

static const char entry[] = "[Desktop Entry]\n"
			    "Type=Application\n"
			    "Name=My Certificates\n"
			    "Name[zh_CN]=我的证书\n"
			    "Exec=openukey-assistant --background\n"
			    "Icon=org.openukey.Assistant\n"
			    "NoDisplay=true\n"
			    "X-GNOME-Autostart-Delay=5\n";

static char *
entry_path(void)
{
	return g_build_filename(g_get_user_config_dir(), "autostart",
				"org.openukey.Assistant.desktop", NULL);
}

gboolean
ouk_autostart_enabled(void)
{
	g_autofree char *path = entry_path();
	g_autoptr(GKeyFile) file = g_key_file_new();

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		return FALSE;
	return !g_key_file_get_boolean(file, "Desktop Entry", "Hidden", NULL);
}

gboolean
ouk_autostart_set(gboolean enabled, GError **error)
{
	g_autofree char *path = entry_path();
	g_autofree char *folder = g_path_get_dirname(path);

	if (!enabled && g_unlink(path) != 0 && errno != ENOENT) {
		g_set_error_literal(error, G_IO_ERROR, g_io_error_from_errno(errno),
				    g_strerror(errno));
		return FALSE;
	}
	if (!enabled)
		return TRUE;
	g_mkdir_with_parents(folder, 0700);
	return g_file_set_contents(path, entry, -1, error);
}
