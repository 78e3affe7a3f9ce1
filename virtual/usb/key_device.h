/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtual key's process behind a USB device: what both sides say to each other. */
#ifndef VIRTUAL_USB_KEY_DEVICE_H
#define VIRTUAL_USB_KEY_DEVICE_H

#include "virtual/usb/function.h"

/* Told in the main loop; data is what key_device_new was given. */
struct key_device_watcher {
	void (*came)(void *data);
	void (*went)(void *data);
	void (*changed)(void *data); /* an IN endpoint may have something to say by now */
};

struct key_device;

/*
 * Looks for a key that listens at the path; serial: at most USB_SERIAL_MAX ASCII characters. NULL:
 * out of memory.
 */
struct key_device *key_device_new(const struct usb_kind *kind, const char *serial, const char *path,
				  const struct key_device_watcher *watcher, void *data);
void key_device_free(struct key_device *device);

/* Borrowed. */
struct usb_function *key_device_function(struct key_device *device);

#endif
