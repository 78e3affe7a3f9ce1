/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/listen/door.h"

#include "assistant/core/errors.h"

/* Connections of one port and of all, and how long one may take to say what it wants. */
#define DOORS_MAX     512
#define DOORS_MAX_ALL 700 /* a process may have 1024 files open */
#define HELLO_SECONDS 15
/* The same while others are looked at before it. */
#define QUEUE_SECONDS 60

/* The longest call, and the head of its request. */
#define DOOR_READ_MAX (OUK_PAGE_FRAME_MAX + 64 * 1024)

struct _OukDoor {
	gint refs;
	OukPort *port; /* NULL: closed */
	GSocketConnection *connection;
	GIOStream *tls;  /* NULL: none, or not yet */
	OukMeter *meter; /* borrowed from libsoup; NULL: not yet, or gone */
	OukPeer *peer;
	GSocketAddress *name; /* of the other end: by it libsoup's messages are told apart */
	GCancellable *cancellable;
	guint timer;
	void (*closed)(gpointer data);
	gpointer data;
};

static const char door_key[] = "openukey-door";

static OukDoor *
door_ref(OukDoor *door)
{
	door->refs++;
	return door;
}

static void
door_unref(OukDoor *door)
{
	if (--door->refs > 0)
		return;
	g_clear_object(&door->connection);
	g_clear_object(&door->tls);
	g_clear_pointer(&door->peer, ouk_peer_free);
	g_clear_object(&door->name);
	g_clear_object(&door->cancellable);
	g_free(door);
}

void
ouk_door_close(OukDoor *door)
{
	OukPort *port = door->port;

	if (port == NULL)
		return;
	door->port = NULL;
	g_clear_handle_id(&door->timer, g_source_remove);
	g_object_set_data(G_OBJECT(door->name), door_key, NULL);
	g_cancellable_cancel(door->cancellable);
	/* whatever libsoup is at, it reads the end */
	(void)g_socket_shutdown(g_socket_connection_get_socket(door->connection), TRUE, TRUE, NULL);
	if (door->closed != NULL)
		door->closed(door->data);
	g_ptr_array_remove_fast(port->doors, door); /* the last reference, maybe */
}

static gboolean
on_timer(gpointer data)
{
	OukDoor *door = data;

	door->timer = 0;
	ouk_door_close(door);
	return G_SOURCE_REMOVE;
}

void
ouk_door_wait(OukDoor *door, guint seconds)
{
	g_clear_handle_id(&door->timer, g_source_remove);
	if (seconds > 0 && door->port != NULL)
		door->timer = g_timeout_add_seconds(seconds, on_timer, door);
}

/* ---- the way in ---- */

/* libsoup lets go of the stream when the connection is over, however it ended. */
static void
on_stream_gone(gpointer data, GObject *was)
{
	OukDoor *door = data;

	door->meter = NULL;
	ouk_door_close(door);
	door_unref(door);
}

static void
door_serve(OukDoor *door, GIOStream *stream)
{
	g_autoptr(GSocketAddress) local = NULL;
	g_autoptr(OukMeter) meter = ouk_meter_new(stream, DOOR_READ_MAX);

	local = g_socket_connection_get_local_address(door->connection, NULL);
	door->meter = meter;
	g_object_weak_ref(G_OBJECT(meter), on_stream_gone, door_ref(door));
	g_object_set_data(G_OBJECT(door->name), door_key, door);
	if (!soup_server_accept_iostream(door->port->server, G_IO_STREAM(meter), local, door->name,
					 NULL))
		ouk_door_close(door);
	/* from here on libsoup's */
}

static void
on_handshake(GObject *source, GAsyncResult *result, gpointer data)
{
	OukDoor *door = data;

	if (!g_tls_connection_handshake_finish(G_TLS_CONNECTION(source), result, NULL))
		ouk_door_close(door);
	else if (door->port != NULL)
		door_serve(door, G_IO_STREAM(source));
	door_unref(door);
}

static void
door_encrypt(OukDoor *door)
{
	door->tls = g_tls_server_connection_new(G_IO_STREAM(door->connection),
						door->port->certificate, NULL);
	if (door->tls == NULL) {
		ouk_door_close(door);
		return;
	}
	g_tls_connection_handshake_async(G_TLS_CONNECTION(door->tls), G_PRIORITY_DEFAULT,
					 door->cancellable, on_handshake, door_ref(door));
}

/* /proc has much to read where many programs run: not on the main context. */
static void
peer_look(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	GError *error = NULL;
	OukPeer *peer;

	if (g_task_return_error_if_cancelled(task))
		return;
	peer = ouk_peer_of_tcp(data, &error);
	if (peer != NULL)
		g_task_return_pointer(task, peer, (GDestroyNotify)ouk_peer_free);
	else
		g_task_return_error(task, error);
}

static void
on_peer(GObject *source, GAsyncResult *result, gpointer data)
{
	OukDoor *door = data;
	g_autoptr(GError) error = NULL;

	door->peer = g_task_propagate_pointer(G_TASK(result), &error);
	ouk_door_wait(door, HELLO_SECONDS);
	if (door->port != NULL && door->peer == NULL) {
		/* a browser that closes early is nothing to write down */
		if (g_error_matches(error, OUK_ERROR, OUK_E_PAGE_PEER))
			ouk_bridge_note_refusal(ouk_port_bridge(door->port), error->message, NULL,
						NULL);
		ouk_door_close(door);
	} else if (door->port != NULL && door->port->certificate != NULL) {
		door_encrypt(door);
	} else if (door->port != NULL) {
		door_serve(door, G_IO_STREAM(door->connection));
	}
	door_unref(door);
}

void
ouk_door_open(OukPort *port, GSocketConnection *connection)
{
	GSocket *socket = g_socket_connection_get_socket(connection);
	GSocketAddress *name = g_socket_connection_get_remote_address(connection, NULL);
	g_autoptr(GTask) task = NULL;
	OukDoor *door;

	if (name == NULL || port->doors->len >= DOORS_MAX ||
	    ouk_port_all_doors(port) >= DOORS_MAX_ALL) {
		g_clear_object(&name);
		(void)g_socket_close(socket, NULL);
		return;
	}
	door = g_new0(OukDoor, 1);
	door->refs = 1;
	door->port = port;
	door->connection = g_object_ref(connection);
	door->name = name;
	door->cancellable = g_cancellable_new();
	g_ptr_array_add(port->doors, door);
	ouk_door_wait(door, QUEUE_SECONDS);
	task = g_task_new(NULL, door->cancellable, on_peer, door_ref(door));
	g_task_set_task_data(task, g_object_ref(socket), g_object_unref);
	g_task_run_in_thread(task, peer_look);
}

GPtrArray *
ouk_doors_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)door_unref);
}

/* ---- what others ask ---- */

OukDoor *
ouk_door_of(SoupServerMessage *message)
{
	GSocketAddress *name = soup_server_message_get_remote_address(message);

	return name != NULL ? g_object_get_data(G_OBJECT(name), door_key) : NULL;
}

OukPort *
ouk_door_port(const OukDoor *door)
{
	return door->port;
}

const OukPeer *
ouk_door_peer(const OukDoor *door)
{
	return door->peer;
}

OukMeter *
ouk_door_meter(const OukDoor *door)
{
	return door->meter;
}

void
ouk_door_set_closed(OukDoor *door, void (*closed)(gpointer data), gpointer data)
{
	door->closed = closed;
	door->data = data;
}
