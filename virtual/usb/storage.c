/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key that is a mass-storage device: a CD-ROM to everybody, and commands in two SCSI commands of
 * its own (gm-keys 2.6) over the bulk-only transport (USB Mass Storage Class, Bulk-Only 1.0).
 * Written from those and from nothing else, so that a driver can be wrong.
 */
#include "virtual/usb/function.h"

#include <stdlib.h>
#include <string.h>

#define EP_OUT 0x01
#define EP_IN  0x81

/* Bulk-Only 5.1, 5.2, 3.1, 3.2 */
#define CBW_LEN       31
#define CBW_SIGNATURE 0x43425355u
#define CSW_LEN       13
#define CSW_SIGNATURE 0x53425355u
#define CSW_FAILED    1
#define BOT_RESET     0xff
#define GET_MAX_LUN   0xfe

#define PAYLOAD_HEAD 3 /* 12 ‖ length, two bytes, big-endian */
#define PAYLOAD_TAG  0x12
#define DATA_MAX     65560
#define BLOCK_LEN    2048 /* of the CD */
#define BLOCKS       64u

/* Sense keys and codes (SPC-4, 4.5) */
#define SENSE_NONE       0x000000u
#define SENSE_NO_COMMAND 0x052000u /* illegal request: invalid command */
#define SENSE_BAD_FIELD  0x052400u
#define SENSE_SEQUENCE   0x052c00u /* command sequence error */

enum phase {
	PHASE_COMMAND,
	PHASE_DATA_OUT,
	PHASE_WAIT, /* for the key, with the host's read already under way */
	PHASE_DATA_IN,
	PHASE_STALL_IN, /* less to send than was asked for: Bulk-Only 6.7.2 */
	PHASE_STATUS,
	PHASE_BROKEN, /* until reset recovery, 6.6.1 */
};

struct command {
	uint32_t tag, expected; /* expected: bytes of data, as the host says */
	bool to_host;
	uint8_t lun;
	struct uk_span block;
};

struct storage {
	struct usb_function base;
	enum phase phase;
	uint32_t tag, expected, moved, sense;
	uint8_t status;
	bool busy;         /* the key is */
	size_t answer_len; /* tag, length and all; 0: none */
	size_t data_len, data_at;
	uint8_t answer[DATA_MAX];
	uint8_t data[DATA_MAX];
};

static struct storage *
storage_of(struct usb_function *function)
{
	return (struct storage *)function;
}

static struct usb_function *
storage_create(void)
{
	struct storage *storage = calloc(1, sizeof(*storage));

	return storage == NULL ? NULL : &storage->base;
}

static void
storage_reset(struct usb_function *function)
{
	struct storage *storage = storage_of(function);

	storage->phase = PHASE_COMMAND;
	storage->sense = SENSE_NONE;
	storage->busy = false;
	storage->answer_len = storage->data_len = storage->data_at = 0;
}

static void
put_config_descriptor(const struct usb_function *function, struct uk_writer *out)
{
	static const uint8_t bytes[] = {
		9,    2, 32, 0, 1,      1, 0,  0x80, 50, 9, 4, 0,     0, 2,  0x08, 0x06,
		0x50, 4, 7,  5, EP_OUT, 2, 64, 0,    0,  7, 5, EP_IN, 2, 64, 0,    0,
	};

	uk_put(out, uk_span_of(bytes, sizeof(bytes)));
}

static bool
storage_control(struct usb_function *function, const struct usb_setup *setup, struct uk_span data,
		struct uk_writer *out)
{
	struct storage *storage = storage_of(function);

	if (setup->type == 0xa1 && setup->request == GET_MAX_LUN) {
		uk_put_u8(out, 0);
		return true;
	}
	if (setup->type != 0x21 || setup->request != BOT_RESET)
		return false;
	storage->phase = PHASE_COMMAND;
	return true;
}

/* ---- the phases after a command ---- */

static void
end_command(struct storage *storage, uint8_t status, uint32_t sense)
{
	storage->status = status;
	storage->sense = sense;
	storage->phase = PHASE_STATUS;
}

/* Without data although the host waits for some: it meets a stall first. */
static void
fail(struct storage *storage, bool to_host, uint32_t sense)
{
	end_command(storage, CSW_FAILED, sense);
	if (to_host && storage->expected > 0)
		storage->phase = PHASE_STALL_IN;
}

static void
send_data(struct storage *storage, struct uk_span data)
{
	size_t len = data.len < storage->expected ? data.len : storage->expected;

	end_command(storage, 0, SENSE_NONE);
	if (len == 0)
		return;
	memcpy(storage->data, data.ptr, len);
	storage->data_len = len;
	storage->data_at = 0;
	storage->moved = (uint32_t)len;
	storage->phase = PHASE_DATA_IN;
}

/* ---- the key's own two commands ---- */

static bool
is_key_command(struct uk_span block, uint8_t which)
{
	const uint8_t whole[16] = {0xfe, which, 'G', 'M', 'C', 'A', 'P', 'I', 'D', 'F', 'S'};

	return uk_span_equal(block, uk_span_of(whole, sizeof(whole)));
}

static void
begin_key_command(struct storage *storage, const struct command *command)
{
	if (command->to_host || command->expected == 0 || command->expected > DATA_MAX ||
	    storage->busy) {
		usb_complain(&storage->base, "a key command without room, or on top of another");
		storage->phase = PHASE_BROKEN;
		return;
	}
	storage->answer_len = storage->data_len = 0;
	storage->phase = PHASE_DATA_OUT;
}

static void
run_key_command(struct storage *storage)
{
	struct uk_span in = uk_span_of(storage->data, storage->data_len);
	uint16_t len;
	uint8_t tag;

	storage->moved = (uint32_t)storage->data_len;
	if (!uk_take_u8(&in, &tag) || tag != PAYLOAD_TAG ||
	    !uk_take_u16(&in, UK_BIG_ENDIAN, &len) || len != in.len) {
		usb_complain(&storage->base, "a payload that is none");
		end_command(storage, CSW_FAILED, SENSE_BAD_FIELD);
		return;
	}
	end_command(storage, 0, SENSE_NONE);
	storage->busy = true;
	storage->base.key->command(storage->base.data, in);
}

static void
fetch_answer(struct storage *storage, const struct command *command)
{
	if (!command->to_host || (!storage->busy && storage->answer_len == 0)) {
		fail(storage, command->to_host, SENSE_SEQUENCE);
		return;
	}
	if (storage->busy) {
		storage->phase = PHASE_WAIT;
		return;
	}
	send_data(storage, uk_span_of(storage->answer, storage->answer_len));
	storage->answer_len = 0;
}

static void
storage_key_answered(struct usb_function *function, struct uk_span answer)
{
	struct storage *storage = storage_of(function);
	struct uk_writer out = uk_writer_of(storage->answer, sizeof(storage->answer));

	if (!storage->busy)
		return;
	storage->busy = false;
	uk_put_u8(&out, PAYLOAD_TAG);
	uk_put_u16(&out, UK_BIG_ENDIAN, (uint16_t)answer.len);
	uk_put(&out, answer);
	storage->answer_len = answer.len == 0 ? 0 : uk_writer_span(&out).len;
	if (storage->phase != PHASE_WAIT)
		return;
	send_data(storage, uk_span_of(storage->answer, storage->answer_len));
	storage->answer_len = 0;
}

/* ---- a CD-ROM, as far as anybody looks ---- */

static void
on_inquiry(struct storage *storage, const struct command *command)
{
	static const char answer[] = "\x05\x80\x04\x02\x1f\0\0\0OpenUKeyVirtual CD      0001";

	send_data(storage, uk_span_of(answer, sizeof(answer) - 1));
}

static void
on_request_sense(struct storage *storage, const struct command *command)
{
	const uint8_t answer[18] = {
		[0] = 0x70,
		[2] = (uint8_t)(storage->sense >> 16),
		[7] = 10,
		[12] = (uint8_t)(storage->sense >> 8),
		[13] = (uint8_t)storage->sense,
	};

	send_data(storage, uk_span_of(answer, sizeof(answer)));
}

static void
on_read_capacity(struct storage *storage, const struct command *command)
{
	static const uint8_t answer[] = {0, 0, 0, BLOCKS - 1, 0, 0, BLOCK_LEN >> 8, 0};

	send_data(storage, uk_span_of(answer, sizeof(answer)));
}

/* An empty disc: ISO 9660's mark at its place, zeros elsewhere. */
static void
on_read(struct storage *storage, const struct command *command)
{
	static const uint8_t mark[] = {1, 'C', 'D', '0', '0', '1', 1};
	static uint8_t blocks[16 * BLOCK_LEN];
	struct uk_span in = command->block, head;
	uint32_t first;
	uint16_t count;
	uint8_t group;

	if (!uk_take(&in, 2, &head) || !uk_take_u32(&in, UK_BIG_ENDIAN, &first) ||
	    !uk_take_u8(&in, &group) || !uk_take_u16(&in, UK_BIG_ENDIAN, &count) ||
	    first >= BLOCKS || count > BLOCKS - first ||
	    (size_t)count * BLOCK_LEN > sizeof(blocks)) {
		fail(storage, true, SENSE_BAD_FIELD);
		return;
	}
	memset(blocks, 0, sizeof(blocks));
	if (first <= 16 && 16 - first < count)
		memcpy(blocks + (16 - first) * BLOCK_LEN, mark, sizeof(mark));
	send_data(storage, uk_span_of(blocks, (size_t)count * BLOCK_LEN));
}

static void
on_ready(struct storage *storage, const struct command *command)
{
	end_command(storage, 0, SENSE_NONE);
}

static const struct {
	uint8_t code;
	void (*run)(struct storage *storage, const struct command *command);
} scsi[] = {
	{0x00, on_ready},                                               /* TEST UNIT READY */
	{0x03, on_request_sense}, {0x12, on_inquiry}, {0x1b, on_ready}, /* START STOP UNIT */
	{0x1e, on_ready}, /* PREVENT ALLOW MEDIUM REMOVAL */
	{0x25, on_read_capacity}, {0x28, on_read},
};

/* ---- transfers ---- */

static void
run_command(struct storage *storage, const struct command *command)
{
	storage->tag = command->tag;
	storage->expected = command->expected;
	storage->moved = 0;
	if (is_key_command(command->block, 1)) {
		begin_key_command(storage, command);
		return;
	}
	if (is_key_command(command->block, 2)) {
		fetch_answer(storage, command);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(scsi); i++) {
		if (scsi[i].code != command->block.ptr[0])
			continue;
		scsi[i].run(storage, command);
		return;
	}
	fail(storage, command->to_host, SENSE_NO_COMMAND);
}

/* A valid and meaningful CBW (Bulk-Only 6.2). */
static bool
take_cbw(struct uk_span in, struct command *ret)
{
	uint32_t signature;
	uint8_t flags, len;

	if (in.len != CBW_LEN || !uk_take_u32(&in, UK_LITTLE_ENDIAN, &signature) ||
	    signature != CBW_SIGNATURE || !uk_take_u32(&in, UK_LITTLE_ENDIAN, &ret->tag) ||
	    !uk_take_u32(&in, UK_LITTLE_ENDIAN, &ret->expected) || !uk_take_u8(&in, &flags) ||
	    (flags & 0x7f) != 0 || !uk_take_u8(&in, &ret->lun) || ret->lun != 0 ||
	    !uk_take_u8(&in, &len) || len < 1 || len > 16 || !uk_take(&in, len, &ret->block))
		return false;
	ret->to_host = flags == 0x80;
	return true;
}

static bool
take_data(struct storage *storage, struct uk_span bytes)
{
	if (bytes.len > storage->expected - storage->data_len)
		return false;
	memcpy(storage->data + storage->data_len, bytes.ptr, bytes.len);
	storage->data_len += bytes.len;
	if (storage->data_len == storage->expected)
		run_key_command(storage);
	return true;
}

static bool
storage_out(struct usb_function *function, uint8_t endpoint, struct uk_span bytes)
{
	struct storage *storage = storage_of(function);
	struct command command;

	if (endpoint != EP_OUT)
		return false;
	if (storage->phase == PHASE_DATA_OUT)
		return take_data(storage, bytes);
	if (storage->phase == PHASE_COMMAND && take_cbw(bytes, &command)) {
		run_command(storage, &command);
		return true;
	}
	usb_complain(function, "a command block wrapper that is none");
	storage->phase = PHASE_BROKEN;
	return false;
}

static enum usb_reply
put_status(struct storage *storage, struct uk_writer *out)
{
	uk_put_u32(out, UK_LITTLE_ENDIAN, CSW_SIGNATURE);
	uk_put_u32(out, UK_LITTLE_ENDIAN, storage->tag);
	uk_put_u32(out, UK_LITTLE_ENDIAN, storage->expected - storage->moved);
	uk_put_u8(out, storage->status);
	storage->phase = PHASE_COMMAND;
	return USB_DATA;
}

static enum usb_reply
put_data(struct storage *storage, struct uk_writer *out)
{
	size_t left = storage->data_len - storage->data_at, room = out->cap - out->len;
	size_t part = left < room ? left : room;

	uk_put(out, uk_span_of(storage->data + storage->data_at, part));
	storage->data_at += part;
	if (storage->data_at == storage->data_len)
		storage->phase = PHASE_STATUS;
	return USB_DATA;
}

static enum usb_reply
storage_in(struct usb_function *function, uint8_t endpoint, struct uk_writer *out)
{
	struct storage *storage = storage_of(function);

	if (endpoint != EP_IN)
		return USB_STALL;
	switch (storage->phase) {
	case PHASE_STATUS:
		return put_status(storage, out);
	case PHASE_DATA_IN:
		return put_data(storage, out);
	case PHASE_STALL_IN:
		storage->phase = PHASE_STATUS;
		return USB_STALL;
	case PHASE_BROKEN:
		return USB_STALL;
	default:
		return USB_NOTHING_YET;
	}
}

const struct usb_kind usb_storage = {
	.name = "storage",
	.product = USB_PRODUCT_STORAGE,
	.interface_class = 0x08,
	.interface_subclass = 0x06,
	.interface_protocol = 0x50,
	.interface = "Mass Storage",
	.driver = "usb-storage",
	.create = storage_create,
	.reset = storage_reset,
	.put_config_descriptor = put_config_descriptor,
	.control = storage_control,
	.out = storage_out,
	.in = storage_in,
	.key_answered = storage_key_answered,
};
