/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/ifd/frame.h"

#include <string.h>

#define COMMAND_TAG 0x12

/* The command block of both kinds begins alike. */
#define BLOCK_LEN     16
#define BLOCK_VENDOR  0xfe
#define BLOCK_SEND    0x01
#define BLOCK_RECEIVE 0x02

void
frame_put_apdu(struct uk_writer *out, struct uk_span apdu)
{
	if (apdu.len == 0 || apdu.len > FRAME_APDU_MAX) {
		out->overflow = true;
		return;
	}
	uk_put_u8(out, COMMAND_TAG);
	uk_put_u16(out, UK_BIG_ENDIAN, (uint16_t)apdu.len);
	uk_put(out, apdu);
}

enum uk_status
frame_take_answer(struct uk_span in, struct uk_span *ret)
{
	struct uk_span answer;
	uint8_t tag;
	uint16_t len;

	if (!uk_take_u8(&in, &tag) || !uk_take_u16(&in, UK_BIG_ENDIAN, &len) ||
	    !uk_take(&in, len, &answer) || answer.len < 2)
		return UK_E_REPLY;
	*ret = answer;
	return UK_OK;
}

/* ---- HID reports ---- */

#define HID_FIRST    0x80
#define HID_LAST     0x40
#define HID_LEN      0x3f
#define HID_SEQ_AT   19
#define HID_MAGIC    0xaa
#define HID_LEN_SIZE 3 /* bytes for the payload's length; the last two have only been seen as 0 */

void
hid_put_command(struct uk_writer *out, uint8_t seq, struct uk_span apdu)
{
	static const uint8_t block[BLOCK_LEN] = {BLOCK_VENDOR, BLOCK_SEND};
	size_t len = FRAME_HEADER + apdu.len;

	uk_put(out, uk_span_of(block, sizeof(block)));
	for (unsigned int i = 0; i < HID_LEN_SIZE; i++)
		uk_put_u8(out, (uint8_t)(len >> 8 * i));
	uk_put_u8(out, seq);
	frame_put_apdu(out, apdu);
}

bool
hid_take_report(struct hid_command *command, uint8_t ret_report[HID_REPORT])
{
	size_t left = command->stream.len;
	size_t len = left < HID_REPORT_DATA ? left : HID_REPORT_DATA;
	struct uk_writer out = uk_writer_of(ret_report, HID_REPORT);
	struct uk_span part;

	if (len == 0 || !uk_take(&command->stream, len, &part))
		return false;
	uk_put_u8(&out,
		  (uint8_t)(len | (command->begun ? 0 : HID_FIRST) | (len == left ? HID_LAST : 0)));
	uk_put_padded(&out, part, HID_REPORT_DATA);
	command->begun = true;
	return true;
}

enum uk_status
hid_add_report(struct hid_answer *answer, struct uk_span report)
{
	struct uk_span part;
	uint8_t tag;

	if (answer->done || !uk_take_u8(&report, &tag) || !uk_take(&report, tag & HID_LEN, &part) ||
	    part.len == 0)
		return UK_E_REPLY;
	if (((tag & HID_FIRST) != 0) == answer->begun)
		return UK_E_REPLY;
	answer->begun = true;
	answer->done = (tag & HID_LAST) != 0;
	uk_put(&answer->stream, part);
	return answer->stream.overflow ? UK_E_REPLY : UK_OK;
}

enum uk_status
hid_take_answer(const struct hid_answer *answer, uint8_t seq, struct uk_span *ret)
{
	struct uk_span in = uk_writer_span(&answer->stream), head, body;
	enum uk_status st;

	if (!answer->done || !uk_take(&in, HID_HEAD, &head) || head.ptr[0] != HID_MAGIC ||
	    head.ptr[1] != HID_MAGIC)
		return UK_E_REPLY;
	st = frame_take_answer(in, &body);
	if (st != UK_OK)
		return st;
	if (head.ptr[HID_SEQ_AT] != seq)
		return UK_E_NOT_FOUND;
	*ret = body;
	return UK_OK;
}

/* ---- mass storage ---- */

#define CBW_SIGNATURE 0x43425355u /* "USBC" */
#define CSW_SIGNATURE 0x53425355u /* "USBS" */
#define CBW_IN        0x80

void
storage_put_command(struct uk_writer *out, uint32_t tag, enum storage_command command, uint32_t len)
{
	static const uint8_t directions[] = {[STORAGE_SEND] = 0, [STORAGE_RECEIVE] = CBW_IN};
	static const uint8_t codes[] = {
		[STORAGE_SEND] = BLOCK_SEND, [STORAGE_RECEIVE] = BLOCK_RECEIVE};
	uint8_t block[BLOCK_LEN];
	struct uk_writer name = uk_writer_of(block, sizeof(block));

	uk_put_u8(&name, BLOCK_VENDOR);
	uk_put_u8(&name, codes[command]);
	uk_put_padded(&name, uk_span_str("GMCAPIDFS"), sizeof(block) - name.len);

	uk_put_u32(out, UK_LITTLE_ENDIAN, CBW_SIGNATURE);
	uk_put_u32(out, UK_LITTLE_ENDIAN, tag);
	uk_put_u32(out, UK_LITTLE_ENDIAN, len);
	uk_put_u8(out, directions[command]);
	uk_put_u8(out, 0); /* logical unit */
	uk_put_u8(out, sizeof(block));
	uk_put(out, uk_writer_span(&name));
}

enum uk_status
storage_take_status(struct uk_span in, uint32_t tag, uint32_t len, enum storage_status *ret,
		    uint32_t *ret_residue)
{
	uint32_t signature, of, residue;
	uint8_t status;

	if (in.len != STORAGE_CSW_LEN || !uk_take_u32(&in, UK_LITTLE_ENDIAN, &signature) ||
	    !uk_take_u32(&in, UK_LITTLE_ENDIAN, &of) ||
	    !uk_take_u32(&in, UK_LITTLE_ENDIAN, &residue) || !uk_take_u8(&in, &status))
		return UK_E_REPLY;
	if (signature != CSW_SIGNATURE || of != tag || status > STORAGE_PHASE_ERROR)
		return UK_E_REPLY;
	/* after a phase error the residue means nothing (bulk-only transport, 6.6) */
	if (residue > len && status != STORAGE_PHASE_ERROR)
		return UK_E_REPLY;
	*ret = (enum storage_status)status;
	*ret_residue = residue;
	return UK_OK;
}
