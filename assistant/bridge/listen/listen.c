/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/listen/listen.h"

#include "assistant/bridge/listen/door.h"
#include "assistant/bridge/listen/holder.h"
#include "assistant/bridge/listen/leaf.h"
#include "assistant/bridge/listen/synctl.h"

#include <string.h>

/* A port that somebody else has is tried again so often; the leaf's end is looked at so often. */
#define RETRY_SECONDS 60
#define LEAF_SECONDS  3600
/* A browser that opens all its tabs again comes with many connections at once. */
#define BACKLOG 512

struct _OukListen {
	OukBridge *bridge;
	OukSync *sync;
	OukPort ports[OUK_DOORS];
	char *trouble[OUK_DOORS]; /* why a port is not open, where no holder was found */
	guint timer;
};

static const OukListenPorts real_ports = {{21051, 21061, 17212, 17215}};

OukBridge *
ouk_port_bridge(const OukPort *port)
{
	return port->listen->bridge;
}

guint
ouk_port_all_doors(const OukPort *port)
{
	guint count = 0;

	for (guint i = 0; i < OUK_DOORS; i++)
		count += port->listen->ports[i].doors->len;
	return count;
}

const char *
ouk_door_name(OukDoorKind kind)
{
	static const char *const names[] = {
		[OUK_DOOR_BJCA] = "bjca",
		[OUK_DOOR_BJCA_TLS] = "bjca-tls",
		[OUK_DOOR_HEBCA] = "hebca",
		[OUK_DOOR_CONNECTOR] = "hebca-connector",
	};

	return names[kind];
}

gboolean
ouk_listen_ports_read(const char *text, OukListenPorts *ret)
{
	g_auto(GStrv) parts = text != NULL ? g_strsplit(text, ",", -1) : NULL;
	OukListenPorts ports = real_ports;
	guint64 number;

	if (parts != NULL && g_strv_length(parts) != OUK_DOORS)
		return FALSE;
	for (guint i = 0; parts != NULL && i < OUK_DOORS; i++) {
		if (!g_ascii_string_to_unsigned(parts[i], 10, 0, G_MAXUINT16, &number, NULL))
			return FALSE;
		ports.ports[i] = (guint16)number;
	}
	*ret = ports;
	return TRUE;
}

/* ---- one port ---- */

static gboolean
on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
	ouk_door_open(data, connection);
	return TRUE;
}

static gboolean
port_listen(OukPort *port, GError **error)
{
	g_autoptr(GSocketService) service = g_socket_service_new();
	g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
	g_autoptr(GSocketAddress) address = g_inet_socket_address_new(loopback, port->port);

	if (port->kind == OUK_DOOR_BJCA_TLS && port->certificate == NULL) {
		port->certificate = ouk_leaf_open(g_get_real_time() / G_USEC_PER_SEC, NULL, error);
		if (port->certificate == NULL)
			return FALSE;
	}
	g_socket_listener_set_backlog(G_SOCKET_LISTENER(service), BACKLOG);
	if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service), address,
					   G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, NULL,
					   error))
		return FALSE;
	g_signal_connect(service, "incoming", G_CALLBACK(on_incoming), port);
	g_socket_service_start(service);
	port->service = g_steal_pointer(&service);
	return TRUE;
}

/* Opens it unless it is open. */
static void
port_try(OukListen *listen, OukDoorKind kind)
{
	OukPort *port = &listen->ports[kind];
	g_autoptr(GError) error = NULL;

	if (port->port == 0 || port->service != NULL)
		return;
	g_clear_pointer(&listen->trouble[kind], g_free);
	if (!port_listen(port, &error))
		listen->trouble[kind] = g_strdup(error->message);
}

static void
port_close(OukPort *port)
{
	if (port->service != NULL) {
		g_socket_service_stop(port->service);
		g_socket_listener_close(G_SOCKET_LISTENER(port->service));
		g_signal_handlers_disconnect_by_data(port->service, port);
		g_clear_object(&port->service);
	}
	while (port->doors->len > 0)
		ouk_door_close(g_ptr_array_index(port->doors, 0));
	g_ptr_array_unref(port->doors);
	soup_server_disconnect(port->server);
	g_clear_object(&port->server);
	g_clear_object(&port->certificate);
}

/* ---- all of them ---- */

static gboolean on_timer(gpointer data);

static void
timer_start(OukListen *listen)
{
	gboolean all = TRUE;

	for (guint i = 0; i < OUK_DOORS; i++)
		all = all && (listen->ports[i].port == 0 || listen->ports[i].service != NULL);
	listen->timer = g_timeout_add_seconds(all ? LEAF_SECONDS : RETRY_SECONDS, on_timer, listen);
}

/* A bridge that runs for weeks: connections from now on meet the new certificate. */
static void
leaf_look(OukPort *port)
{
	gboolean fresh = FALSE;
	GTlsCertificate *leaf;

	if (port->certificate == NULL)
		return;
	leaf = ouk_leaf_open(g_get_real_time() / G_USEC_PER_SEC, &fresh, NULL);
	if (leaf != NULL && fresh)
		g_set_object(&port->certificate, leaf);
	g_clear_object(&leaf);
}

static gboolean
on_timer(gpointer data)
{
	OukListen *listen = data;

	for (guint i = 0; i < OUK_DOORS; i++)
		port_try(listen, i);
	leaf_look(&listen->ports[OUK_DOOR_BJCA_TLS]);
	timer_start(listen);
	return G_SOURCE_REMOVE;
}

OukListen *
ouk_listen_new(OukBridge *bridge, const OukListenPorts *ports)
{
	OukListen *listen = g_new0(OukListen, 1);

	listen->bridge = bridge;
	listen->sync = ouk_sync_new(bridge);
	for (guint i = 0; i < OUK_DOORS; i++) {
		OukPort *port = &listen->ports[i];

		port->listen = listen;
		port->kind = i;
		port->port = ports->ports[i];
		port->doors = ouk_doors_new();
		port->server = ouk_port_server(port);
		g_object_set_data(G_OBJECT(port->server), OUK_SYNC_KEY, listen->sync);
		port_try(listen, i);
	}
	timer_start(listen);
	return listen;
}

void
ouk_listen_free(OukListen *listen)
{
	if (listen == NULL)
		return;
	g_clear_handle_id(&listen->timer, g_source_remove);
	for (guint i = 0; i < OUK_DOORS; i++)
		port_close(&listen->ports[i]);
	ouk_sync_free(listen->sync);
	for (guint i = 0; i < OUK_DOORS; i++)
		g_free(listen->trouble[i]);
	g_free(listen);
}

static void
state_free(gpointer data)
{
	OukListenState *state = data;

	g_free(state->holder);
	g_free(state);
}

GPtrArray *
ouk_listen_state(OukListen *listen)
{
	GPtrArray *states = g_ptr_array_new_with_free_func(state_free);

	for (guint i = 0; i < OUK_DOORS; i++) {
		const OukPort *port = &listen->ports[i];
		OukListenState *state = g_new0(OukListenState, 1);

		state->kind = port->kind;
		state->port = port->port;
		state->open = port->service != NULL;
		state->connections = port->doors->len;
		if (port->port != 0 && !state->open) {
			state->holder = ouk_port_holder(port->port);
			if (state->holder == NULL)
				state->holder = g_strdup(listen->trouble[i]);
		}
		g_ptr_array_add(states, state);
	}
	return states;
}
