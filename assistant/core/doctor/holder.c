/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/holder.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#define START_FIELD 20 /* of those behind the program's name */

static void
holder_free(gpointer data)
{
	OukHolder *holder = data;

	g_free(holder->name);
	g_free(holder);
}

/* ---- the kernel's list of sockets ---- */

static gboolean
diag_ask(int fd)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} ask = {
		.header = {.nlmsg_len = sizeof(ask),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = AF_UNIX,
			    .udiag_states = (__u32)-1,
			    .udiag_show = UDIAG_SHOW_VFS | UDIAG_SHOW_PEER},
	};

	return send(fd, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask);
}

/* Adds the other end of a connection that was accepted on the file. */
static void
take_socket(struct nlmsghdr *header, const struct stat *file, GHashTable *peers)
{
	const struct unix_diag_msg *message = NLMSG_DATA(header);
	const struct unix_diag_vfs *vfs = NULL;
	const __u32 *peer = NULL;
	size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof(*message));
	const char *at = (const char *)(message + 1);

	while (left >= sizeof(struct nlattr)) {
		const struct nlattr *attribute = (const void *)at;
		size_t step = NLA_ALIGN(attribute->nla_len);

		if (attribute->nla_len < NLA_HDRLEN || step > left)
			break;
		if (attribute->nla_type == UNIX_DIAG_VFS)
			vfs = (const void *)(at + NLA_HDRLEN);
		if (attribute->nla_type == UNIX_DIAG_PEER)
			peer = (const void *)(at + NLA_HDRLEN);
		at += step;
		left -= step;
	}
	/* the kernel writes device numbers as 12 bits major, 20 bits minor */
	if (vfs != NULL && peer != NULL && vfs->udiag_vfs_ino == (__u32)file->st_ino &&
	    vfs->udiag_vfs_dev >> 20 == major(file->st_dev) &&
	    (vfs->udiag_vfs_dev & 0xfffff) == minor(file->st_dev))
		g_hash_table_add(peers, GUINT_TO_POINTER(*peer));
}

/* TRUE at the end of the list. */
static gboolean
take_answer(char *buffer, size_t len, const struct stat *file, GHashTable *peers)
{
	struct nlmsghdr *header = (void *)buffer;

	for (; NLMSG_OK(header, len); header = NLMSG_NEXT(header, len)) {
		if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
			return TRUE;
		if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
		    header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct unix_diag_msg)))
			take_socket(header, file, peers);
	}
	return FALSE;
}

/* Socket numbers of the programs that are connected to the file. */
static GHashTable *
peers_of(const char *path)
{
	static const struct timeval patience = {.tv_sec = 1};
	GHashTable *peers = g_hash_table_new(NULL, NULL);
	_Alignas(struct nlmsghdr) char buffer[32768];
	struct stat file;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	ssize_t got = 0;

	if (fd < 0)
		return peers;
	if (stat(path, &file) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	    diag_ask(fd))
		do
			got = recv(fd, buffer, sizeof(buffer), 0);
		while (got > 0 && !take_answer(buffer, (size_t)got, &file, peers));
	close(fd);
	return peers;
}

/* ---- processes ---- */

guint64
process_start(GPid pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
	g_autofree char *text = NULL;
	g_auto(GStrv) fields = NULL;
	const char *end;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	end = strrchr(text, ')');
	fields = end != NULL ? g_strsplit(end + 2, " ", -1) : NULL;
	return fields != NULL && g_strv_length(fields) > START_FIELD
		       ? g_ascii_strtoull(fields[START_FIELD - 1], NULL, 10)
		       : 0;
}

static char *
process_name(GPid pid)
{
	g_autofree char *exe = g_strdup_printf("/proc/%d/exe", pid);
	g_autofree char *comm = g_strdup_printf("/proc/%d/comm", pid);
	g_autofree char *target = g_file_read_link(exe, NULL);
	g_autofree char *text = NULL;

	/* an interpreter's file says little; the kernel's short name follows the script's */
	if (g_file_get_contents(comm, &text, NULL, NULL) && *g_strstrip(text) != '\0')
		return g_utf8_make_valid(text, -1);
	return target != NULL ? g_path_get_basename(target) : g_strdup("?");
}

static gboolean
process_has(const char *pid, GHashTable *peers)
{
	g_autofree char *folder = g_build_filename("/proc", pid, "fd", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *target = g_file_read_link(path, NULL);
		guint64 inode;

		if (target == NULL || !g_str_has_prefix(target, "socket:["))
			continue;
		inode = g_ascii_strtoull(target + strlen("socket:["), NULL, 10);
		if (g_hash_table_contains(peers, GUINT_TO_POINTER((guint)inode)))
			return TRUE;
	}
	return FALSE;
}

GPtrArray *
holders_find(const char *socket_path)
{
	GPtrArray *holders = g_ptr_array_new_with_free_func(holder_free);
	g_autoptr(GHashTable) peers = peers_of(socket_path);
	g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		OukHolder *holder;
		GPid pid = (GPid)g_ascii_strtoull(name, NULL, 10);

		if (pid <= 0 || pid == getpid() || !process_has(name, peers))
			continue;
		holder = g_new0(OukHolder, 1);
		holder->pid = pid;
		holder->start = process_start(pid);
		holder->name = process_name(pid);
		g_ptr_array_add(holders, holder);
	}
	return holders;
}
