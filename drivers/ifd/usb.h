/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key's USB interface, by libusb: taken from the kernel's driver while it is open, given back at
 * the end.  One thread at a time.  Whatever a call says, UK_E_REMOVED means that the key is gone.
 */
#ifndef IFD_USB_H
#define IFD_USB_H

#include "common/bytes.h"
#include "common/status.h"

#include <stdbool.h>

/* Where pcscd found a device, and what it must be. */
struct usb_place {
	unsigned int bus, address, interface;
	uint16_t vendor, product;
};

enum usb_kind { USB_HID, USB_STORAGE };

struct usb_key;

/*
 * UK_E_REMOVED: no such device is there any more; UK_E_NOT_SUPPORTED: that interface is not of this
 * kind; UK_E_BUSY: another program holds it.
 */
UK_CHECKED enum uk_status usb_key_open(const struct usb_place *place, enum usb_kind kind,
				       struct usb_key **ret);
void usb_key_close(struct usb_key *key);
/*
 * Whether nobody had the interface when it was opened. The kernel's driver has that of a key just
 * plugged in; a program that ended without giving it back leaves it like this.
 */
UK_CHECKED bool usb_key_was_free(const struct usb_key *key);
/*
 * Takes it from the kernel's driver again: a computer that slept may have given it back without
 * saying so.  As usb_key_open; after a failure every call fails until this one succeeds.
 */
UK_CHECKED enum uk_status usb_key_reopen(struct usb_key *key);

/*
 * To the interface's OUT endpoint; a HID interface without one gets a SET_REPORT.
 * UK_E_TIMEOUT; UK_E_REPLY: stalled, or another error of the bus.
 */
UK_CHECKED enum uk_status usb_key_write(struct usb_key *key, struct uk_span bytes, int timeout_ms);
/* One transfer from the IN endpoint, shorter than the room when the device ends it. */
UK_CHECKED enum uk_status usb_key_read(struct usb_key *key, struct uk_writer *out, int timeout_ms);

/* Clears a stall of both endpoints. */
UK_CHECKED enum uk_status usb_key_unstall(struct usb_key *key);
/* "Bulk-only mass storage reset" and what must follow it (bulk-only transport, 5.3.4). */
UK_CHECKED enum uk_status usb_key_storage_reset(struct usb_key *key);
/* Resets the port; the key forgets every login. */
UK_CHECKED enum uk_status usb_key_port_reset(struct usb_key *key);

#endif
