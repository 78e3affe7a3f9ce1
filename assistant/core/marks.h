/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which colour and shape a key has: by its order among those that this computer knows, so that the
 * first dozen differ in one or the other however much they look alike. A key keeps its mark while
 * the program runs, and over its runs as long as none before it is forgotten.
 */
#ifndef OUK_CORE_MARKS_H
#define OUK_CORE_MARKS_H

#include "assistant/core/memory.h"

/* OUK_MARKS * OUK_MARKS of them; then they come again. */
typedef GHashTable OukMarks; /* key_id -> number */

OukMarks *ouk_marks_new(void);
/* memory: of the keys that were seen before; NULL: none. Gives the key a number if it has none. */
guint ouk_marks_number(OukMarks *marks, OukMemory *memory, const char *key_id);
/* What the number looks like: 0 .. OUK_MARKS - 1 each. */
void ouk_mark_look(guint number, guint *ret_colour, guint *ret_shape);

#endif
