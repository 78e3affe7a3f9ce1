/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/usb/usb_port.h"

#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <string.h>
#include <sys/ioctl.h>

#define SETUP_LEN   8
#define ADDRESS_MAX 127
/*
 * The device node is a plain file, so poll on it is always ready and libusb would spin.  From the
 * third empty reap in a row on, the answer comes late.
 */
#define EMPTY_REAPS   2
#define REAP_DELAY_MS 2

struct urb {
	UMockdevIoctlData *data;           /* struct usbdevfs_urb */
	UMockdevIoctlData *buffer;         /* or NULL */
	const UMockdevIoctlClient *client; /* who submitted it; to compare, never to follow */
	bool done;
};

struct usb_port {
	UMockdevTestbed *testbed;
	UMockdevIoctlBase *handler;
	struct ccid *device;
	unsigned int number;
	unsigned int address; /* on the bus, new with each plug as with a real hub */
	const char *serial;
	char *node, *device_path, *interface_path;
	GQueue urbs; /* struct urb, oldest first */
	bool plugged;
	unsigned int empty_reaps; /* in a row */
};

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

void
usb_port_pump(struct usb_port *port)
{
	for (GList *at = port->urbs.head; at != NULL; at = at->next) {
		struct urb *urb = at->data;
		uint8_t endpoint = urb_of(urb)->endpoint;
		struct uk_writer out = urb_room(urb);

		if (urb->done || urb_of(urb)->type == USBDEVFS_URB_TYPE_CONTROL)
			continue;
		if ((endpoint == CCID_EP_IN && ccid_bulk_in(port->device, &out)) ||
		    (endpoint == CCID_EP_INTERRUPT && ccid_interrupt_in(port->device, &out)))
			urb_finish(urb, 0, out.len);
	}
}

static void
run_control(struct usb_port *port, struct urb *urb)
{
	struct uk_writer room = urb_room(urb);
	struct uk_writer out;

	if (room.cap < SETUP_LEN) {
		urb_finish(urb, -EPIPE, 0);
		return;
	}
	out = uk_writer_of(room.ptr + SETUP_LEN, room.cap - SETUP_LEN);
	if (ccid_control(port->device, uk_span_of(room.ptr, SETUP_LEN), &out) && !out.overflow)
		urb_finish(urb, 0, out.len);
	else
		urb_finish(urb, -EPIPE, 0);
}

static void
run_bulk_out(struct usb_port *port, struct urb *urb)
{
	struct uk_writer room = urb_room(urb);

	if (ccid_bulk_out(port->device, uk_span_of(room.ptr, room.cap)))
		urb_finish(urb, 0, room.cap);
	else
		urb_finish(urb, -EPIPE, 0);
}

static void
on_submit(struct usb_port *port, UMockdevIoctlClient *client)
{
	struct urb *urb = g_new0(struct urb, 1);
	int len;

	urb->client = client;
	urb->data = umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(client), 0,
						sizeof(struct usbdevfs_urb), NULL);
	len = urb_of(urb)->buffer_length;
	if (len > 0)
		urb->buffer = umockdev_ioctl_data_resolve(
			urb->data, G_STRUCT_OFFSET(struct usbdevfs_urb, buffer), (gsize)len, NULL);
	g_queue_push_tail(&port->urbs, urb);
	if (urb_of(urb)->type == USBDEVFS_URB_TYPE_CONTROL)
		run_control(port, urb);
	else if ((urb_of(urb)->endpoint & 0x80) == 0)
		run_bulk_out(port, urb);
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

static void
on_reap(struct usb_port *port, UMockdevIoctlClient *client)
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

static void
on_discard(struct usb_port *port, UMockdevIoctlClient *client)
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

static void
on_capabilities(struct usb_port *port, UMockdevIoctlClient *client)
{
	g_autoptr(UMockdevIoctlData) value = umockdev_ioctl_data_resolve(
		umockdev_ioctl_client_get_arg(client), 0, sizeof(guint32), NULL);
	const guint32 caps = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
			     USBDEVFS_CAP_REAP_AFTER_DISCONNECT;

	memcpy(value->data, &caps, sizeof(caps));
	umockdev_ioctl_client_complete(client, 0, 0);
}

static void
on_nothing_to_do(struct usb_port *port, UMockdevIoctlClient *client)
{
	umockdev_ioctl_client_complete(client, 0, 0);
}

/* No kernel driver has the interface. */
static void
on_get_driver(struct usb_port *port, UMockdevIoctlClient *client)
{
	umockdev_ioctl_client_complete(client, -1, ENODATA);
}

static const struct {
	gulong request;
	void (*run)(struct usb_port *port, UMockdevIoctlClient *client);
} calls[] = {
	{USBDEVFS_CLAIMINTERFACE, on_nothing_to_do},
	{USBDEVFS_CLEAR_HALT, on_nothing_to_do},
	{USBDEVFS_DISCARDURB, on_discard},
	{USBDEVFS_DISCONNECT_CLAIM, on_nothing_to_do},
	{USBDEVFS_GETDRIVER, on_get_driver},
	{USBDEVFS_GET_CAPABILITIES, on_capabilities},
	{USBDEVFS_REAPURB, on_reap},
	{USBDEVFS_REAPURBNDELAY, on_reap},
	{USBDEVFS_RELEASEINTERFACE, on_nothing_to_do},
	{USBDEVFS_RESET, on_nothing_to_do},
	{USBDEVFS_SETCONFIGURATION, on_nothing_to_do},
	{USBDEVFS_SETINTERFACE, on_nothing_to_do},
	{USBDEVFS_SUBMITURB, on_submit},
};

static void
run_call(struct usb_port *port, UMockdevIoctlClient *client)
{
	gulong request = umockdev_ioctl_client_get_request(client);

	if (!port->plugged && request != USBDEVFS_REAPURBNDELAY) {
		umockdev_ioctl_client_complete(client, -1, ENODEV);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].request != request)
			continue;
		calls[i].run(port, client);
		return;
	}
	umockdev_ioctl_client_complete(client, -1, ENOTTY);
}

/* ---- umockdev calls from a thread of its own; all work is done in the main loop ---- */

struct call {
	struct usb_port *port;
	UMockdevIoctlClient *client;
	bool gone; /* it closed the device */
};

static void
forget_urbs(struct usb_port *port, const UMockdevIoctlClient *client)
{
	for (GList *at = port->urbs.head, *next; at != NULL; at = next) {
		struct urb *urb = at->data;

		next = at->next;
		if (urb->client != client)
			continue;
		g_queue_delete_link(&port->urbs, at);
		urb_free(urb);
	}
}

static gboolean
run_in_main_loop(gpointer data)
{
	g_autofree struct call *call = data;

	if (call->gone)
		forget_urbs(call->port, call->client);
	else
		run_call(call->port, call->client);
	g_object_unref(call->client);
	return G_SOURCE_REMOVE;
}

static void
pass_on(struct usb_port *port, UMockdevIoctlClient *client, bool gone)
{
	struct call *call = g_new(struct call, 1);

	*call = (struct call){port, g_object_ref(client), gone};
	g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, run_in_main_loop, call, NULL);
}

static gboolean
on_ioctl(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, gpointer data)
{
	pass_on(data, client, false);
	return TRUE;
}

static void
on_client_gone(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, gpointer data)
{
	pass_on(data, client, true);
}

/* ---- the port ---- */

struct usb_port *
usb_port_new(UMockdevTestbed *testbed, unsigned int number, struct ccid *device, const char *serial)
{
	struct usb_port *port = g_new0(struct usb_port, 1);

	port->testbed = testbed;
	port->device = device;
	port->number = number;
	port->serial = serial;
	port->device_path = g_strdup_printf("/sys/devices/usb1/1-%u", number);
	port->interface_path = g_strdup_printf("%s/1-%u:1.0", port->device_path, number);
	g_queue_init(&port->urbs);
	port->handler = umockdev_ioctl_base_new();
	g_signal_connect(port->handler, "handle-ioctl", G_CALLBACK(on_ioctl), port);
	g_signal_connect(port->handler, "client-vanished", G_CALLBACK(on_client_gone), port);
	return port;
}

void
usb_port_free(struct usb_port *port)
{
	g_queue_clear_full(&port->urbs, urb_free);
	g_object_unref(port->handler);
	g_free(port->node);
	g_free(port->device_path);
	g_free(port->interface_path);
	g_free(port);
}

static void
append_hex(GString *text, const struct uk_writer *bytes)
{
	for (size_t i = 0; i < bytes->len; i++)
		g_string_append_printf(text, "%02X", bytes->ptr[i]);
}

/* What udev and libusb find in /sys and /dev, in umockdev's own notation. */
static char *
describe(const struct usb_port *port)
{
	GString *text = g_string_new(NULL);
	uint8_t bytes[CCID_DEVICE_DESC_LEN + CCID_CONFIG_DESC_LEN];
	struct uk_writer descriptors = uk_writer_of(bytes, sizeof(bytes));
	unsigned int number = port->number, address = port->address;

	ccid_put_device_descriptor(&descriptors);
	ccid_put_config_descriptor(port->device, &descriptors);
	g_string_append_printf(text,
			       "P: /devices/usb1/1-%u\nN: bus/usb/001/%03u\n"
			       "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\n"
			       "E: DEVNAME=/dev/bus/usb/001/%03u\nE: BUSNUM=001\nE: DEVNUM=%03u\n"
			       "E: PRODUCT=%x/%x/100\nE: TYPE=0/0/0\nE: MAJOR=189\nE: MINOR=%u\n"
			       "E: ID_VENDOR_ID=%04x\nE: ID_MODEL_ID=%04x\n",
			       number, address, address, address, CCID_VENDOR, CCID_PRODUCT,
			       address - 1, CCID_VENDOR, CCID_PRODUCT);
	g_string_append_printf(text,
			       "A: idVendor=%04x\\n\nA: idProduct=%04x\\n\nA: busnum=1\\n\n"
			       "A: devnum=%u\\n\nA: speed=12\\n\nA: bConfigurationValue=1\\n\n"
			       "A: serial=%s\\n\nA: manufacturer=OpenUKey (virtual)\\n\n"
			       "A: product=OpenUKey Virtual Key\\n\nH: descriptors=",
			       CCID_VENDOR, CCID_PRODUCT, address, port->serial);
	append_hex(text, &descriptors);
	g_string_append_printf(text,
			       "\n\nP: /devices/usb1/1-%u/1-%u:1.0\nE: SUBSYSTEM=usb\n"
			       "E: DEVTYPE=usb_interface\nE: INTERFACE=11/0/0\n"
			       "A: bInterfaceNumber=00\\n\nA: bInterfaceClass=0b\\n\n"
			       "A: interface=CCID\\n\n\n",
			       number, number);
	return g_string_free(text, FALSE);
}

static void
take_address(struct usb_port *port)
{
	static unsigned int last = 1; /* the hub itself */

	last = last == ADDRESS_MAX ? 2 : last + 1;
	port->address = last;
	g_free(port->node);
	port->node = g_strdup_printf("/dev/bus/usb/001/%03u", port->address);
}

void
usb_port_plug(struct usb_port *port)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (port->plugged)
		return;
	take_address(port);
	text = describe(port);
	/* The handler first: who finds the node without it gets no answers. */
	if (!umockdev_testbed_attach_ioctl(port->testbed, port->node, port->handler, &error) ||
	    !umockdev_testbed_add_from_string(port->testbed, text, &error)) {
		g_printerr("cannot add a USB device: %s\n", error->message);
		return;
	}
	ccid_reset(port->device);
	port->plugged = true;
	umockdev_testbed_uevent(port->testbed, port->device_path, "add");
	umockdev_testbed_uevent(port->testbed, port->interface_path, "add");
}

void
usb_port_unplug(struct usb_port *port)
{
	if (!port->plugged)
		return;
	port->plugged = false;
	for (GList *at = port->urbs.head; at != NULL; at = at->next) {
		struct urb *urb = at->data;

		if (!urb->done)
			urb_finish(urb, -ENODEV, 0);
	}
	umockdev_testbed_uevent(port->testbed, port->interface_path, "remove");
	umockdev_testbed_uevent(port->testbed, port->device_path, "remove");
	umockdev_testbed_detach_ioctl(port->testbed, port->node, NULL);
	umockdev_testbed_remove_device(port->testbed, port->interface_path);
	umockdev_testbed_remove_device(port->testbed, port->device_path);
}
