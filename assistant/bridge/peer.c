/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/peer.h"

#include "assistant/core/errors.h"
#include "assistant/core/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLE_MAX (16 * 1024 * 1024)
#define LOOKS     3

#define BROWSER(program, name) {program, name},
static const struct {
	const char *program, *name;
} browsers[] = {
#include "assistant/bridge/browsers.def"
};
#undef BROWSER

/* ---- programs ---- */

/* A program that its user could have written proves nothing by its name. */
static gboolean
is_installed(const char *exe)
{
	struct stat status;

	return stat(exe, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == 0 &&
	       (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

const char *
ouk_peer_browser(const char *exe)
{
	const char *base = exe != NULL ? strrchr(exe, '/') : NULL;

	if (base == NULL || !is_installed(exe))
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(browsers); i++)
		if (strcmp(browsers[i].program, base + 1) == 0)
			return browsers[i].name;
	return NULL;
}

static char *
exe_of(pid_t pid)
{
	g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int)pid);

	return pid > 0 ? g_file_read_link(link, NULL) : NULL;
}

/* 0: not known. */
static pid_t
parent_of(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
	g_autofree char *text = NULL;
	g_auto(GStrv) words = NULL;
	const char *end;
	guint64 parent = 0;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	/* the name between brackets may hold anything */
	end = strrchr(text, ')');
	words = g_strsplit(end != NULL ? end : "", " ", 4);
	if (g_strv_length(words) < 4 ||
	    !g_ascii_string_to_unsigned(words[2], 10, 0, G_MAXINT, &parent, NULL))
		return 0;
	return (pid_t)parent;
}

static OukPeer *
peer_new(pid_t pid, uid_t uid)
{
	OukPeer *peer = g_new0(OukPeer, 1);

	peer->pid = pid;
	peer->uid = uid;
	peer->exe = exe_of(pid);
	peer->browser = g_strdup(ouk_peer_browser(peer->exe));
	return peer;
}

OukPeer *
ouk_peer_copy(const OukPeer *peer)
{
	OukPeer *copy = g_new0(OukPeer, 1);

	*copy = *peer;
	copy->exe = g_strdup(peer->exe);
	copy->browser = g_strdup(peer->browser);
	return copy;
}

void
ouk_peer_free(OukPeer *peer)
{
	if (peer == NULL)
		return;
	g_free(peer->exe);
	g_free(peer->browser);
	g_free(peer);
}

char *
ouk_peer_name(const OukPeer *peer)
{
	if (peer->browser != NULL)
		return g_strdup(peer->browser);
	if (peer->exe != NULL)
		return ouk_text_of(peer->exe, strlen(peer->exe));
	return g_strdup_printf("pid %d", (int)peer->pid);
}

/* ---- Unix sockets ---- */

static gboolean
is_own_program(const char *exe)
{
	g_autofree char *own = g_file_read_link("/proc/self/exe", NULL);

	return own != NULL && g_strcmp0(exe, own) == 0;
}

OukPeer *
ouk_peer_of_unix(GSocket *socket, GError **error)
{
	g_autoptr(OukPeer) peer = NULL;
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(g_socket_get_fd(socket), SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
	    who.uid != geteuid()) {
		ouk_fail(error, OUK_E_PAGE_PEER);
		return NULL;
	}
	peer = peer_new(who.pid, who.uid);
	/* The relay speaks for whoever started it. */
	if (is_own_program(peer->exe)) {
		pid_t parent = parent_of(who.pid);

		ouk_peer_free(g_steal_pointer(&peer));
		peer = peer_new(parent, who.uid);
	}
	return g_steal_pointer(&peer);
}

/* ---- TCP ---- */

/* One end of a connection as /proc/net/tcp writes it. */
struct end {
	char text[24];
};

/* Somebody else may have the same port at another loopback address: both count. */
static gboolean
end_of(GSocketAddress *address, struct end *ret)
{
	GInetAddress *inet;
	guint32 number;

	if (address == NULL || !G_IS_INET_SOCKET_ADDRESS(address))
		return FALSE;
	inet = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address));
	if (g_inet_address_get_family(inet) != G_SOCKET_FAMILY_IPV4)
		return FALSE;
	memcpy(&number, g_inet_address_to_bytes(inet), sizeof(number));
	g_snprintf(ret->text, sizeof(ret->text), "%08X:%04X", number,
		   g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address)));
	return TRUE;
}

enum { COLUMN_LOCAL = 1, COLUMN_REMOTE = 2, COLUMN_UID = 7, COLUMN_INODE = 9 };

/* "  0: 0100007F:523B 0100007F:E1D2 01 0:0 0:0 0 1000 0 34567 ..." */
static gboolean
line_fits(const char *line, const struct end *from, const struct end *to, uid_t *ret_uid,
	  gulong *ret_inode)
{
	const char *columns[COLUMN_INODE + 1] = {NULL};
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	guint64 uid, inode;
	gsize count = 0;

	for (gsize i = 0; words[i] != NULL && count < G_N_ELEMENTS(columns); i++)
		if (*words[i] != '\0')
			columns[count++] = words[i];
	/* of an IPv4 address in the table of IPv6 the end is the same */
	if (count < G_N_ELEMENTS(columns) || !g_str_has_suffix(columns[COLUMN_LOCAL], from->text) ||
	    !g_str_has_suffix(columns[COLUMN_REMOTE], to->text) ||
	    !g_ascii_string_to_unsigned(columns[COLUMN_UID], 10, 0, G_MAXUINT32, &uid, NULL) ||
	    !g_ascii_string_to_unsigned(columns[COLUMN_INODE], 10, 1, G_MAXULONG, &inode, NULL))
		return FALSE;
	*ret_uid = (uid_t)uid;
	*ret_inode = (gulong)inode;
	return TRUE;
}

/* A line of the table: who has the socket that is connected from one end to the other. */
static gboolean
table_find(const char *path, const struct end *from, const struct end *to, uid_t *ret_uid,
	   gulong *ret_inode)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	gsize len = 0;

	if (!g_file_get_contents(path, &text, &len, NULL) || len > TABLE_MAX)
		return FALSE;
	lines = g_strsplit(text, "\n", -1);
	for (gsize i = 1; lines[i] != NULL; i++)
		/* most lines are others': a look before they are taken apart */
		if (strstr(lines[i], from->text) != NULL &&
		    line_fits(lines[i], from, to, ret_uid, ret_inode))
			return TRUE;
	return FALSE;
}

static gboolean
has_socket(const char *pid, const char *wanted)
{
	g_autofree char *folder = g_strdup_printf("/proc/%s/fd", pid);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		char target[64];
		ssize_t len = readlink(path, target, sizeof(target) - 1);

		if (len <= 0)
			continue;
		target[len] = '\0';
		if (strcmp(target, wanted) == 0)
			return TRUE;
	}
	return FALSE;
}

/* The process that has it open; 0: not found, or it may not be looked into. */
static pid_t
owner_find(uid_t uid, gulong inode)
{
	static gint last; /* most connections are one browser's */
	g_autofree char *wanted = g_strdup_printf("socket:[%lu]", inode);
	g_autofree char *first = g_strdup_printf("%d", g_atomic_int_get(&last));
	g_autoptr(GDir) dir = NULL;
	const char *name;
	gint pid;

	if (has_socket(first, wanted))
		return g_atomic_int_get(&last);
	dir = g_dir_open("/proc", 0, NULL);
	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename("/proc", name, NULL);
		struct stat status;

		if (!g_ascii_isdigit(*name) || stat(path, &status) != 0 || status.st_uid != uid ||
		    !has_socket(name, wanted))
			continue;
		pid = (gint)g_ascii_strtoll(name, NULL, 10);
		g_atomic_int_set(&last, pid);
		return pid;
	}
	return 0;
}

/*
 * The other end has closed. The kernel keeps such an end for a while without saying whose it was,
 * so it is not to be taken for another user's.
 */
static gboolean
is_gone(GSocket *socket)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	return getsockopt(g_socket_get_fd(socket), IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
	       info.tcpi_state != TCP_ESTABLISHED;
}

static gboolean
tables_find(const struct end *from, const struct end *to, uid_t *ret_uid, gulong *ret_inode)
{
	static const char *const tables[] = {"/proc/self/net/tcp", "/proc/self/net/tcp6"};

	for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
		if (table_find(tables[i], from, to, ret_uid, ret_inode))
			return TRUE;
	return FALSE;
}

OukPeer *
ouk_peer_of_tcp(GSocket *socket, GError **error)
{
	g_autoptr(GSocketAddress) remote = g_socket_get_remote_address(socket, NULL);
	g_autoptr(GSocketAddress) local = g_socket_get_local_address(socket, NULL);
	gboolean found = FALSE, gone = FALSE;
	struct end from, to;
	gulong inode = 0;
	uid_t uid = 0;

	/* a table that changes while it is read may leave one out */
	for (guint i = 0; i < LOOKS && !found && !gone; i++) {
		found = end_of(remote, &from) && end_of(local, &to) &&
			tables_find(&from, &to, &uid, &inode);
		gone = !found && is_gone(socket);
	}
	if (found && uid == geteuid())
		return peer_new(owner_find(uid, inode), uid);
	ouk_fail(error, gone ? OUK_E_CANCELLED : OUK_E_PAGE_PEER);
	return NULL;
}
