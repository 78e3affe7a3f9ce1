/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key that is a CCID device (USB CCID 1.10): one slot whose card never leaves it.
 */
#include "virtual/usb/function.h"

#include <stdlib.h>

#define EP_OUT       0x01
#define EP_IN        0x82
#define EP_INTERRUPT 0x83

#define CONFIG_LEN  93
#define HEADER_LEN  10
#define MESSAGE_MAX (HEADER_LEN + 65544)

/* Messages, CCID 6.1 and 6.2 */
#define PC_SET_PARAMETERS   0x61
#define PC_POWER_ON         0x62
#define PC_POWER_OFF        0x63
#define PC_SLOT_STATUS      0x65
#define PC_GET_PARAMETERS   0x6c
#define PC_RESET_PARAMETERS 0x6d
#define PC_XFR_BLOCK        0x6f
#define PC_ABORT            0x72
#define RDR_DATA_BLOCK      0x80
#define RDR_SLOT_STATUS     0x81
#define RDR_PARAMETERS      0x82
#define RDR_SLOT_CHANGE     0x50

/* bStatus: card state in bits 0-1, outcome in bits 6-7 (CCID 6.2.6) */
#define ICC_ACTIVE        0x00
#define ICC_INACTIVE      0x01
#define COMMAND_FAILED    0x40
#define COMMAND_MORE_TIME 0x80

/* bError */
#define ERROR_UNSUPPORTED 0x00
#define ERROR_BUSY        0xe0
#define ERROR_MUTE        0xfe

/* usb_kind.variant: how much of an APDU a message can take (dwFeatures, exchange level) */
enum { CCID_EXTENDED, CCID_SHORT };

struct ccid {
	struct usb_function base;
	bool powered;
	bool announce; /* the interrupt endpoint has not told of the card yet */
	uint8_t busy;  /* the message the key works on, or 0 */
	uint8_t busy_seq;
	uint8_t seq;          /* of the message being answered */
	size_t out_len;       /* from the host, so far */
	size_t in_len, in_at; /* to the host: all, and sent */
	uint8_t out[MESSAGE_MAX];
	uint8_t in[MESSAGE_MAX];
};

static const struct {
	uint32_t features; /* automatic everything, and the exchange level */
	uint32_t max_message;
} levels[] = {
	[CCID_EXTENDED] = {0x000404fe, MESSAGE_MAX},
	[CCID_SHORT] = {0x000204fe, 271},
};

static struct ccid *
ccid_of(struct usb_function *function)
{
	return (struct ccid *)function;
}

static uint32_t
message_max(const struct ccid *ccid)
{
	return levels[ccid->base.kind->variant].max_message;
}

static struct usb_function *
ccid_create(void)
{
	struct ccid *ccid = calloc(1, sizeof(*ccid));

	return ccid == NULL ? NULL : &ccid->base;
}

static void
ccid_reset(struct usb_function *function)
{
	struct ccid *ccid = ccid_of(function);

	ccid->powered = false;
	ccid->announce = true;
	ccid->busy = 0;
	ccid->out_len = ccid->in_len = ccid->in_at = 0;
}

/* ---- descriptors ---- */

static void
put_bytes(struct uk_writer *out, const uint8_t *bytes, size_t len)
{
	uk_put(out, uk_span_of(bytes, len));
}

/* Configuration, interface, CCID class (5.1) and three endpoint descriptors. */
static void
put_config_descriptor(const struct usb_function *function, struct uk_writer *out)
{
	static const uint8_t before[] = {
		9,    2,    CONFIG_LEN, 0,  1,    1,    0,    0xa0, 50,   9,    4, 0, 0, 3, 0x0b,
		0,    0,    4,          54, 0x21, 0x10, 0x01, 0,    0x07, 0x02, 0, 0, 0, /* T=1 */
		0xa0, 0x0f, 0,          0,  0xa0, 0x0f, 0,    0,    0, /* clocks */
		0x00, 0x2a, 0,          0,  0x00, 0x2a, 0,    0,    0, /* data rates */
		0xfe, 0,    0,          0,                             /* dwMaxIFSD */
		0,    0,    0,          0,  0,    0,    0,    0,
	};
	static const uint8_t after[] = {
		0xff, 0xff,  0, 0,  0, 1, 7, 5, EP_OUT,       2, 64, 0, 0, 7,
		5,    EP_IN, 2, 64, 0, 0, 7, 5, EP_INTERRUPT, 3, 8,  0, 8,
	};

	put_bytes(out, before, sizeof(before));
	uk_put_u32(out, UK_LITTLE_ENDIAN, levels[function->kind->variant].features);
	uk_put_u32(out, UK_LITTLE_ENDIAN, levels[function->kind->variant].max_message);
	put_bytes(out, after, sizeof(after));
}

static bool
ccid_control(struct usb_function *function, const struct usb_setup *setup, struct uk_span data,
	     struct uk_writer *out)
{
	return setup->type == 0x21 && setup->request == 0x01; /* ABORT */
}

/* ---- messages ---- */

struct answer {
	uint8_t type;   /* RDR_... */
	uint8_t status; /* without the card's state */
	uint8_t error;
	uint8_t last; /* the tenth byte: chaining, clock, or protocol */
	struct uk_span data;
};

static void
send_answer(struct ccid *ccid, const struct answer *answer)
{
	struct uk_writer out = uk_writer_of(ccid->in, sizeof(ccid->in));

	uk_put_u8(&out, answer->type);
	uk_put_u32(&out, UK_LITTLE_ENDIAN, (uint32_t)answer->data.len);
	uk_put_u8(&out, 0); /* slot */
	uk_put_u8(&out, ccid->seq);
	uk_put_u8(&out, answer->status | (ccid->powered ? ICC_ACTIVE : ICC_INACTIVE));
	uk_put_u8(&out, answer->error);
	uk_put_u8(&out, answer->last);
	uk_put(&out, answer->data);
	ccid->in_len = uk_writer_span(&out).len;
	ccid->in_at = 0;
}

static void
send_status(struct ccid *ccid, uint8_t type, uint8_t status, uint8_t error)
{
	const struct answer answer = {.type = type, .status = status, .error = error};

	send_answer(ccid, &answer);
}

static void
begin_work(struct ccid *ccid, uint8_t message)
{
	ccid->busy = message;
	ccid->busy_seq = ccid->seq;
}

static void
on_power_on(struct ccid *ccid, struct uk_span data)
{
	begin_work(ccid, PC_POWER_ON);
	ccid->base.key->power_on(ccid->base.data);
}

static void
on_power_off(struct ccid *ccid, struct uk_span data)
{
	ccid->powered = false;
	ccid->base.key->power_off(ccid->base.data);
	send_status(ccid, RDR_SLOT_STATUS, 0, 0);
}

static void
on_slot_status(struct ccid *ccid, struct uk_span data)
{
	send_status(ccid, RDR_SLOT_STATUS, 0, 0);
}

static void
on_parameters(struct ccid *ccid, struct uk_span data)
{
	static const uint8_t t1[] = {0x11, 0x10, 0x00, 0x4d, 0x00, 0xfe, 0x00};
	const struct answer answer = {.type = RDR_PARAMETERS, .last = 1, .data = {t1, sizeof(t1)}};

	send_answer(ccid, &answer);
}

static void
on_xfr_block(struct ccid *ccid, struct uk_span data)
{
	if (!ccid->powered) {
		send_status(ccid, RDR_DATA_BLOCK, COMMAND_FAILED, ERROR_MUTE);
		return;
	}
	begin_work(ccid, PC_XFR_BLOCK);
	ccid->base.key->command(ccid->base.data, data);
}

static const struct {
	uint8_t type;
	void (*run)(struct ccid *ccid, struct uk_span data);
} messages[] = {
	{PC_SET_PARAMETERS, on_parameters}, {PC_POWER_ON, on_power_on},
	{PC_POWER_OFF, on_power_off},       {PC_SLOT_STATUS, on_slot_status},
	{PC_GET_PARAMETERS, on_parameters}, {PC_RESET_PARAMETERS, on_parameters},
	{PC_XFR_BLOCK, on_xfr_block},       {PC_ABORT, on_slot_status},
};

static void
run_message(struct ccid *ccid, uint8_t type, struct uk_span data)
{
	if (ccid->busy != 0 && type != PC_ABORT) {
		send_status(ccid, RDR_SLOT_STATUS, COMMAND_FAILED, ERROR_BUSY);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		if (messages[i].type != type)
			continue;
		messages[i].run(ccid, data);
		return;
	}
	send_status(ccid, RDR_SLOT_STATUS, COMMAND_FAILED, ERROR_UNSUPPORTED);
}

static bool
bulk_out(struct ccid *ccid, struct uk_span bytes)
{
	struct uk_writer out = uk_writer_of(ccid->out, message_max(ccid));
	struct uk_span message, parameters;
	uint32_t len;
	uint8_t type, slot, seq;

	out.len = ccid->out_len;
	uk_put(&out, bytes);
	message = uk_writer_span(&out);
	ccid->out_len = 0;
	if (out.overflow)
		return false;
	if (message.len < HEADER_LEN) {
		ccid->out_len = message.len;
		return true;
	}
	if (!uk_take_u8(&message, &type) || !uk_take_u32(&message, UK_LITTLE_ENDIAN, &len) ||
	    !uk_take_u8(&message, &slot) || !uk_take_u8(&message, &seq) ||
	    !uk_take(&message, 3, &parameters))
		return false;
	if (message.len < len) {
		ccid->out_len = out.len;
		return true;
	}
	ccid->seq = seq;
	run_message(ccid, type, (struct uk_span){message.ptr, len});
	return true;
}

static bool
ccid_out(struct usb_function *function, uint8_t endpoint, struct uk_span bytes)
{
	return endpoint == EP_OUT && bulk_out(ccid_of(function), bytes);
}

static enum usb_reply
bulk_in(struct ccid *ccid, struct uk_writer *out)
{
	size_t left = ccid->in_len - ccid->in_at, room = out->cap - out->len;
	size_t part = left < room ? left : room;

	if (left == 0)
		return USB_NOTHING_YET;
	uk_put(out, uk_span_of(ccid->in + ccid->in_at, part));
	ccid->in_at += part;
	return USB_DATA;
}

static enum usb_reply
interrupt_in(struct ccid *ccid, struct uk_writer *out)
{
	static const uint8_t card_present[] = {RDR_SLOT_CHANGE, 0x03};

	if (!ccid->announce)
		return USB_NOTHING_YET;
	ccid->announce = false;
	put_bytes(out, card_present, sizeof(card_present));
	return USB_DATA;
}

static enum usb_reply
ccid_in(struct usb_function *function, uint8_t endpoint, struct uk_writer *out)
{
	struct ccid *ccid = ccid_of(function);

	if (endpoint == EP_IN)
		return bulk_in(ccid, out);
	return endpoint == EP_INTERRUPT ? interrupt_in(ccid, out) : USB_STALL;
}

static void
ccid_key_answered(struct usb_function *function, struct uk_span data)
{
	const struct answer answer = {.type = RDR_DATA_BLOCK, .data = data};
	struct ccid *ccid = ccid_of(function);

	if (ccid->busy == 0)
		return;
	ccid->seq = ccid->busy_seq;
	if (ccid->busy == PC_POWER_ON)
		ccid->powered = data.len > 0;
	ccid->busy = 0;
	if (data.len == 0 || data.len > message_max(ccid) - HEADER_LEN)
		send_status(ccid, RDR_DATA_BLOCK, COMMAND_FAILED, ERROR_MUTE);
	else
		send_answer(ccid, &answer);
}

/* Tells the host that the key still works on its command, if it does. */
static void
ask_for_time(struct usb_function *function)
{
	struct ccid *ccid = ccid_of(function);

	if (ccid->busy == 0 || ccid->in_at < ccid->in_len)
		return;
	ccid->seq = ccid->busy_seq;
	send_status(ccid, RDR_DATA_BLOCK, COMMAND_MORE_TIME, 1);
}

#define CCID(NAME, VARIANT)                                                                       \
	.name = NAME, .product = USB_PRODUCT_CCID, .interface_class = 0x0b, .interface = "CCID",  \
	.variant = VARIANT, .create = ccid_create, .reset = ccid_reset,                           \
	.put_config_descriptor = put_config_descriptor, .control = ccid_control, .out = ccid_out, \
	.in = ccid_in, .key_answered = ccid_key_answered, .tick = ask_for_time

const struct usb_kind usb_ccid = {CCID("ccid", CCID_EXTENDED)};
const struct usb_kind usb_ccid_short = {CCID("ccid-short", CCID_SHORT)};
