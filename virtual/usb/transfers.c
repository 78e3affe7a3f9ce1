/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/usb/port_data.h"

#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>

#define SETUP_LEN 8
#define RECIPIENT 0x1f /* of bmRequestType; 0: the device (USB 2.0, 9.3) */
/*
 * The device node is a plain file, so poll on it is always ready and libusb would spin.  From the
 * third empty reap in a row on, the answer comes late.
 */
#define EMPTY_REAPS   2
#define REAP_DELAY_MS 2
#define DRIP_MS       100
/* How long a fault keeps the key out of the port. */
#define REPLUG_MS 300

/* ---- transfers ---- */

static struct usbdevfs_urb *
urb_of(const struct urb *urb)
{
	return (void *)urb->data->data;
}

static void
urb_free(gpointer data)
{
	struct urb *urb = data;

	g_object_unref(urb->data);
	g_clear_object(&urb->buffer);
	g_free(urb);
}

static void
urb_finish(struct urb *urb, int status, size_t len)
{
	urb_of(urb)->status = status;
	urb_of(urb)->actual_length = (int)len;
	urb->done = true;
}

/* The bytes of a transfer; whoever made it must have given as many as it says. */
static struct uk_writer
urb_room(const struct urb *urb)
{
	size_t len = (size_t)urb_of(urb)->buffer_length;

	if (urb->buffer == NULL)
		return uk_writer_of(NULL, 0);
	return uk_writer_of(urb->buffer->data, len);
}

/* ---- endpoints that stall ---- */

static uint32_t
halt_bit(uint8_t endpoint)
{
	return UINT32_C(1) << ((endpoint & 0x0f) | (endpoint & 0x80) >> 3);
}

static bool
is_halted(const struct usb_port *port, uint8_t endpoint)
{
	return (port->halted & halt_bit(endpoint)) != 0;
}

static void
halt(struct usb_port *port, struct urb *urb)
{
	port->halted |= halt_bit(urb_of(urb)->endpoint);
	urb_finish(urb, -EPIPE, 0);
}

/* ---- faults ---- */

static gboolean
replug(gpointer data)
{
	usb_port_plug(data);
	return G_SOURCE_REMOVE;
}

static gboolean
unplug_for_a_while(gpointer data)
{
	struct usb_port *port = data;

	usb_port_unplug(port);
	g_timeout_add(REPLUG_MS, replug, port);
	return G_SOURCE_REMOVE;
}

/* Pulls the key before the transfer ends; in the main loop, as the lists of transfers are in use.
 */
static void
pull(struct usb_port *port, struct urb *urb)
{
	urb_finish(urb, -ENODEV, 0);
	port->plugged = false;
	g_idle_add(unplug_for_a_while, port);
}

/* What of a fault is the same in both directions. False: the transfer goes on. */
static bool
run_fault(struct usb_port *port, struct urb *urb, enum usb_fault_action action)
{
	switch (action) {
	case USB_FAULT_STATUS:
		urb_finish(urb, port->faults.status, 0);
		return true;
	case USB_FAULT_HANG:
		urb->hangs = true;
		return true;
	case USB_FAULT_UNPLUG:
		pull(port, urb);
		return true;
	default:
		return false;
	}
}

/* ---- the device's side of a transfer ---- */

static void
deliver(struct usb_port *port, struct urb *urb, struct uk_writer *bytes)
{
	enum usb_fault_action action = usb_faults_next(&port->faults, true);

	if (run_fault(port, urb, action))
		return;
	if (action == USB_FAULT_LOSE)
		bytes->len = 0;
	else if (action == USB_FAULT_NOISE)
		bytes->len = usb_faults_noise(&port->faults, bytes->ptr, bytes->len, bytes->cap);
	else if (action != USB_FAULT_NONE)
		bytes->len = usb_faults_spoil(&port->faults, bytes->ptr, bytes->len);
	urb_finish(urb, 0, bytes->len);
}

static void
pump_urb(struct usb_port *port, struct urb *urb)
{
	uint8_t endpoint = urb_of(urb)->endpoint;
	struct uk_writer bytes = urb_room(urb);

	if (is_halted(port, endpoint)) {
		urb_finish(urb, -EPIPE, 0);
		return;
	}
	switch (port->device->kind->in(port->device, endpoint, &bytes)) {
	case USB_DATA:
		if (bytes.overflow) /* more than the host has room for */
			urb_finish(urb, -EOVERFLOW, 0);
		else
			deliver(port, urb, &bytes);
		break;
	case USB_STALL:
		halt(port, urb);
		break;
	case USB_NOTHING_YET:
		break;
	}
}

static bool
next_in_stalls(struct usb_port *port)
{
	return port->faults.action == USB_FAULT_HALT &&
	       port->faults.transfers + 1 == port->faults.at;
}

/* A stall takes the place of the next transfer, whose bytes stay where they are. */
static void
stall_instead(struct usb_port *port, struct urb *urb)
{
	(void)usb_faults_next(&port->faults, true);
	halt(port, urb);
}

/* ---- a key that never comes to an end ---- */

struct drop {
	struct usb_port *port;
	struct urb *urb;
};

static gboolean
let_fall(gpointer data)
{
	struct drop *drop = data;
	static const uint8_t drops[64] = {0x3f};

	/* unless it was discarded meanwhile */
	if (g_queue_find(&drop->port->urbs, drop->urb) != NULL && !drop->urb->done) {
		struct uk_writer room = urb_room(drop->urb);

		uk_put(&room,
		       uk_span_of(drops, room.cap < sizeof(drops) ? room.cap : sizeof(drops)));
		urb_finish(drop->urb, 0, room.len);
	}
	g_free(drop);
	return G_SOURCE_REMOVE;
}

static bool
drips(struct usb_port *port, struct urb *urb)
{
	struct drop *drop;

	if (port->faults.action != USB_FAULT_DRIP || port->faults.transfers + 1 < port->faults.at)
		return false;
	drop = g_new(struct drop, 1);
	*drop = (struct drop){port, urb};
	urb->hangs = true; /* for everybody else */
	g_timeout_add(DRIP_MS, let_fall, drop);
	return true;
}

void
usb_port_pump(struct usb_port *port)
{
	for (GList *at = port->urbs.head; at != NULL && port->plugged; at = at->next) {
		struct urb *urb = at->data;

		if (urb->done || urb->hangs || urb_of(urb)->type == USBDEVFS_URB_TYPE_CONTROL ||
		    (urb_of(urb)->endpoint & 0x80) == 0)
			continue;
		if (next_in_stalls(port))
			stall_instead(port, urb);
		else if (!drips(port, urb))
			pump_urb(port, urb);
	}
}

static void
run_control(struct usb_port *port, struct urb *urb)
{
	struct uk_writer room = urb_room(urb);
	struct uk_span setup, data;
	struct uk_writer out;
	bool to_host;

	if (room.cap < SETUP_LEN) {
		urb_finish(urb, -EPIPE, 0);
		return;
	}
	setup = uk_span_of(room.ptr, SETUP_LEN);
	to_host = (setup.ptr[0] & 0x80) != 0;
	out = uk_writer_of(room.ptr + SETUP_LEN, to_host ? room.cap - SETUP_LEN : 0);
	data = uk_span_of(room.ptr + SETUP_LEN, to_host ? 0 : room.cap - SETUP_LEN);
	if (usb_control(port->device, setup, data, &out) && !out.overflow)
		urb_finish(urb, 0, to_host ? out.len : data.len);
	else
		urb_finish(urb, -EPIPE, 0);
}

static void
run_out(struct usb_port *port, struct urb *urb)
{
	struct uk_writer room = urb_room(urb);
	enum usb_fault_action action;
	size_t len = room.cap;
	struct uk_span bytes;
	bool taken;

	if (is_halted(port, urb_of(urb)->endpoint)) {
		urb_finish(urb, -EPIPE, 0);
		return;
	}
	action = usb_faults_next(&port->faults, false);
	if (run_fault(port, urb, action))
		return;
	if (action != USB_FAULT_NONE)
		len = usb_faults_spoil(&port->faults, room.ptr, len);
	bytes = uk_span_of(room.ptr, len);
	taken = action != USB_FAULT_HALT &&
		(action == USB_FAULT_LOSE ||
		 port->device->kind->out(port->device, urb_of(urb)->endpoint, bytes));
	if (taken)
		urb_finish(urb, 0, len);
	else
		halt(port, urb);
}

/* Requests to the device itself are free to everybody who may open it. */
static bool
concerns_interface(const struct urb *urb)
{
	return urb_of(urb)->type != USBDEVFS_URB_TYPE_CONTROL ||
	       (urb->buffer != NULL && (urb->buffer->data[0] & RECIPIENT) != 0);
}

void
transfers_submit(struct usb_port *port, UMockdevIoctlClient *client)
{
	struct urb *urb = g_new0(struct urb, 1);
	int len, error;

	urb->client = client;
	urb->data = umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(client), 0,
						sizeof(struct usbdevfs_urb), NULL);
	len = urb_of(urb)->buffer_length;
	if (len > 0)
		urb->buffer = umockdev_ioctl_data_resolve(
			urb->data, G_STRUCT_OFFSET(struct usbdevfs_urb, buffer), (gsize)len, NULL);
	error = concerns_interface(urb) ? usb_port_check(port, client) : 0;
	if (error != 0) {
		urb_free(urb);
		umockdev_ioctl_client_complete(client, -1, error);
		return;
	}
	g_queue_push_tail(&port->urbs, urb);
	if (urb_of(urb)->type == USBDEVFS_URB_TYPE_CONTROL)
		run_control(port, urb);
	else if ((urb_of(urb)->endpoint & 0x80) == 0)
		run_out(port, urb);
	usb_port_pump(port);
	umockdev_ioctl_client_complete(client, 0, 0);
}

static gboolean
reap_late(gpointer data)
{
	g_autoptr(UMockdevIoctlClient) client = data;

	umockdev_ioctl_client_complete(client, -1, EAGAIN);
	return G_SOURCE_REMOVE;
}

static void
reap_nothing(struct usb_port *port, UMockdevIoctlClient *client)
{
	if (!port->plugged)
		umockdev_ioctl_client_complete(client, -1, ENODEV);
	else if (port->empty_reaps++ < EMPTY_REAPS)
		umockdev_ioctl_client_complete(client, -1, EAGAIN);
	else
		g_timeout_add(REAP_DELAY_MS, reap_late, g_object_ref(client));
}

void
transfers_reap(struct usb_port *port, UMockdevIoctlClient *client)
{
	for (GList *at = port->urbs.head; at != NULL; at = at->next) {
		g_autoptr(UMockdevIoctlData) pointer = NULL;
		struct urb *urb = at->data;

		if (!urb->done || urb->client != client)
			continue;
		pointer = umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(client), 0,
						      sizeof(gpointer), NULL);
		umockdev_ioctl_data_set_ptr(pointer, 0, urb->data);
		umockdev_ioctl_client_complete(client, 0, 0);
		g_queue_delete_link(&port->urbs, at);
		urb_free(urb);
		port->empty_reaps = 0;
		return;
	}
	reap_nothing(port, client);
}

void
transfers_discard(struct usb_port *port, UMockdevIoctlClient *client)
{
	gulong address = *(const gulong *)(void *)umockdev_ioctl_client_get_arg(client)->data;

	for (GList *at = port->urbs.head; at != NULL; at = at->next) {
		struct urb *urb = at->data;

		if (urb->done || urb->data->client_addr != address)
			continue;
		urb_finish(urb, -ENOENT, 0);
		umockdev_ioctl_client_complete(client, 0, 0);
		return;
	}
	umockdev_ioctl_client_complete(client, -1, EINVAL);
}

void
transfers_forget(struct usb_port *port, const UMockdevIoctlClient *client)
{
	for (GList *at = port->urbs.head, *next; at != NULL; at = next) {
		struct urb *urb = at->data;

		next = at->next;
		if (client != NULL && urb->client != client)
			continue;
		g_queue_delete_link(&port->urbs, at);
		urb_free(urb);
	}
}

void
transfers_end(struct usb_port *port, int status)
{
	for (GList *at = port->urbs.head; at != NULL; at = at->next) {
		struct urb *urb = at->data;

		if (!urb->done)
			urb_finish(urb, status, 0);
	}
}

void
transfers_clear_halt(struct usb_port *port, uint8_t endpoint)
{
	port->halted &= ~halt_bit(endpoint);
	usb_port_pump(port);
}
