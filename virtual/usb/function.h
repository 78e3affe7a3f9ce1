/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a USB device is behind its port: descriptors, requests, endpoints.  Knows nothing of how USB
 * transfers get here, nor of who answers the commands.
 */
#ifndef VIRTUAL_USB_FUNCTION_H
#define VIRTUAL_USB_FUNCTION_H

#include "common/bytes.h"

#define USB_SERIAL_MAX 16
#define USB_CONFIG_MAX 128

/* Known to nobody: numbers that are set aside for private testing; the products are ours. */
#define USB_VENDOR          0x1209u
#define USB_PRODUCT_CCID    0x0001u
#define USB_PRODUCT_HID     0x0002u
#define USB_PRODUCT_STORAGE 0x0003u
#define USB_PRODUCT_RESET   0x0004u /* HID; a reset of the bus ends its login */
#define USB_PRODUCT_KEEP    0x0005u /* HID; nothing but pulling it does */
#define USB_PRODUCT_UNKNOWN 0x00ffu /* HID; in nobody's list */

/* Who answers; power_on (with the ATR) and command are answered once each, at once or later. */
struct usb_key {
	void (*plugged)(void *data); /* it has power; not answered */
	void (*power_on)(void *data);
	void (*command)(void *data, struct uk_span apdu);
	void (*power_off)(void *data); /* not answered */
};

/* What an IN endpoint has to say. */
enum usb_reply { USB_NOTHING_YET, USB_DATA, USB_STALL };

/* The eight setup bytes of a control transfer (USB 2.0, 9.3). */
struct usb_setup {
	uint8_t type, request;
	uint16_t value, index, length;
};

struct usb_function;

struct usb_kind {
	const char *name;
	uint16_t product;
	uint8_t interface_class, interface_subclass, interface_protocol;
	const char *interface; /* its text */
	const char *driver;    /* the kernel's, which has the interface first; or NULL */
	unsigned int variant;  /* of the kind, as its own file says */
	bool reset_ends_login; /* a reset of the bus is to it as if it were plugged in anew */

	/* NULL: out of memory. */
	struct usb_function *(*create)(void);
	/* As just plugged in, or after a reset of the bus. */
	void (*reset)(struct usb_function *function);
	void (*put_config_descriptor)(const struct usb_function *function, struct uk_writer *out);
	/* Class and interface requests; data is what the host sends. False: stall. */
	bool (*control)(struct usb_function *function, const struct usb_setup *setup,
			struct uk_span data, struct uk_writer *out);
	/* Bytes for an OUT endpoint. False: stall. */
	bool (*out)(struct usb_function *function, uint8_t endpoint, struct uk_span bytes);
	enum usb_reply (*in)(struct usb_function *function, uint8_t endpoint,
			     struct uk_writer *out);
	void (*key_answered)(struct usb_function *function, struct uk_span answer);
	/* Each second; may be NULL. */
	void (*tick)(struct usb_function *function);
};

/* The first member of each kind's own. */
struct usb_function {
	const struct usb_kind *kind;
	const struct usb_key *key;
	void *data; /* the key's */
	char serial[USB_SERIAL_MAX + 1];
};

extern const struct usb_kind usb_ccid, usb_ccid_short;    /* ccid.c */
extern const struct usb_kind usb_hid, usb_hid_set_report; /* hid.c */
extern const struct usb_kind usb_hid_reset, usb_hid_keep, usb_hid_unknown;
extern const struct usb_kind usb_storage; /* storage.c */

/* NULL when there is none of that name. */
const struct usb_kind *usb_kind_find(const char *name);

/* serial: at most USB_SERIAL_MAX ASCII characters. NULL: out of memory. */
struct usb_function *usb_function_new(const struct usb_kind *kind, const char *serial,
				      const struct usb_key *key, void *data);
void usb_function_free(struct usb_function *function);

void usb_put_device_descriptor(const struct usb_function *function, struct uk_writer *out);

/*
 * A control transfer: the setup bytes, what the host sends; what to send goes to out. Answers the
 * standard requests, asks the kind for the others. False: stall.
 */
UK_CHECKED bool usb_control(struct usb_function *function, struct uk_span setup,
			    struct uk_span data, struct uk_writer *out);

/* Says on stderr what the host did wrong: whoever tests a driver reads it there. */
void usb_complain(const struct usb_function *function, const char *what);

#endif
