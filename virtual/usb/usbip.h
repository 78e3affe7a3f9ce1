/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The USB/IP protocol, version 1.1.1 (the kernel's Documentation/usb/usbip_protocol.rst): what a
 * kernel with vhci_hcd asks and what it is answered. No I/O. All numbers are big-endian.
 */
#ifndef VIRTUAL_USB_USBIP_H
#define VIRTUAL_USB_USBIP_H

#include "common/bytes.h"

#define USBIP_BUS_ID_LEN 32
#define USBIP_HEADER_LEN 48
#define USBIP_DEVICE_LEN 312
#define USBIP_SETUP_LEN  8
/* More in one transfer is nobody's key: usb-storage asks for 120 KiB at most, libusb for 16. */
#define USBIP_TRANSFER_MAX (256u * 1024)

enum usbip_taken {
	USBIP_MORE,  /* is needed; nothing was taken */
	USBIP_TAKEN, /* one; in is behind it */
	USBIP_BAD,   /* not this protocol: hang up */
};

/* Before a device is imported. */
enum usbip_operation { USBIP_LIST = 0x8005, USBIP_IMPORT = 0x8003 };

struct usbip_request {
	enum usbip_operation operation;
	char bus_id[USBIP_BUS_ID_LEN]; /* of USBIP_IMPORT; ends with a zero */
};

enum usbip_taken usbip_take_request(struct uk_span *in, struct usbip_request *ret);

/* How an operation went. */
enum usbip_result { USBIP_OK = 0, USBIP_BUSY = 2, USBIP_NO_DEVICE = 4 };

/* enum usb_device_speed */
enum usbip_speed { USBIP_FULL_SPEED = 2 };

struct usbip_device {
	const char *bus_id;
	uint32_t bus, number;
	uint16_t vendor, product;
	uint8_t interface[3]; /* class, subclass, protocol of its only one */
};

void usbip_put_result(struct uk_writer *out, enum usbip_operation operation,
		      enum usbip_result result);
/* As in both answers; the list has the interface behind it, an import does not. */
void usbip_put_device(struct uk_writer *out, const struct usbip_device *device);
void usbip_put_interface(struct uk_writer *out, const struct usbip_device *device);

/* After it. */
enum usbip_kind { USBIP_SUBMIT = 1, USBIP_UNLINK = 2 };

struct usbip_command {
	enum usbip_kind kind;
	uint32_t sequence;
	/* of USBIP_SUBMIT */
	bool to_host;
	uint8_t endpoint;           /* without its direction */
	uint32_t length;            /* of the transfer */
	struct uk_span setup, data; /* in what was taken; data: if not to the host */
	/* of USBIP_UNLINK */
	uint32_t victim; /* the sequence number of the transfer to forget */
};

enum usbip_taken usbip_take_command(struct uk_span *in, struct usbip_command *ret);

/*
 * A transfer has ended: status is 0 or a negative errno as the kernel counts it, moved how many
 * bytes went either way. What goes to the host is written behind it.
 */
void usbip_put_submitted(struct uk_writer *out, uint32_t sequence, int32_t status, uint32_t moved);
/* status: -ECONNRESET when the transfer will not be answered any more, 0 when it has been. */
void usbip_put_unlinked(struct uk_writer *out, uint32_t sequence, int32_t status);

#endif
