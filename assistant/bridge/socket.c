/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/socket.h"

#include "assistant/core/bridge_client.h"
#include "assistant/core/errors.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Ours alone: somebody else's folder could hold somebody else's socket. */
static gboolean
folder_make(const char *path, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(path);
	GStatBuf status;

	if (g_mkdir_with_parents(dir, 0700) == 0 && g_lstat(dir, &status) == 0 &&
	    S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	    (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return TRUE;
	return ouk_fail_with(error, OUK_E_BRIDGE, "(%s)", dir);
}

GSocketConnection *
ouk_socket_connect(const char *name, GError **error)
{
	g_autofree char *path = ouk_runtime_path(name);
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GError) reason = NULL;
	GSocketConnection *connection;

	g_socket_client_set_enable_proxy(client, FALSE);
	connection = g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, &reason);
	if (connection == NULL)
		ouk_fail_with(error, OUK_E_BRIDGE, "(%s)", reason->message);
	return connection;
}

GSocketService *
ouk_socket_serve(const char *name, GError **error)
{
	g_autofree char *path = ouk_runtime_path(name);
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	g_autoptr(GSocketService) service = g_socket_service_new();
	g_autoptr(GSocketConnection) other = NULL;
	g_autoptr(GError) reason = NULL;
	mode_t mask;
	gboolean added;

	if (!folder_make(path, error))
		return NULL;
	other = ouk_socket_connect(name, NULL);
	if (other != NULL) {
		ouk_fail_with(error, OUK_E_BRIDGE, "(%s)", "another one is running");
		return NULL;
	}
	(void)g_unlink(path);
	mask = umask(0177);
	added = g_socket_listener_add_address(G_SOCKET_LISTENER(service), address,
					      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL,
					      NULL, &reason);
	(void)umask(mask);
	if (!added) {
		ouk_fail_with(error, OUK_E_BRIDGE, "(%s)", reason->message);
		return NULL;
	}
	return g_steal_pointer(&service);
}

void
ouk_socket_close(GSocketService *service, const char *name)
{
	g_autofree char *path = ouk_runtime_path(name);

	g_socket_service_stop(service);
	g_socket_listener_close(G_SOCKET_LISTENER(service));
	(void)g_unlink(path);
	g_object_unref(service);
}
