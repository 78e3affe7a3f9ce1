/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/usb/key_device.h"

#include "virtual/usb/key_socket.h"

#include <glib.h>

/* Asking the host for time every second: libccid waits three. */
#define BUSY_MS 1000

struct key_device {
	struct usb_function *function;
	struct key_socket *key;
	const struct key_device_watcher *watcher;
	void *data;
	guint tick_source;
	unsigned int owed; /* answers of the key that have not come */
};

/* ---- what the key's process says ---- */

static void
on_key_came(void *data)
{
	struct key_device *device = data;

	device->owed = 0;
	device->watcher->came(device->data);
}

static void
on_key_went(void *data)
{
	struct key_device *device = data;

	device->watcher->went(device->data);
}

static void
on_key_answered(void *data, struct uk_span frame)
{
	struct key_device *device = data;

	if (device->owed > 0)
		device->owed--;
	device->function->kind->key_answered(device->function, frame);
	device->watcher->changed(device->data);
}

static const struct key_watcher key_watcher = {
	.came = on_key_came,
	.went = on_key_went,
	.answered = on_key_answered,
};

/* ---- what the USB device says ---- */

static void
on_plugged(void *data)
{
	struct key_device *device = data;

	key_socket_control(device->key, KEY_ON);
}

static void
on_power_on(void *data)
{
	struct key_device *device = data;

	/* A host that gave up waiting must not take an old answer for the ATR, and so on. */
	if (device->owed > 0)
		key_socket_renew(device->key);
	device->owed = 1;
	key_socket_control(device->key, KEY_ON);
	key_socket_control(device->key, KEY_SEND_ATR);
}

static void
on_power_off(void *data)
{
	struct key_device *device = data;

	key_socket_control(device->key, KEY_OFF);
}

static void
on_command(void *data, struct uk_span apdu)
{
	struct key_device *device = data;

	if (apdu.len < 4) { /* would be a control */
		device->function->kind->key_answered(device->function, uk_span_of(NULL, 0));
		return;
	}
	device->owed++;
	key_socket_send(device->key, apdu);
}

static const struct usb_key usb_key = {
	.plugged = on_plugged,
	.power_on = on_power_on,
	.command = on_command,
	.power_off = on_power_off,
};

static gboolean
on_tick(gpointer data)
{
	struct key_device *device = data;

	if (device->function->kind->tick != NULL)
		device->function->kind->tick(device->function);
	device->watcher->changed(device->data);
	return G_SOURCE_CONTINUE;
}

/* ---- life ---- */

struct key_device *
key_device_new(const struct usb_kind *kind, const char *serial, const char *path,
	       const struct key_device_watcher *watcher, void *data)
{
	struct key_device *device = g_new0(struct key_device, 1);

	device->watcher = watcher;
	device->data = data;
	device->function = usb_function_new(kind, serial, &usb_key, device);
	if (device->function == NULL) {
		g_free(device);
		return NULL;
	}
	device->key = key_socket_new(path, &key_watcher, device);
	device->tick_source = g_timeout_add(BUSY_MS, on_tick, device);
	return device;
}

void
key_device_free(struct key_device *device)
{
	g_source_remove(device->tick_source);
	key_socket_free(device->key);
	usb_function_free(device->function);
	g_free(device);
}

struct usb_function *
key_device_function(struct key_device *device)
{
	return device->function;
}
