/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what has been used so far. */
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include <stdbool.h>

struct meter {
	unsigned long commands, bytes_in, bytes_out; /* of the virtual key, in = commands */
	double wall_ms;                              /* monotonic clock */
};

/* Asks the virtual key behind the control socket. False when it does not answer. */
bool meter_read(const char *control, struct meter *ret);

/* CPU time of this process so far, user and system, microseconds. */
double meter_cpu_us(void);

#endif
