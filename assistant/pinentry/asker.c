/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/asker.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

gboolean
ouk_asker_pid(int fd, pid_t *ret)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.uid != geteuid())
		return FALSE;
	*ret = peer.pid;
	return TRUE;
}

char *
ouk_asker_program(pid_t pid)
{
	g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int)pid);

	return g_file_read_link(link, NULL);
}

/* "firefox-esr" of "/usr/lib/firefox-esr/firefox-esr %u" */
static gboolean
starts(GAppInfo *app, const char *name)
{
	const char *executable = g_app_info_get_executable(app);
	g_autofree char *base = NULL;

	if (executable == NULL || !g_app_info_should_show(app))
		return FALSE;
	base = g_path_get_basename(executable);
	return strcmp(base, name) == 0;
}

char *
ouk_asker_name(const char *program)
{
	g_autofree char *name = g_path_get_basename(program);
	GList *apps;
	char *found = NULL;

	/* A program that somebody put into a folder of their own does not get a known name. */
	if (!g_str_has_prefix(program, "/usr/") && !g_str_has_prefix(program, "/opt/"))
		return NULL;
	apps = g_app_info_get_all();
	for (GList *each = apps; each != NULL && found == NULL; each = each->next)
		if (starts(each->data, name))
			found = g_strdup(g_app_info_get_display_name(each->data));
	g_list_free_full(apps, g_object_unref);
	return found;
}
