/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What HID and mass-storage keys send; the first byte chooses which, the rest comes in pieces. */
#include "drivers/ifd/frame.h"
#include "tests/fuzz/fuzz.h"

static void
hid(struct uk_span in)
{
	static uint8_t room[HID_STREAM_MAX];
	struct hid_answer answer = {.stream = uk_writer_of(room, sizeof(room))};
	struct uk_span report, reply;
	uint8_t seq;

	if (!uk_take_u8(&in, &seq))
		return;
	while (!answer.done && uk_take(&in, in.len < HID_REPORT ? in.len : HID_REPORT, &report) &&
	       report.len > 0)
		if (hid_add_report(&answer, report) != UK_OK)
			return;
	if (hid_take_answer(&answer, seq, &reply) == UK_OK)
		must(reply.len >= 2 && reply.ptr >= room + HID_HEAD + FRAME_HEADER &&
		     reply.ptr + reply.len <= room + answer.stream.len);
}

static void
storage(struct uk_span in)
{
	enum storage_status status;
	uint32_t residue;

	if (storage_take_status(in, 0x01020304, 4096, &status, &residue) == UK_OK)
		must(status == STORAGE_PHASE_ERROR || residue <= 4096);
}

static void
inner(struct uk_span in)
{
	struct uk_span reply;

	if (frame_take_answer(in, &reply) == UK_OK)
		must(reply.len >= 2 && reply.ptr + reply.len <= in.ptr + in.len);
}

/* What goes out comes back the same. */
static void
there_and_back(struct uk_span apdu)
{
	static uint8_t out_room[HID_STREAM_MAX], in_room[HID_STREAM_MAX];
	struct uk_writer out = uk_writer_of(out_room, sizeof(out_room));
	struct hid_answer answer = {.stream = uk_writer_of(in_room, sizeof(in_room))};
	struct hid_command command = {.begun = false};
	uint8_t report[HID_REPORT];

	hid_put_command(&out, 1, apdu);
	command.stream = uk_writer_span(&out);
	while (hid_take_report(&command, report))
		must(hid_add_report(&answer, uk_span_of(report, sizeof(report))) == UK_OK);
	must(uk_span_equal(uk_writer_span(&answer.stream), uk_writer_span(&out)));
	must(out.overflow || answer.done);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(struct uk_span) = {hid, storage, inner, there_and_back};
	struct uk_span in = uk_span_of(data, size);
	uint8_t which;

	if (uk_take_u8(&in, &which))
		parts[which % ARRAY_SIZE(parts)](in);
	return 0;
}
