/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A port from inside: usb_port.c has its life and calls, transfers.c what moves through it. */
#ifndef VIRTUAL_USB_PORT_DATA_H
#define VIRTUAL_USB_PORT_DATA_H

#include "virtual/usb/usb_port.h"

struct urb {
	UMockdevIoctlData *data;           /* struct usbdevfs_urb */
	UMockdevIoctlData *buffer;         /* or NULL */
	const UMockdevIoctlClient *client; /* who submitted it; to compare, never to follow */
	bool done;
	bool hangs; /* until it is discarded */
};

struct usb_port {
	UMockdevTestbed *testbed;
	UMockdevIoctlBase *handler;
	struct usb_function *device;
	unsigned int number;
	unsigned int address; /* on the bus, new with each plug as with a real hub */
	const char *serial;
	char *node, *device_path, *interface_path;
	GQueue urbs;                      /* struct urb, oldest first */
	bool plugged;                     /* transfers work */
	bool present;                     /* the kernel has told of it */
	bool kernel_driver;               /* has the interface */
	const UMockdevIoctlClient *owner; /* of the interface, to compare; NULL: nobody */
	uint32_t halted;                  /* endpoints, one bit each */
	struct usb_faults faults;
	unsigned int empty_reaps; /* in a row */
};

/*
 * As the kernel does it before anything that concerns the interface: 0, or EBUSY when somebody else
 * has it. Whoever did not claim it has claimed it by that.
 */
int usb_port_check(struct usb_port *port, const UMockdevIoctlClient *client);

/* USBDEVFS_SUBMITURB, _REAPURB and _DISCARDURB */
void transfers_submit(struct usb_port *port, UMockdevIoctlClient *client);
void transfers_reap(struct usb_port *port, UMockdevIoctlClient *client);
void transfers_discard(struct usb_port *port, UMockdevIoctlClient *client);

/* Forgets those of a program that has gone; NULL: all. */
void transfers_forget(struct usb_port *port, const UMockdevIoctlClient *client);
/* Ends all with a negative errno. */
void transfers_end(struct usb_port *port, int status);

void transfers_clear_halt(struct usb_port *port, uint8_t endpoint);

#endif
