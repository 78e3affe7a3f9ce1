/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The families of one bus, shared by bus.c and bus_wait.c. */
#ifndef UK_DRIVERS_BUS_PARTS_H
#define UK_DRIVERS_BUS_PARTS_H

#include "drivers/family.h"

/* The first one's wait is deaf to stop_fd and gets a thread of its own. */
enum { BUS_GM, BUS_SKF, BUS_FAMILIES };

struct token_bus {
	/* Set once, by list or open; then good until close. NULL: not there yet. */
	void *part[BUS_FAMILIES];
	bool wanted[BUS_FAMILIES];
	bool no_threads;
};

extern const struct token_family *const bus_families[BUS_FAMILIES];

static inline void *
bus_part(struct token_bus *bus, unsigned int family)
{
	return __atomic_load_n(&bus->part[family], __ATOMIC_ACQUIRE);
}

#endif
