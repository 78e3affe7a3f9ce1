/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads of one process that write to the same file take turns here, so that a thread that waits
 * is woken when it is its turn.  Between processes the engine's own lock decides, and whoever waits
 * for that has to look again and again.
 */
#ifndef CS_STORE_TURNS_H
#define CS_STORE_TURNS_H

#include "common/defs.h"

#include <stdbool.h>
#include <stdint.h>

struct cs_turns;

/* The one for that file: device and inode. NULL when there is no memory. */
struct cs_turns *cs_turns_of(uint64_t device, uint64_t inode);
void cs_turns_drop(struct cs_turns *turns);

void cs_turn_take(struct cs_turns *turns);
void cs_turn_end(struct cs_turns *turns);

/*
 * Whether the log, `len` pages long now, has grown by as much as `step` since the last time this
 * was so; only for whoever has the turn.
 */
bool cs_turn_grown(struct cs_turns *turns, int len, int step);

#endif
