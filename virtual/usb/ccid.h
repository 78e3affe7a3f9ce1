/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A USB key that is a CCID device (USB CCID 1.10): one slot whose card never leaves it.  Knows
 * nothing of how USB transfers get here, nor of who answers the commands.
 */
#ifndef VIRTUAL_USB_CCID_H
#define VIRTUAL_USB_CCID_H

#include "common/bytes.h"

/* Known to nobody: a number that is set aside for private testing. */
#define CCID_VENDOR  0x1209u
#define CCID_PRODUCT 0x0001u

#define CCID_EP_OUT       0x01
#define CCID_EP_IN        0x82
#define CCID_EP_INTERRUPT 0x83

#define CCID_DEVICE_DESC_LEN 18
#define CCID_CONFIG_DESC_LEN 93

/* How much of an APDU a message can take (dwFeatures, exchange level). */
enum ccid_level { CCID_EXTENDED, CCID_SHORT };

/* Who answers; each call is answered by one ccid_key_answered, at once or later. */
struct ccid_key {
	void (*power_on)(void *data); /* answered with the ATR */
	void (*command)(void *data, struct uk_span apdu);
	void (*power_off)(void *data); /* not answered */
};

struct ccid;

/* serial: at most 16 ASCII characters. NULL: out of memory. */
struct ccid *ccid_new(enum ccid_level level, const char *serial, const struct ccid_key *key,
		      void *data);
void ccid_free(struct ccid *ccid);

/* As just plugged in. */
void ccid_reset(struct ccid *ccid);

void ccid_put_device_descriptor(struct uk_writer *out);
void ccid_put_config_descriptor(const struct ccid *ccid, struct uk_writer *out);

/* A control transfer: the eight setup bytes; what to send goes to out. False: stall. */
UK_CHECKED bool ccid_control(const struct ccid *ccid, struct uk_span setup, struct uk_writer *out);

/* Bytes for the bulk out endpoint. False: stall. */
UK_CHECKED bool ccid_bulk_out(struct ccid *ccid, struct uk_span bytes);

/* What the bulk in or interrupt endpoint has to say. False: nothing yet. */
UK_CHECKED bool ccid_bulk_in(struct ccid *ccid, struct uk_writer *out);
UK_CHECKED bool ccid_interrupt_in(struct ccid *ccid, struct uk_writer *out);

void ccid_key_answered(struct ccid *ccid, struct uk_span answer);

/* Tells the host that the key still works on its command, if it does. */
void ccid_ask_for_time(struct ccid *ccid);

#endif
