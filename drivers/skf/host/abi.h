/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What differs between libraries of one standard: the width of ULONG and of handles, the gaps
 * between the members of structures, and the side that numbers lie on (README.md, the keys ulong,
 * handle, packing, numbers, exponent).
 */
#ifndef UK_DRIVERS_SKF_HOST_ABI_H
#define UK_DRIVERS_SKF_HOST_ABI_H

#include "common/gm.h"
#include "drivers/skf/config.h"

#define ABI_NUMBER_ROOM 64 /* of a number of 256 bits */

/* Room for a ULONG or a handle of either width that the library writes or changes. */
struct abi_cell {
	uint64_t room;
};

struct abi_cell abi_cell_of(const struct skf_config *config, uint32_t value);
/* UINT32_MAX when it is larger than that. */
uint32_t abi_cell_value(const struct skf_config *config, const struct abi_cell *cell);
uintptr_t abi_cell_handle(const struct skf_config *config, const struct abi_cell *cell);
uintptr_t abi_cell_at(struct abi_cell *cell);

/* ---- structures: read and written member by member ---- */

struct abi_reader {
	const struct skf_config *config;
	struct uk_span in; /* the whole of it */
	size_t at;
	bool bad; /* it was too short, or a number was where none can be */
};

/* Empty spans and zeros once it is bad. */
struct uk_span abi_take(struct abi_reader *reader, size_t len);
uint32_t abi_take_ulong(struct abi_reader *reader);
/* A number of len bytes out of an array of `room`; bad when the other side is not empty. */
struct uk_span abi_take_number(struct abi_reader *reader, size_t room, size_t len);

struct abi_writer {
	const struct skf_config *config;
	struct uk_writer out;
};

void abi_put(struct abi_writer *writer, struct uk_span bytes);
void abi_put_ulong(struct abi_writer *writer, uint32_t value);
void abi_put_number(struct abi_writer *writer, size_t room, struct uk_span number);

#endif
