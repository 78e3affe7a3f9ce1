/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/ifd/exchange.h"

#include "common/secret.h"

#include <time.h>

/* How much of an answer is asked for. Nobody has seen more of such a key at once. */
#define ASK_LEN 4096
/* How soon a key that is not ready is asked again. */
#define AGAIN_MS_FIRST 2
#define AGAIN_MS_MOST  100

static enum uk_status
command_send(struct exchange *exchange, enum storage_command command, uint32_t len)
{
	uint8_t room[STORAGE_CBW_LEN];
	struct uk_writer out = uk_writer_of(room, sizeof(room));

	storage_put_command(&out, ++exchange->count, command, len);
	return exchange_write(exchange, uk_writer_span(&out));
}

/* An endpoint that stalls before the status is freed once (bulk-only transport, 6.7). */
static enum uk_status
status_read(struct exchange *exchange, uint32_t len, enum storage_status *ret,
	    uint32_t *ret_residue)
{
	uint8_t room[STORAGE_CSW_LEN];
	struct uk_writer in = uk_writer_of(room, sizeof(room));
	enum uk_status st = exchange_read(exchange, &in, exchange->answer_ms);

	if (st == UK_E_REPLY) {
		st = usb_key_unstall(exchange->usb);
		if (st == UK_OK)
			st = exchange_read(exchange, &in, exchange->answer_ms);
	}
	if (st != UK_OK)
		return st;
	return storage_take_status(uk_writer_span(&in), exchange->count, len, ret, ret_residue);
}

static enum uk_status
send(struct exchange *exchange, struct uk_span apdu)
{
	struct uk_writer out = uk_writer_of(exchange->stream, sizeof(exchange->stream));
	enum storage_status status = STORAGE_FAILED;
	enum uk_status st;
	uint32_t residue = 0;

	frame_put_apdu(&out, apdu);
	if (out.overflow)
		return UK_E_DATA_LEN;
	st = command_send(exchange, STORAGE_SEND, (uint32_t)out.len);
	if (st == UK_OK)
		st = exchange_write(exchange, uk_writer_span(&out));
	if (st == UK_OK)
		st = status_read(exchange, (uint32_t)out.len, &status, &residue);
	uk_wipe(exchange->stream, out.len);
	if (st == UK_OK && (status != STORAGE_PASSED || residue != 0))
		st = UK_E_REPLY;
	return st;
}

/* ret_len: bytes of the answer that came; 0: the key is not ready yet. */
static enum uk_status
ask(struct exchange *exchange, size_t *ret_len)
{
	struct uk_writer in = uk_writer_of(exchange->answer, ASK_LEN);
	enum storage_status status = STORAGE_FAILED;
	uint32_t residue = 0;
	enum uk_status st = command_send(exchange, STORAGE_RECEIVE, ASK_LEN);

	if (st != UK_OK)
		return st;
	st = exchange_read(exchange, &in, exchange->answer_ms);
	if (st == UK_E_REPLY) /* stalled: it has nothing */
		st = usb_key_unstall(exchange->usb);
	if (st == UK_OK)
		st = status_read(exchange, ASK_LEN, &status, &residue);
	if (st != UK_OK)
		return st;
	if (status == STORAGE_PHASE_ERROR || in.len > ASK_LEN - residue)
		return UK_E_REPLY;
	*ret_len = status == STORAGE_PASSED ? in.len : 0;
	return UK_OK;
}

static void
pause(int ms)
{
	struct timespec time = {.tv_sec = 0, .tv_nsec = (long)ms * 1000000};

	(void)nanosleep(&time, NULL);
}

static enum uk_status
run(struct exchange *exchange, struct uk_span command, struct uk_span *ret_answer)
{
	int again_ms = AGAIN_MS_FIRST;
	enum uk_status st;
	size_t len = 0;

	exchange_begin(exchange, EXCHANGE_ALL * exchange->answer_ms);
	st = send(exchange, command);
	while (st == UK_OK) {
		int pause_ms;

		st = ask(exchange, &len);
		if (st != UK_OK || len > 0)
			break;
		st = exchange_patience(exchange, again_ms, &pause_ms);
		if (st == UK_OK)
			pause(pause_ms);
		again_ms = again_ms * 2 < AGAIN_MS_MOST ? again_ms * 2 : AGAIN_MS_MOST;
	}
	return st == UK_OK ? frame_take_answer(uk_span_of(exchange->answer, len), ret_answer) : st;
}

static enum uk_status
recover(struct exchange *exchange)
{
	return usb_key_storage_reset(exchange->usb);
}

const struct exchange_kind exchange_storage = {
	.usb = USB_STORAGE,
	.max_data = ASK_LEN - FRAME_HEADER - 2,
	.run = run,
	.recover = recover,
};
