/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/usb/usbip.h"

#include <string.h>

#define VERSION 0x0111
/* enum usbip_kind, of an answer */
#define ANSWER       2
#define TO_HOST      1
#define ENDPOINT_MAX 15
#define NO_PACKETS   UINT32_MAX /* as does 0: not isochronous */
#define PATH_LEN     256

/* ---- operations ---- */

enum usbip_taken
usbip_take_request(struct uk_span *in, struct usbip_request *ret)
{
	struct usbip_request request = {0};
	struct uk_span rest = *in, bus_id;
	uint16_t version, operation;
	uint32_t status;

	if (!uk_take_u16(&rest, UK_BIG_ENDIAN, &version) ||
	    !uk_take_u16(&rest, UK_BIG_ENDIAN, &operation) ||
	    !uk_take_u32(&rest, UK_BIG_ENDIAN, &status))
		return USBIP_MORE;
	if (version != VERSION || (operation != USBIP_LIST && operation != USBIP_IMPORT))
		return USBIP_BAD;
	request.operation = operation;
	if (operation == USBIP_IMPORT) {
		if (!uk_take(&rest, USBIP_BUS_ID_LEN, &bus_id))
			return USBIP_MORE;
		memcpy(request.bus_id, bus_id.ptr, USBIP_BUS_ID_LEN);
		if (memchr(request.bus_id, 0, USBIP_BUS_ID_LEN) == NULL)
			return USBIP_BAD;
	}
	*ret = request;
	*in = rest;
	return USBIP_TAKEN;
}

void
usbip_put_result(struct uk_writer *out, enum usbip_operation operation, enum usbip_result result)
{
	uk_put_u16(out, UK_BIG_ENDIAN, VERSION);
	uk_put_u16(out, UK_BIG_ENDIAN, (uint16_t)(operation & 0x7fff));
	uk_put_u32(out, UK_BIG_ENDIAN, (uint32_t)result);
}

static void
put_text(struct uk_writer *out, const char *text, size_t width)
{
	uk_put_padded(out, uk_span_str(text), width);
}

void
usbip_put_device(struct uk_writer *out, const struct usbip_device *device)
{
	/* Class, subclass, protocol: as the interface says. Configuration; how many there are of
	 * them, and of interfaces. */
	static const uint8_t tail[] = {0, 0, 0, 1, 1, 1};

	put_text(out, "/sys/devices/virtual/openukey", PATH_LEN);
	put_text(out, device->bus_id, USBIP_BUS_ID_LEN);
	uk_put_u32(out, UK_BIG_ENDIAN, device->bus);
	uk_put_u32(out, UK_BIG_ENDIAN, device->number);
	uk_put_u32(out, UK_BIG_ENDIAN, USBIP_FULL_SPEED);
	uk_put_u16(out, UK_BIG_ENDIAN, device->vendor);
	uk_put_u16(out, UK_BIG_ENDIAN, device->product);
	uk_put_u16(out, UK_BIG_ENDIAN, 0x0100);
	uk_put(out, uk_span_of(tail, sizeof(tail)));
}

void
usbip_put_interface(struct uk_writer *out, const struct usbip_device *device)
{
	uk_put(out, uk_span_of(device->interface, sizeof(device->interface)));
	uk_put_u8(out, 0);
}

/* ---- transfers ---- */

static enum usbip_taken
take_submit(struct uk_span head, struct uk_span *rest, struct usbip_command *command)
{
	uint32_t flags, first_frame, packets, interval;

	if (!uk_take_u32(&head, UK_BIG_ENDIAN, &flags) ||
	    !uk_take_u32(&head, UK_BIG_ENDIAN, &command->length) ||
	    !uk_take_u32(&head, UK_BIG_ENDIAN, &first_frame) ||
	    !uk_take_u32(&head, UK_BIG_ENDIAN, &packets) ||
	    !uk_take_u32(&head, UK_BIG_ENDIAN, &interval) ||
	    !uk_take(&head, USBIP_SETUP_LEN, &command->setup) ||
	    command->length > USBIP_TRANSFER_MAX || (packets != 0 && packets != NO_PACKETS))
		return USBIP_BAD;
	if (!command->to_host && !uk_take(rest, command->length, &command->data))
		return USBIP_MORE;
	return USBIP_TAKEN;
}

enum usbip_taken
usbip_take_command(struct uk_span *in, struct usbip_command *ret)
{
	struct uk_span rest = *in, head;
	struct usbip_command command = {0};
	uint32_t kind, device, direction, endpoint;
	enum usbip_taken taken = USBIP_TAKEN;

	if (!uk_take(&rest, USBIP_HEADER_LEN, &head))
		return USBIP_MORE;
	if (!uk_take_u32(&head, UK_BIG_ENDIAN, &kind) ||
	    !uk_take_u32(&head, UK_BIG_ENDIAN, &command.sequence) ||
	    !uk_take_u32(&head, UK_BIG_ENDIAN, &device) ||
	    !uk_take_u32(&head, UK_BIG_ENDIAN, &direction) ||
	    !uk_take_u32(&head, UK_BIG_ENDIAN, &endpoint) || direction > TO_HOST ||
	    endpoint > ENDPOINT_MAX || (kind != USBIP_SUBMIT && kind != USBIP_UNLINK))
		return USBIP_BAD;
	command.kind = kind;
	command.to_host = direction == TO_HOST;
	command.endpoint = (uint8_t)endpoint;
	if (kind == USBIP_SUBMIT)
		taken = take_submit(head, &rest, &command);
	else if (!uk_take_u32(&head, UK_BIG_ENDIAN, &command.victim))
		taken = USBIP_BAD;
	if (taken != USBIP_TAKEN)
		return taken;
	*ret = command;
	*in = rest;
	return USBIP_TAKEN;
}

/* The beginning of every answer; device, direction and endpoint are not said again. */
static void
put_head(struct uk_writer *out, enum usbip_kind kind, uint32_t sequence, int32_t status)
{
	uk_put_u32(out, UK_BIG_ENDIAN, (uint32_t)kind + ANSWER);
	uk_put_u32(out, UK_BIG_ENDIAN, sequence);
	uk_put_fill(out, 0, 12);
	uk_put_u32(out, UK_BIG_ENDIAN, (uint32_t)status);
}

void
usbip_put_submitted(struct uk_writer *out, uint32_t sequence, int32_t status, uint32_t moved)
{
	put_head(out, USBIP_SUBMIT, sequence, status);
	uk_put_u32(out, UK_BIG_ENDIAN, moved);
	uk_put_u32(out, UK_BIG_ENDIAN, 0);          /* first frame */
	uk_put_u32(out, UK_BIG_ENDIAN, NO_PACKETS); /* not isochronous */
	uk_put_fill(out, 0, 4 + 8);                 /* errors, padding */
}

void
usbip_put_unlinked(struct uk_writer *out, uint32_t sequence, int32_t status)
{
	put_head(out, USBIP_UNLINK, sequence, status);
	uk_put_fill(out, 0, 24);
}
