/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/usb/port_data.h"

#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <string.h>
#include <sys/ioctl.h>

#define ADDRESS_MAX 127

/* ---- calls that move nothing ---- */

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

/* ---- who has the interface: the kernel's driver, or a program ---- */

static void
set_kernel_driver(struct usb_port *port, bool has)
{
	if (port->kernel_driver != has)
		g_printerr("virtual %s key %s: %s %s the interface\n", port->device->kind->name,
			   port->serial, port->device->kind->driver, has ? "has" : "let go of");
	port->kernel_driver = has;
}

static void
claim(struct usb_port *port, UMockdevIoctlClient *client)
{
	int error = usb_port_check(port, client);

	umockdev_ioctl_client_complete(client, error == 0 ? 0 : -1, error);
}

int
usb_port_check(struct usb_port *port, const UMockdevIoctlClient *client)
{
	if (port->kernel_driver || (port->owner != NULL && port->owner != client))
		return EBUSY;
	port->owner = client;
	return 0;
}

static void
on_disconnect_claim(struct usb_port *port, UMockdevIoctlClient *client)
{
	set_kernel_driver(port, false);
	claim(port, client);
}

static void
on_release(struct usb_port *port, UMockdevIoctlClient *client)
{
	if (port->owner != client) {
		umockdev_ioctl_client_complete(client, -1, EINVAL);
		return;
	}
	port->owner = NULL;
	umockdev_ioctl_client_complete(client, 0, 0);
}

static void
on_get_driver(struct usb_port *port, UMockdevIoctlClient *client)
{
	g_autoptr(UMockdevIoctlData) value = umockdev_ioctl_data_resolve(
		umockdev_ioctl_client_get_arg(client), 0, sizeof(struct usbdevfs_getdriver), NULL);
	struct usbdevfs_getdriver *answer = (void *)value->data;
	const char *driver = port->kernel_driver ? port->device->kind->driver : "usbfs";

	if (!port->kernel_driver && port->owner == NULL) {
		umockdev_ioctl_client_complete(client, -1, ENODATA);
		return;
	}
	g_strlcpy(answer->driver, driver, sizeof(answer->driver));
	umockdev_ioctl_client_complete(client, 0, 0);
}

/* The call that carries calls to an interface's driver; libusb takes it away and gives it back. */
static void
on_driver_call(struct usb_port *port, UMockdevIoctlClient *client)
{
	g_autoptr(UMockdevIoctlData) value = umockdev_ioctl_data_resolve(
		umockdev_ioctl_client_get_arg(client), 0, sizeof(struct usbdevfs_ioctl), NULL);
	const struct usbdevfs_ioctl *call = (void *)value->data;
	int error = 0;

	if ((unsigned int)call->ioctl_code == USBDEVFS_DISCONNECT && port->kernel_driver)
		set_kernel_driver(port, false);
	else if ((unsigned int)call->ioctl_code == USBDEVFS_DISCONNECT)
		error = ENODATA;
	else if ((unsigned int)call->ioctl_code == USBDEVFS_CONNECT && port->owner == NULL)
		set_kernel_driver(port, port->device->kind->driver != NULL);
	else
		error = (unsigned int)call->ioctl_code == USBDEVFS_CONNECT ? EBUSY : ENOTTY;
	umockdev_ioctl_client_complete(client, error == 0 ? 0 : -1, error);
}

static void
on_clear_halt(struct usb_port *port, UMockdevIoctlClient *client)
{
	g_autoptr(UMockdevIoctlData) value = umockdev_ioctl_data_resolve(
		umockdev_ioctl_client_get_arg(client), 0, sizeof(unsigned int), NULL);
	int error = usb_port_check(port, client);
	unsigned int endpoint;

	memcpy(&endpoint, value->data, sizeof(endpoint));
	umockdev_ioctl_client_complete(client, error == 0 ? 0 : -1, error);
	if (error == 0)
		transfers_clear_halt(port, (uint8_t)endpoint);
}

static void
lose_power(struct usb_port *port)
{
	port->device->key->power_off(port->device->data);
	port->device->key->plugged(port->device->data);
}

/* The key keeps its power; whether that keeps a login depends on the model. */
static void
reset_bus(struct usb_port *port)
{
	port->halted = 0;
	port->device->kind->reset(port->device);
}

static void
on_reset(struct usb_port *port, UMockdevIoctlClient *client)
{
	reset_bus(port);
	if (port->device->kind->reset_ends_login)
		lose_power(port);
	umockdev_ioctl_client_complete(client, 0, 0);
}

static const struct {
	gulong request;
	void (*run)(struct usb_port *port, UMockdevIoctlClient *client);
} calls[] = {
	{USBDEVFS_CLAIMINTERFACE, claim},
	{USBDEVFS_CLEAR_HALT, on_clear_halt},
	{USBDEVFS_DISCARDURB, transfers_discard},
	{USBDEVFS_DISCONNECT_CLAIM, on_disconnect_claim},
	{USBDEVFS_GETDRIVER, on_get_driver},
	{USBDEVFS_GET_CAPABILITIES, on_capabilities},
	{USBDEVFS_IOCTL, on_driver_call},
	{USBDEVFS_REAPURB, transfers_reap},
	{USBDEVFS_REAPURBNDELAY, transfers_reap},
	{USBDEVFS_RELEASEINTERFACE, on_release},
	{USBDEVFS_RESET, on_reset},
	{USBDEVFS_SETCONFIGURATION, on_nothing_to_do},
	{USBDEVFS_SETINTERFACE, on_nothing_to_do},
	{USBDEVFS_SUBMITURB, transfers_submit},
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
forget_program(struct usb_port *port, const UMockdevIoctlClient *client)
{
	if (port->owner == client)
		port->owner = NULL;
	transfers_forget(port, client);
}

static gboolean
run_in_main_loop(gpointer data)
{
	g_autofree struct call *call = data;

	if (call->gone)
		forget_program(call->port, call->client);
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
usb_port_new(UMockdevTestbed *testbed, unsigned int number, struct usb_function *device)
{
	struct usb_port *port = g_new0(struct usb_port, 1);

	port->testbed = testbed;
	port->device = device;
	port->number = number;
	port->serial = device->serial;
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
	transfers_forget(port, NULL);
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

static void
append_device(GString *text, const struct usb_port *port)
{
	uint8_t bytes[USB_CONFIG_MAX + 32];
	struct uk_writer descriptors = uk_writer_of(bytes, sizeof(bytes));
	unsigned int address = port->address, product = port->device->kind->product;

	usb_put_device_descriptor(port->device, &descriptors);
	port->device->kind->put_config_descriptor(port->device, &descriptors);
	g_string_append_printf(text,
			       "P: /devices/usb1/1-%u\nN: bus/usb/001/%03u\n"
			       "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\n"
			       "E: DEVNAME=/dev/bus/usb/001/%03u\nE: BUSNUM=001\nE: DEVNUM=%03u\n"
			       "E: PRODUCT=%x/%x/100\nE: TYPE=0/0/0\nE: MAJOR=189\nE: MINOR=%u\n"
			       "E: ID_VENDOR_ID=%04x\nE: ID_MODEL_ID=%04x\n",
			       port->number, address, address, address, USB_VENDOR, product,
			       address - 1, USB_VENDOR, product);
	g_string_append_printf(text,
			       "A: idVendor=%04x\\n\nA: idProduct=%04x\\n\nA: busnum=1\\n\n"
			       "A: devnum=%u\\n\nA: speed=12\\n\nA: bConfigurationValue=1\\n\n"
			       "A: serial=%s\\n\nA: manufacturer=OpenUKey (virtual)\\n\n"
			       "A: product=OpenUKey Virtual Key\\n\nH: descriptors=",
			       USB_VENDOR, product, address, port->serial);
	append_hex(text, &descriptors);
}

/* What udev and libusb find in /sys and /dev, in umockdev's own notation. */
static char *
describe(const struct usb_port *port)
{
	GString *text = g_string_new(NULL);
	const struct usb_kind *kind = port->device->kind;

	append_device(text, port);
	g_string_append_printf(text,
			       "\n\nP: /devices/usb1/1-%u/1-%u:1.0\nE: SUBSYSTEM=usb\n"
			       "E: DEVTYPE=usb_interface\nE: INTERFACE=%u/%u/%u\n"
			       "A: bInterfaceNumber=00\\n\nA: bInterfaceClass=%02x\\n\n"
			       "A: interface=%s\\n\n\n",
			       port->number, port->number, kind->interface_class,
			       kind->interface_subclass, kind->interface_protocol,
			       kind->interface_class, kind->interface);
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
usb_port_forget(struct usb_port *port)
{
	port->owner = NULL;
	transfers_forget(port, NULL);
}

void
usb_port_plug(struct usb_port *port)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (port->present)
		return;
	take_address(port);
	text = describe(port);
	/* The handler first: who finds the node without it gets no answers. */
	if (!umockdev_testbed_attach_ioctl(port->testbed, port->node, port->handler, &error) ||
	    !umockdev_testbed_add_from_string(port->testbed, text, &error)) {
		g_printerr("cannot add a USB device: %s\n", error->message);
		return;
	}
	port->device->kind->reset(port->device);
	port->halted = 0;
	port->owner = NULL;
	port->kernel_driver = port->device->kind->driver != NULL;
	port->plugged = port->present = true;
	port->device->key->plugged(port->device->data);
	umockdev_testbed_uevent(port->testbed, port->device_path, "add");
	umockdev_testbed_uevent(port->testbed, port->interface_path, "add");
}

void
usb_port_unplug(struct usb_port *port)
{
	if (!port->present)
		return;
	port->plugged = port->present = false;
	transfers_end(port, -ENODEV);
	port->device->key->power_off(port->device->data);
	umockdev_testbed_uevent(port->testbed, port->interface_path, "remove");
	umockdev_testbed_uevent(port->testbed, port->device_path, "remove");
	umockdev_testbed_detach_ioctl(port->testbed, port->node, NULL);
	umockdev_testbed_remove_device(port->testbed, port->interface_path);
	umockdev_testbed_remove_device(port->testbed, port->device_path);
}

/*
 * The computer sleeps and wakes up: what was under way is ended. A device whose port had no power
 * meanwhile is reset; the kernel knows it again, at its old address and without any event, but
 * takes its interfaces from programs, as these cannot tell that they must begin anew.
 */
static void
sleep_and_wake(struct usb_port *port, bool power)
{
	transfers_end(port, -ENOENT);
	if (power || !port->present)
		return;
	reset_bus(port);
	lose_power(port);
	port->owner = NULL;
	if (port->device->kind->driver != NULL)
		set_kernel_driver(port, true);
}

bool
usb_port_tell(struct usb_port *port, const char *line, GString *answer)
{
	if (g_str_equal(line, "count")) {
		g_string_append_printf(answer, "%lu", port->faults.transfers);
		return true;
	}
	if (g_str_equal(line, "driver")) {
		g_string_append(answer, port->kernel_driver ? port->device->kind->driver : "none");
		return true;
	}
	if (g_str_equal(line, "sleep") || g_str_equal(line, "sleep powerless")) {
		sleep_and_wake(port, g_str_equal(line, "sleep"));
		return true;
	}
	return g_str_has_prefix(line, "fault ") &&
	       usb_faults_arm(&port->faults, line + strlen("fault "));
}
