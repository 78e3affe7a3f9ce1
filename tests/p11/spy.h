/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sees what goes over the wire: this program's SCardTransmit comes before libpcsclite's. */
#ifndef TESTS_P11_SPY_H
#define TESTS_P11_SPY_H

#include <stddef.h>

#define SPY_MAX 4096

struct spy_exchange {
	unsigned char command[512], reply[512];
	size_t command_len, reply_len; /* cut to what fits */
};

extern struct spy_exchange spy_exchanges[SPY_MAX];
extern size_t spy_count;

#endif
