/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes wrong with one transfer of a USB port, on demand. */
#ifndef VIRTUAL_USB_FAULTS_H
#define VIRTUAL_USB_FAULTS_H

#include "common/bytes.h"

enum usb_fault_action {
	USB_FAULT_NONE,
	USB_FAULT_STATUS, /* ends with an error of the bus, the bytes are lost */
	USB_FAULT_HALT,   /* the endpoint stalls until it is cleared; an IN keeps its bytes */
	USB_FAULT_HANG,   /* never ends by itself; the bytes are lost */
	USB_FAULT_UNPLUG, /* the key is pulled at that transfer */
	USB_FAULT_SHORT,  /* ends after as many bytes as the argument says */
	USB_FAULT_FLIP,   /* the byte at that place arrives with all bits turned round */
	USB_FAULT_LOSE,   /* ends well, but nobody gets the bytes: an IN is empty */
	USB_FAULT_DRIP,  /* from there on the host gets 64 bytes that begin with 3f, now and then */
	USB_FAULT_NOISE, /* an IN brings something else, by the argument as a seed */
};

struct usb_faults {
	unsigned long transfers; /* since the port was told something, without control transfers */
	unsigned long answers;   /* of these, those to the host */
	unsigned long at; /* the one that goes wrong, from 1; 0: none; of answers for NOISE */
	enum usb_fault_action action;
	int status; /* a negative errno, as the kernel gives it to usbdevfs */
	size_t argument;
};

/* "AT KIND [ARGUMENT]", e.g. "3 short 10"; counting begins anew. False: no such thing. */
UK_CHECKED bool usb_faults_arm(struct usb_faults *faults, const char *line);

/* Counts a transfer that moves bytes, and says what goes wrong with it. */
enum usb_fault_action usb_faults_next(struct usb_faults *faults, bool answer);

/* Does SHORT and FLIP to bytes that are on their way; returns how many are left. */
size_t usb_faults_spoil(const struct usb_faults *faults, uint8_t *bytes, size_t len);

/* Does NOISE to an answer of so many bytes, in a buffer with more room; returns the new length. */
size_t usb_faults_noise(const struct usb_faults *faults, uint8_t *bytes, size_t len, size_t room);

#endif
