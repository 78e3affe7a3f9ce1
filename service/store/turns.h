/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whoever writes to the same file takes turns here, threads as well as processes, so that each is
 * woken when it is its turn: the engine's own lock has to be looked at again and again.  That lock
 * is what counts; this one only keeps the order.
 */
#ifndef CS_STORE_TURNS_H
#define CS_STORE_TURNS_H

#include "common/defs.h"

#include <stdbool.h>
#include <stdint.h>

struct cs_turns;

/* The one for that file, which has to be there. NULL when it is not, or there is no memory. */
struct cs_turns *cs_turns_of(const char *path);
void cs_turns_drop(struct cs_turns *turns);

void cs_turn_take(struct cs_turns *turns);
void cs_turn_end(struct cs_turns *turns);

/*
 * Whether the log, `len` pages long now, has grown by as much as `step` since the last time this
 * was so; only for whoever has the turn.
 */
bool cs_turn_grown(struct cs_turns *turns, int len, int step);

#endif
