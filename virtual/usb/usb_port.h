/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A USB port of a machine that has none: answers the usbdevfs calls of an unmodified libusb and
 * sends the kernel's events about a device coming and going, by means of umockdev.
 */
#ifndef VIRTUAL_USB_PORT_H
#define VIRTUAL_USB_PORT_H

#include "virtual/usb/faults.h"
#include "virtual/usb/function.h"

#include <glib.h>
#include <umockdev.h>

struct usb_port;

/* number: from 1; the device is borrowed. */
struct usb_port *usb_port_new(UMockdevTestbed *testbed, unsigned int number,
			      struct usb_function *device);
void usb_port_free(struct usb_port *port);

void usb_port_plug(struct usb_port *port);
void usb_port_unplug(struct usb_port *port);

/* The programs that used it have ended; umockdev does not always tell. */
void usb_port_forget(struct usb_port *port);

/* Hands out what the device has to say by now. */
void usb_port_pump(struct usb_port *port);

/*
 * "count": how many transfers moved bytes since the last order; "driver": which kernel driver has
 * the interface, or "none"; "fault AT KIND [ARGUMENT]": see faults.h; "sleep [powerless]": the
 * computer sleeps and wakes up, the port keeps its power or does not. False: not understood.
 */
UK_CHECKED bool usb_port_tell(struct usb_port *port, const char *line, GString *answer);

#endif
