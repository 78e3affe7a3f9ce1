/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/usb/usbip_server.h"

#include "virtual/usb/key_device.h"
#include "virtual/usb/usbip.h"

#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BUS         1
#define PENDING_MAX 128
#define PATIENCE_S  10
#define CHUNK       65536
#define DEVICE_LEN  18 /* of its descriptor */

/* Of setup packets (USB 2.0, 9.4, 11.24.2): type, request */
#define CLEAR_ENDPOINT_FEATURE    0x0201
#define SET_CONFIGURATION         0x0009
#define SET_INTERFACE             0x010b
#define SET_PORT_FEATURE          0x2303
#define PORT_RESET                4
#define GET_DESCRIPTOR            0x8006
#define DESCRIPTOR_DEVICE         1
#define DESCRIPTOR_VENDOR_OFFSET  8
#define DESCRIPTOR_PRODUCT_OFFSET 10

/* A transfer to the host that has nothing to bring yet. */
struct pending {
	uint32_t sequence, length;
	uint8_t endpoint; /* with its direction */
};

struct usbip_key {
	struct usbip_server *server;
	struct key_device *device;
	struct usb_function *function; /* the device's */
	struct usbip_device info;
	char bus_id[8];
	bool present;
	struct connection *importer; /* or NULL */
	uint32_t halted;             /* endpoints, one bit each */
	GQueue pending;              /* struct pending, oldest first */
};

struct usbip_server {
	GSocketService *service;
	struct usbip_key keys[USBIP_KEYS_MAX];
	size_t key_count;
	GList *connections; /* struct connection */
};

struct connection {
	struct usbip_server *server;
	struct usbip_key *key; /* that is imported; or NULL */
	GSocketConnection *stream;
	int fd;
	guint source;
	GByteArray *in; /* what is not yet a whole command */
	bool broken;    /* to be hung up when nobody uses it any more */
};

/* ---- connections ---- */

static void
hang_up(struct connection *connection)
{
	struct usbip_key *key = connection->key;

	if (key != NULL) {
		key->importer = NULL;
		g_queue_clear_full(&key->pending, g_free);
		if (key->present)
			key->function->key->power_off(key->function->data);
	}
	connection->server->connections =
		g_list_remove(connection->server->connections, connection);
	g_source_remove(connection->source);
	g_object_unref(connection->stream);
	g_byte_array_unref(connection->in);
	g_free(connection);
}

/* The host reads whatever comes, so it is only a broken one that lets us wait. */
static void
send_bytes(struct connection *connection, struct uk_span bytes)
{
	if (connection->broken)
		return;
	while (bytes.len > 0) {
		ssize_t count = send(connection->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			connection->broken = true;
			return;
		}
		bytes.ptr += count;
		bytes.len -= (size_t)count;
	}
}

static void
send_writer(struct connection *connection, const struct uk_writer *out)
{
	send_bytes(connection, uk_writer_span(out));
}

/* ---- transfers ---- */

static uint32_t
halt_bit(uint8_t endpoint)
{
	return UINT32_C(1) << ((endpoint & 0x0f) | (endpoint & 0x80) >> 3);
}

static void
answer(struct usbip_key *key, uint32_t sequence, int32_t status, struct uk_span data)
{
	static uint8_t bytes[USBIP_HEADER_LEN + USBIP_TRANSFER_MAX];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));

	usbip_put_submitted(&out, sequence, status, (uint32_t)data.len);
	uk_put(&out, data);
	send_writer(key->importer, &out);
}

/* Of a transfer from the host only the number of bytes is answered. */
static void
answer_out(struct usbip_key *key, uint32_t sequence, int32_t status, uint32_t moved)
{
	uint8_t bytes[USBIP_HEADER_LEN];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));

	usbip_put_submitted(&out, sequence, status, moved);
	send_writer(key->importer, &out);
}

static void
stall(struct usbip_key *key, uint32_t sequence, uint8_t endpoint)
{
	key->halted |= halt_bit(endpoint);
	answer_out(key, sequence, -EPIPE, 0);
}

/* False: it has nothing to say yet. */
static bool
pump_one(struct usbip_key *key, const struct pending *pending)
{
	static uint8_t bytes[USBIP_TRANSFER_MAX];
	struct uk_writer out = uk_writer_of(bytes, pending->length);

	if ((key->halted & halt_bit(pending->endpoint)) != 0) {
		stall(key, pending->sequence, pending->endpoint);
		return true;
	}
	switch (key->function->kind->in(key->function, pending->endpoint, &out)) {
	case USB_DATA:
		answer(key, pending->sequence, out.overflow ? -EOVERFLOW : 0, uk_writer_span(&out));
		return true;
	case USB_STALL:
		stall(key, pending->sequence, pending->endpoint);
		return true;
	default:
		return false;
	}
}

static void
pump(struct usbip_key *key)
{
	for (GList *at = key->pending.head, *next; at != NULL; at = next) {
		next = at->next;
		if (!pump_one(key, at->data))
			continue;
		g_free(at->data);
		g_queue_delete_link(&key->pending, at);
	}
}

/* What of a control transfer is the bus's affair. */
static void
note_control(struct usbip_key *key, struct uk_span setup)
{
	uint16_t what = 0, value = 0, index = 0;

	if (!uk_take_u16(&setup, UK_BIG_ENDIAN, &what) ||
	    !uk_take_u16(&setup, UK_LITTLE_ENDIAN, &value) ||
	    !uk_take_u16(&setup, UK_LITTLE_ENDIAN, &index))
		return;
	if (what == CLEAR_ENDPOINT_FEATURE && value == 0)
		key->halted &= ~halt_bit((uint8_t)index);
	else if (what == SET_CONFIGURATION || what == SET_INTERFACE)
		key->halted = 0;
	else if (what == SET_PORT_FEATURE && value == PORT_RESET)
		key->function->kind->reset(key->function);
}

/* The numbers that this key has on this bus, instead of those of its kind. */
static void
set_numbers(const struct usbip_key *key, struct uk_span setup, struct uk_writer *bytes)
{
	struct uk_writer numbers;
	uint16_t what = 0, value = 0;

	if (!uk_take_u16(&setup, UK_BIG_ENDIAN, &what) ||
	    !uk_take_u16(&setup, UK_LITTLE_ENDIAN, &value) || what != GET_DESCRIPTOR ||
	    value >> 8 != DESCRIPTOR_DEVICE || bytes->len < DEVICE_LEN)
		return;
	numbers = uk_writer_of(bytes->ptr + DESCRIPTOR_VENDOR_OFFSET,
			       DESCRIPTOR_PRODUCT_OFFSET + 2 - DESCRIPTOR_VENDOR_OFFSET);
	uk_put_u16(&numbers, UK_LITTLE_ENDIAN, key->info.vendor);
	uk_put_u16(&numbers, UK_LITTLE_ENDIAN, key->info.product);
}

static void
run_control(struct usbip_key *key, const struct usbip_command *command)
{
	uint8_t bytes[1024];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
	bool done;

	note_control(key, command->setup);
	done = usb_control(key->function, command->setup, command->data, &out) && !out.overflow &&
	       out.len <= command->length;
	set_numbers(key, command->setup, &out);
	if (!done)
		answer_out(key, command->sequence, -EPIPE, 0);
	else if (command->to_host)
		answer(key, command->sequence, 0, uk_writer_span(&out));
	else
		answer_out(key, command->sequence, 0, command->length);
}

static void
run_out(struct usbip_key *key, const struct usbip_command *command)
{
	struct usb_function *function = key->function;

	if ((key->halted & halt_bit(command->endpoint)) == 0 &&
	    function->kind->out(function, command->endpoint, command->data))
		answer_out(key, command->sequence, 0, command->length);
	else
		stall(key, command->sequence, command->endpoint);
}

static void
run_unlink(struct usbip_key *key, const struct usbip_command *command)
{
	uint8_t bytes[USBIP_HEADER_LEN];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
	int32_t status = 0;

	for (GList *at = key->pending.head; at != NULL; at = at->next) {
		const struct pending *pending = at->data;

		if (pending->sequence != command->victim)
			continue;
		g_free(at->data);
		g_queue_delete_link(&key->pending, at);
		status = -ECONNRESET;
		break;
	}
	usbip_put_unlinked(&out, command->sequence, status);
	send_writer(key->importer, &out);
}

static void
run_command(struct usbip_key *key, const struct usbip_command *command)
{
	struct pending *pending;

	if (command->kind == USBIP_UNLINK) {
		run_unlink(key, command);
	} else if (command->endpoint == 0) {
		run_control(key, command);
	} else if (!command->to_host) {
		run_out(key, command);
	} else if (g_queue_get_length(&key->pending) >= PENDING_MAX) {
		key->importer->broken = true;
	} else {
		pending = g_new(struct pending, 1);
		*pending = (struct pending){command->sequence, command->length,
					    command->endpoint | 0x80};
		g_queue_push_tail(&key->pending, pending);
	}
	pump(key);
}

/* ---- operations ---- */

static void
send_list(struct connection *connection)
{
	uint8_t bytes[16 + USBIP_KEYS_MAX * (USBIP_DEVICE_LEN + 4)];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
	const struct usbip_server *server = connection->server;
	uint32_t count = 0;

	for (size_t i = 0; i < server->key_count; i++)
		count += server->keys[i].present ? 1 : 0;
	usbip_put_result(&out, USBIP_LIST, USBIP_OK);
	uk_put_u32(&out, UK_BIG_ENDIAN, count);
	for (size_t i = 0; i < server->key_count; i++) {
		if (!server->keys[i].present)
			continue;
		usbip_put_device(&out, &server->keys[i].info);
		usbip_put_interface(&out, &server->keys[i].info);
	}
	send_writer(connection, &out);
	connection->broken = true; /* that was all */
}

static void
import(struct connection *connection, const char *bus_id)
{
	uint8_t bytes[16 + USBIP_DEVICE_LEN];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
	struct usbip_server *server = connection->server;
	struct usbip_key *key = NULL;

	for (size_t i = 0; i < server->key_count; i++)
		if (server->keys[i].present && strcmp(server->keys[i].bus_id, bus_id) == 0)
			key = &server->keys[i];
	if (key == NULL || key->importer != NULL) {
		usbip_put_result(&out, USBIP_IMPORT, key == NULL ? USBIP_NO_DEVICE : USBIP_BUSY);
		send_writer(connection, &out);
		connection->broken = true;
		return;
	}
	key->importer = connection;
	key->halted = 0;
	connection->key = key;
	key->function->kind->reset(key->function);
	key->function->key->plugged(key->function->data);
	usbip_put_result(&out, USBIP_IMPORT, USBIP_OK);
	usbip_put_device(&out, &key->info);
	send_writer(connection, &out);
}

/* Takes one request or command off the bytes. */
static enum usbip_taken
run_next(struct connection *connection, struct uk_span *in)
{
	struct usbip_request request;
	struct usbip_command command;
	enum usbip_taken taken;

	if (connection->key != NULL) {
		taken = usbip_take_command(in, &command);
		if (taken == USBIP_TAKEN)
			run_command(connection->key, &command);
		return taken;
	}
	taken = usbip_take_request(in, &request);
	if (taken == USBIP_TAKEN && request.operation == USBIP_LIST)
		send_list(connection);
	else if (taken == USBIP_TAKEN)
		import(connection, request.bus_id);
	return taken;
}

static void
run_all(struct connection *connection)
{
	struct uk_span in = uk_span_of(connection->in->data, connection->in->len);
	enum usbip_taken taken = USBIP_TAKEN;

	while (taken == USBIP_TAKEN && !connection->broken)
		taken = run_next(connection, &in);
	if (taken == USBIP_BAD)
		connection->broken = true;
	g_byte_array_remove_range(connection->in, 0, connection->in->len - (guint)in.len);
}

static gboolean
on_readable(gint fd, GIOCondition condition, gpointer data)
{
	static uint8_t chunk[CHUNK];
	struct connection *connection = data;
	ssize_t count = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (count <= 0) {
		connection->broken = true;
	} else {
		g_byte_array_append(connection->in, chunk, (guint)count);
		run_all(connection);
	}
	if (connection->broken)
		hang_up(connection);
	return G_SOURCE_CONTINUE; /* hang_up has removed it */
}

static gboolean
on_incoming(GSocketService *service, GSocketConnection *stream, GObject *source, gpointer data)
{
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	GSocket *socket = g_socket_connection_get_socket(stream);
	struct connection *connection = g_new0(struct connection, 1);

	connection->server = data;
	connection->stream = g_object_ref(stream);
	connection->fd = g_socket_get_fd(socket);
	connection->in = g_byte_array_new();
	/* The kernel takes the descriptor as it is: one that waits, for at most so long. */
	(void)g_unix_set_fd_nonblocking(connection->fd, FALSE, NULL);
	(void)setsockopt(connection->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
	connection->source =
		g_unix_fd_add(connection->fd, G_IO_IN | G_IO_HUP, on_readable, connection);
	connection->server->connections =
		g_list_prepend(connection->server->connections, connection);
	return TRUE;
}

/* ---- keys ---- */

static void
on_key_came(void *data)
{
	struct usbip_key *key = data;

	key->present = true;
	g_print("plugged %s\n", key->bus_id);
	(void)fflush(stdout);
}

static void
on_key_went(void *data)
{
	struct usbip_key *key = data;

	key->present = false;
	if (key->importer != NULL) { /* which may be running a command: it is hung up afterwards */
		key->importer->broken = true;
		(void)shutdown(key->importer->fd, SHUT_RDWR);
	}
	g_print("unplugged %s\n", key->bus_id);
	(void)fflush(stdout);
}

static void
on_key_changed(void *data)
{
	struct usbip_key *key = data;

	if (key->importer == NULL)
		return;
	pump(key);
	if (key->importer->broken)
		hang_up(key->importer);
}

static const struct key_device_watcher key_watcher = {
	.came = on_key_came,
	.went = on_key_went,
	.changed = on_key_changed,
};

bool
usbip_server_add(struct usbip_server *server, const struct usb_kind *kind, uint16_t vendor,
		 uint16_t product, const char *path)
{
	struct usbip_key *key = &server->keys[server->key_count];
	char serial[USB_SERIAL_MAX];

	if (server->key_count == USBIP_KEYS_MAX)
		return false;
	g_snprintf(serial, sizeof(serial), "VIRTUAL%02zu", server->key_count);
	g_snprintf(key->bus_id, sizeof(key->bus_id), "%d-%zu", BUS, server->key_count + 1);
	key->server = server;
	key->info = (struct usbip_device){
		.bus_id = key->bus_id,
		.bus = BUS,
		.number = (uint32_t)server->key_count + 2, /* 1 is the hub */
		.vendor = vendor,
		.product = product,
		.interface = {kind->interface_class, kind->interface_subclass,
			      kind->interface_protocol},
	};
	g_queue_init(&key->pending);
	key->device = key_device_new(kind, serial, path, &key_watcher, key);
	if (key->device == NULL)
		return false;
	key->function = key_device_function(key->device);
	server->key_count++;
	return true;
}

struct usbip_server *
usbip_server_new(void)
{
	return g_new0(struct usbip_server, 1);
}

void
usbip_server_free(struct usbip_server *server)
{
	if (server->service != NULL) {
		g_socket_service_stop(server->service);
		g_object_unref(server->service);
	}
	while (server->connections != NULL)
		hang_up(server->connections->data);
	for (size_t i = 0; i < server->key_count; i++)
		key_device_free(server->keys[i].device);
	g_free(server);
}

uint16_t
usbip_server_listen(struct usbip_server *server, uint16_t port)
{
	g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
	g_autoptr(GSocketAddress) wanted = g_inet_socket_address_new(loopback, port);
	g_autoptr(GSocketAddress) got = NULL;
	g_autoptr(GError) error = NULL;

	server->service = g_socket_service_new();
	if (!g_socket_listener_add_address(G_SOCKET_LISTENER(server->service), wanted,
					   G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &got,
					   &error)) {
		g_printerr("openukey-virtual-usbip: %s\n", error->message);
		return 0;
	}
	g_signal_connect(server->service, "incoming", G_CALLBACK(on_incoming), server);
	return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got));
}
