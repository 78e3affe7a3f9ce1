/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/listen/holder.h"

#include "assistant/core/text.h"

#include <pwd.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define TCP_LISTEN 0x0a

struct place {
	unsigned long inode;
	unsigned int uid;
};

/* A line: sl local remote state queues timer retransmits uid timeout inode ... */
enum { LINE_LOCAL = 1, LINE_STATE = 3, LINE_UID = 7, LINE_INODE = 9, LINE_FIELDS };

static gboolean
line_read(const char *line, guint16 port, struct place *ret)
{
	g_auto(GStrv) fields = g_regex_split_simple(" +", line, 0, 0);
	guint first = fields[0] != NULL && *fields[0] == '\0'; /* blanks before the number */
	const char *local;

	if (g_strv_length(fields) < first + LINE_FIELDS)
		return FALSE;
	local = strchr(fields[first + LINE_LOCAL], ':');
	if (local == NULL || g_ascii_strtoull(local + 1, NULL, 16) != port ||
	    g_ascii_strtoull(fields[first + LINE_STATE], NULL, 16) != TCP_LISTEN)
		return FALSE;
	ret->uid = (unsigned int)g_ascii_strtoull(fields[first + LINE_UID], NULL, 10);
	ret->inode = g_ascii_strtoull(fields[first + LINE_INODE], NULL, 10);
	return TRUE;
}

/* A listening socket on the port, on any address of the file's kind. */
static gboolean
place_find(const char *table, guint16 port, struct place *ret)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(table, &text, NULL, NULL))
		return FALSE;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++)
		if (line_read(*line, port, ret))
			return TRUE;
	return FALSE;
}

/* Whether one of the process's descriptors is the socket. */
static gboolean
has_socket(const char *pid, const char *socket)
{
	g_autofree char *folder = g_build_filename("/proc", pid, "fd", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *target = g_file_read_link(path, NULL);

		if (g_strcmp0(target, socket) == 0)
			return TRUE;
	}
	return FALSE;
}

static char *
program_text(const char *pid)
{
	g_autofree char *link = g_build_filename("/proc", pid, "exe", NULL);
	g_autofree char *exe = g_file_read_link(link, NULL);
	g_autofree char *name = exe != NULL ? g_path_get_basename(exe) : NULL;
	g_autofree char *text = NULL;

	if (exe == NULL)
		return g_strdup_printf("process %s", pid);
	text = g_strdup_printf("%s (%s)", name, exe);
	return ouk_text_of(text, strlen(text));
}

static char *
user_text(unsigned int uid)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwuid_r((uid_t)uid, &entry, buffer, sizeof(buffer), &found) == 0 && found != NULL)
		return g_strdup_printf("user %s", found->pw_name);
	return g_strdup_printf("user %u", uid);
}

char *
ouk_port_holder(guint16 port)
{
	g_autofree char *socket = NULL;
	g_autoptr(GDir) dir = NULL;
	const char *pid;
	struct place place;

	if (!place_find("/proc/net/tcp", port, &place) &&
	    !place_find("/proc/net/tcp6", port, &place))
		return NULL;
	socket = g_strdup_printf("socket:[%lu]", place.inode);
	dir = g_dir_open("/proc", 0, NULL);
	while (dir != NULL && (pid = g_dir_read_name(dir)) != NULL)
		if (g_ascii_isdigit(*pid) && has_socket(pid, socket))
			return program_text(pid);
	return place.uid != geteuid() ? user_text(place.uid) : NULL;
}
