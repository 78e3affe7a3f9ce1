/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/ifd/exchange.h"

#include <time.h>

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
exchange_begin(struct exchange *exchange, int all_ms)
{
	exchange->end_ms = clock_ms() + all_ms;
}

enum uk_status
exchange_patience(const struct exchange *exchange, int most_ms, int *ret_ms)
{
	int64_t left = exchange->end_ms - clock_ms();

	if (left <= 0)
		return UK_E_TIMEOUT;
	*ret_ms = left < most_ms ? (int)left : most_ms;
	return UK_OK;
}

enum uk_status
exchange_read(const struct exchange *exchange, struct uk_writer *in, int most_ms)
{
	int timeout_ms;
	enum uk_status st = exchange_patience(exchange, most_ms, &timeout_ms);

	return st == UK_OK ? usb_key_read(exchange->usb, in, timeout_ms) : st;
}

enum uk_status
exchange_write(const struct exchange *exchange, struct uk_span bytes)
{
	int timeout_ms;
	enum uk_status st = exchange_patience(exchange, EXCHANGE_NEXT_MS, &timeout_ms);

	return st == UK_OK ? usb_key_write(exchange->usb, bytes, timeout_ms) : st;
}
