/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command and its answer over USB, in the way of one kind of key (gm-keys 2.6). */
#ifndef IFD_EXCHANGE_H
#define IFD_EXCHANGE_H

#include "drivers/ifd/frame.h"
#include "drivers/ifd/usb.h"

/* A whole exchange takes no longer than so many times the patience for the first byte. */
#define EXCHANGE_ALL 2
/* The first byte of an answer may take its time (patience.h); everything else follows at once. */
#define EXCHANGE_NEXT_MS 2000

struct exchange {
	struct usb_key *usb;
	int answer_ms;  /* patience for the first byte of an answer */
	int64_t end_ms; /* when the exchange under way is given up, whatever still comes */
	uint32_t count; /* of commands, or of transfers where those are counted */
	uint8_t stream[HID_STREAM_MAX];
	uint8_t answer[HID_STREAM_MAX];
};

/*
 * The exchange that begins now may take so long altogether: a key that sends a little again and
 * again keeps no program waiting for ever.
 */
void exchange_begin(struct exchange *exchange, int all_ms);
/* The patience for one transfer, at most most_ms and at least 1; UK_E_TIMEOUT when it is used up.
 */
UK_CHECKED enum uk_status exchange_patience(const struct exchange *exchange, int most_ms,
					    int *ret_ms);
/* usb_key_write and usb_key_read with that. */
UK_CHECKED enum uk_status exchange_write(const struct exchange *exchange, struct uk_span bytes);
UK_CHECKED enum uk_status exchange_read(const struct exchange *exchange, struct uk_writer *in,
					int most_ms);

struct exchange_kind {
	enum usb_kind usb;
	/* Longest data field of a command, and of an answer's Le. */
	uint32_t max_data;
	/*
	 * The answer borrows from the exchange until the next call.  UK_E_DATA_LEN: this command is
	 * too long, nothing was sent.  After any other failure only recover may follow.  A command
	 * is never sent twice.
	 */
	enum uk_status (*run)(struct exchange *exchange, struct uk_span command,
			      struct uk_span *ret_answer);
	/* Ends what was under way, so that the next answer belongs to the next command. */
	enum uk_status (*recover)(struct exchange *exchange);
};

/* GM3000: HID reports of 64 bytes. */
extern const struct exchange_kind exchange_hid;
/* GMCAPIDFS: two vendor commands of the bulk-only transport. */
extern const struct exchange_kind exchange_storage;

#endif
