/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/ifd/exchange.h"

#include "common/secret.h"

/* What is drained of old answers at most: one of the longest, and how long the next may take. */
#define DRAIN_REPORTS (HID_STREAM_MAX / HID_REPORT_DATA + 1)
#define DRAIN_MS      50
#define DRAIN_ALL_MS  4000
/* Answers to commands that were given up, before ours. */
#define STALE_MAX 4

static enum uk_status
send(struct exchange *exchange, uint8_t seq, struct uk_span apdu)
{
	struct uk_writer out = uk_writer_of(exchange->stream, sizeof(exchange->stream));
	struct hid_command command = {.begun = false};
	uint8_t report[HID_REPORT];
	enum uk_status st = UK_OK;

	hid_put_command(&out, seq, apdu);
	if (out.overflow)
		return UK_E_DATA_LEN;
	command.stream = uk_writer_span(&out);
	while (st == UK_OK && hid_take_report(&command, report))
		st = exchange_write(exchange, uk_span_of(report, sizeof(report)));
	/* A command holds PIN cryptograms, and others' secrets. */
	uk_wipe(exchange->stream, out.len);
	uk_wipe(report, sizeof(report));
	return st == UK_E_DATA_LEN ? UK_E_REPLY : st;
}

static enum uk_status
receive(struct exchange *exchange, struct hid_answer *answer)
{
	int timeout_ms = exchange->answer_ms;
	enum uk_status st = UK_OK;

	*answer = (struct hid_answer){
		.stream = uk_writer_of(exchange->answer, sizeof(exchange->answer))};
	while (st == UK_OK && !answer->done) {
		uint8_t report[HID_REPORT];
		struct uk_writer in = uk_writer_of(report, sizeof(report));

		st = exchange_read(exchange, &in, timeout_ms);
		if (st == UK_OK)
			st = hid_add_report(answer, uk_writer_span(&in));
		timeout_ms = EXCHANGE_NEXT_MS;
	}
	return st;
}

static enum uk_status
run(struct exchange *exchange, struct uk_span command, struct uk_span *ret_answer)
{
	uint8_t seq = (uint8_t)++exchange->count;
	enum uk_status st;

	exchange_begin(exchange, EXCHANGE_ALL * exchange->answer_ms);
	st = send(exchange, seq, command);
	for (int i = 0; i < STALE_MAX && st == UK_OK; i++) {
		struct hid_answer answer;

		st = receive(exchange, &answer);
		if (st == UK_OK)
			st = hid_take_answer(&answer, seq, ret_answer);
		if (st != UK_E_NOT_FOUND)
			return st;
		st = UK_OK;
	}
	return st == UK_OK ? UK_E_REPLY : st;
}

static enum uk_status
recover(struct exchange *exchange)
{
	enum uk_status st = usb_key_unstall(exchange->usb);

	exchange_begin(exchange, DRAIN_ALL_MS);
	for (size_t i = 0; i < DRAIN_REPORTS && st == UK_OK; i++) {
		uint8_t report[HID_REPORT];
		struct uk_writer in = uk_writer_of(report, sizeof(report));

		st = exchange_read(exchange, &in, DRAIN_MS);
	}
	return st == UK_E_TIMEOUT ? UK_OK : st;
}

const struct exchange_kind exchange_hid = {
	.usb = USB_HID,
	/* command: 4 bytes, and 3 for Lc, 2 for Le */
	.max_data = FRAME_APDU_MAX - 9,
	.run = run,
	.recover = recover,
};
