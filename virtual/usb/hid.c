/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key that is a HID device with vendor-defined reports, as the GM3000 is (gm-keys 2.6): 64 bytes
 * each way, no report number. How commands lie in reports is written down here from the facts and
 * from nothing else, so that a driver can be wrong.
 */
#include "virtual/usb/function.h"

#include <stdlib.h>
#include <string.h>

/* Numbers of our own choice, on purpose not the usual ones: a driver reads the descriptors. */
#define EP_IN  0x82
#define EP_OUT 0x03

#define REPORT_LEN 64
#define BODY_MAX   63 /* after the tag */
#define TAG_FIRST  0x80
#define TAG_LAST   0x40
#define TAG_COUNT  0x3f

/* Of the stream to the key: command block 16, length 3 (LE), sequence number 1, then the payload.
 */
#define BLOCK_LEN    16
#define HEADER_LEN   20
#define PAYLOAD_HEAD 3 /* 12 ‖ length, two bytes, big-endian */
#define PAYLOAD_TAG  0x12
#define APDU_MAX     65544
#define STREAM_MAX   (HEADER_LEN + PAYLOAD_HEAD + APDU_MAX)

/* HID 1.11: 7.1, 7.2, 6.2.1 */
#define GET_DESCRIPTOR    0x06
#define DESCRIPTOR_HID    0x21
#define DESCRIPTOR_REPORT 0x22
#define SET_REPORT        0x09
#define SET_IDLE          0x0a
#define OUTPUT_REPORT     0x0200 /* type 2, number 0 */

/* usb_kind.variant */
enum { WITH_OUT_ENDPOINT, BY_SET_REPORT };

struct hid {
	struct usb_function base;
	bool receiving, busy;
	uint8_t sequence; /* of the command that is being worked on */
	size_t len, at;   /* of the answer: all, and sent */
	size_t stream_len;
	uint8_t stream[STREAM_MAX];
	uint8_t answer[STREAM_MAX];
};

/* Usage page FFA0; one input and one output report of 64 bytes. */
static const uint8_t report_descriptor[] = {
	0x06, 0xa0, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x02, 0x15, 0x00, 0x26,
	0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02, 0x09, 0x03, 0x15, 0x00,
	0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xc0,
};

static const uint8_t hid_descriptor[] = {
	9, DESCRIPTOR_HID, 0x11, 0x01, 0, 1, DESCRIPTOR_REPORT, sizeof(report_descriptor), 0,
};

static struct hid *
hid_of(struct usb_function *function)
{
	return (struct hid *)function;
}

static struct usb_function *
hid_create(void)
{
	struct hid *hid = calloc(1, sizeof(*hid));

	return hid == NULL ? NULL : &hid->base;
}

static void
hid_reset(struct usb_function *function)
{
	struct hid *hid = hid_of(function);

	hid->receiving = hid->busy = false;
	hid->len = hid->at = hid->stream_len = 0;
}

static void
put_config_descriptor(const struct usb_function *function, struct uk_writer *out)
{
	const bool with_out = function->kind->variant == WITH_OUT_ENDPOINT;
	const uint8_t len = with_out ? 41 : 34, endpoints = with_out ? 2 : 1;
	const uint8_t head[] = {
		9, 2, len, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, endpoints, 3, 0, 0, 4,
	};
	static const uint8_t in[] = {7, 5, EP_IN, 3, REPORT_LEN, 0, 1};
	static const uint8_t to_key[] = {7, 5, EP_OUT, 3, REPORT_LEN, 0, 1};

	uk_put(out, uk_span_of(head, sizeof(head)));
	uk_put(out, uk_span_of(hid_descriptor, sizeof(hid_descriptor)));
	uk_put(out, uk_span_of(in, sizeof(in)));
	if (with_out)
		uk_put(out, uk_span_of(to_key, sizeof(to_key)));
}

/* ---- from the host ---- */

static bool
block_is_send(struct uk_span block)
{
	static const uint8_t send[BLOCK_LEN] = {0xfe, 0x01};

	return uk_span_equal(block, uk_span_of(send, sizeof(send)));
}

/* False: not what a key of this framing understands; it says nothing then. */
static bool
run_stream(struct hid *hid)
{
	struct uk_span in = uk_span_of(hid->stream, hid->stream_len), block;
	uint16_t length_low, apdu_len;
	uint8_t length_high, tag;

	if (!uk_take(&in, BLOCK_LEN, &block) || !block_is_send(block) ||
	    !uk_take_u16(&in, UK_LITTLE_ENDIAN, &length_low) || !uk_take_u8(&in, &length_high) ||
	    !uk_take_u8(&in, &hid->sequence) ||
	    in.len != ((size_t)length_high << 16 | length_low) || !uk_take_u8(&in, &tag) ||
	    tag != PAYLOAD_TAG || !uk_take_u16(&in, UK_BIG_ENDIAN, &apdu_len) || apdu_len != in.len)
		return false;
	hid->busy = true;
	hid->base.key->command(hid->base.data, in);
	return true;
}

/* One report: tag ‖ up to 63 bytes, as many as the tag says. */
static bool
take_report(struct hid *hid, struct uk_span report)
{
	uint8_t tag = 0;
	struct uk_span body;

	if (report.len != REPORT_LEN || !uk_take_u8(&report, &tag) ||
	    !uk_take(&report, tag & TAG_COUNT, &body))
		return false;
	if ((tag & TAG_FIRST) != 0) {
		hid->stream_len = 0;
		hid->receiving = true;
	}
	if (!hid->receiving || hid->busy || ((tag & TAG_LAST) == 0 && body.len != BODY_MAX) ||
	    hid->stream_len + body.len > sizeof(hid->stream))
		return false;
	memcpy(hid->stream + hid->stream_len, body.ptr, body.len);
	hid->stream_len += body.len;
	if ((tag & TAG_LAST) == 0)
		return true;
	hid->receiving = false;
	hid->len = hid->at = 0; /* what the host did not fetch is lost */
	return run_stream(hid);
}

static void
take_report_or_complain(struct hid *hid, struct uk_span report)
{
	if (take_report(hid, report))
		return;
	hid->receiving = false;
	usb_complain(&hid->base, "a report that is none");
}

static bool
hid_out(struct usb_function *function, uint8_t endpoint, struct uk_span bytes)
{
	if (endpoint != EP_OUT || function->kind->variant != WITH_OUT_ENDPOINT)
		return false;
	take_report_or_complain(hid_of(function), bytes);
	return true;
}

static bool
hid_control(struct usb_function *function, const struct usb_setup *setup, struct uk_span data,
	    struct uk_writer *out)
{
	if (setup->type == 0x81 && setup->request == GET_DESCRIPTOR) {
		if (setup->value == DESCRIPTOR_REPORT << 8)
			uk_put(out, uk_span_of(report_descriptor, sizeof(report_descriptor)));
		else if (setup->value == DESCRIPTOR_HID << 8)
			uk_put(out, uk_span_of(hid_descriptor, sizeof(hid_descriptor)));
		return out->len > 0;
	}
	if (setup->type == 0x21 && setup->request == SET_IDLE)
		return true;
	if (setup->type != 0x21 || setup->request != SET_REPORT || setup->value != OUTPUT_REPORT)
		return false;
	take_report_or_complain(hid_of(function), data);
	return true;
}

/* ---- to the host ---- */

static enum usb_reply
hid_in(struct usb_function *function, uint8_t endpoint, struct uk_writer *out)
{
	struct hid *hid = hid_of(function);
	size_t left = hid->len - hid->at, part = left < BODY_MAX ? left : BODY_MAX;
	uint8_t tag = (uint8_t)part;

	if (endpoint != EP_IN)
		return USB_STALL;
	if (left == 0)
		return USB_NOTHING_YET;
	tag |= hid->at == 0 ? TAG_FIRST : 0;
	tag |= part == left ? TAG_LAST : 0;
	uk_put_u8(out, tag);
	uk_put(out, uk_span_of(hid->answer + hid->at, part));
	uk_put_fill(out, 0, BODY_MAX - part);
	hid->at += part;
	return USB_DATA;
}

/* AA AA ‖ length (LE, three more than is right, as seen on a GM3000) ‖ 00… ‖ sequence ‖ payload */
static void
hid_key_answered(struct usb_function *function, struct uk_span answer)
{
	struct hid *hid = hid_of(function);
	struct uk_writer out = uk_writer_of(hid->answer, sizeof(hid->answer));

	if (!hid->busy)
		return;
	hid->busy = false;
	if (answer.len == 0)
		return;
	uk_put_fill(&out, 0xaa, 2);
	uk_put_u16(&out, UK_LITTLE_ENDIAN, (uint16_t)(PAYLOAD_HEAD + answer.len));
	uk_put_fill(&out, 0, HEADER_LEN - 1 - 4);
	uk_put_u8(&out, hid->sequence);
	uk_put_u8(&out, PAYLOAD_TAG);
	uk_put_u16(&out, UK_BIG_ENDIAN, (uint16_t)answer.len);
	uk_put(&out, answer);
	hid->len = uk_writer_span(&out).len;
	hid->at = 0;
}

#define HID(NAME, PRODUCT, VARIANT)                                                             \
	.name = NAME, .product = PRODUCT, .interface_class = 3, .interface = "HID",             \
	.driver = "usbhid", .variant = VARIANT, .create = hid_create, .reset = hid_reset,       \
	.put_config_descriptor = put_config_descriptor, .control = hid_control, .out = hid_out, \
	.in = hid_in, .key_answered = hid_key_answered

const struct usb_kind usb_hid = {HID("hid", USB_PRODUCT_HID, WITH_OUT_ENDPOINT)};
const struct usb_kind usb_hid_set_report = {HID("hid-set-report", USB_PRODUCT_HID, BY_SET_REPORT)};
const struct usb_kind usb_hid_reset = {
	HID("hid-reset", USB_PRODUCT_RESET, WITH_OUT_ENDPOINT),
	.reset_ends_login = true,
};
const struct usb_kind usb_hid_keep = {HID("hid-keep", USB_PRODUCT_KEEP, WITH_OUT_ENDPOINT)};
const struct usb_kind usb_hid_unknown = {
	HID("hid-unknown", USB_PRODUCT_UNKNOWN, WITH_OUT_ENDPOINT)};
