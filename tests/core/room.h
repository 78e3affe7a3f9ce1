/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A desk with keys (tests/rig) and an OukWatch that looks at it through the real module. */
#ifndef TESTS_CORE_ROOM_H
#define TESTS_CORE_ROOM_H

#include "assistant/core/watch.h"
#include "tests/rig/rig.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#define ROOM_PIN     "123456"
#define ROOM_SOON_MS 2000 /* a key is in the list, or out of it, within so long */
#define ROOM_LATE_MS 15000

struct room {
	struct rig *rig;
	OukWatch *watch;
	guint changed, plugged, pulled; /* signals */
};

/* Starts pcscd with so many readers, and the watch. modules: NULL for our own. */
void room_open(struct room *room, unsigned int readers, const char *modules, OukMemory *memory);
void room_watch(struct room *room, const char *modules, OukMemory *memory);
void room_close(struct room *room);

/* Makes a state file: serial "R<reader>", more options (NULL-terminated) or NULL. */
void room_make(struct room *room, unsigned int reader, const char *const *options);
/* The same with a container of fixtures (alg: "sm2", "rsa"), and plugs it in. */
void room_plug(struct room *room, unsigned int reader, const char *alg);
/* Plugs in the state file there is. */
void room_plug_again(struct room *room, unsigned int reader);
void room_pull(struct room *room, unsigned int reader);

guint room_count(struct room *room);
/* The view of the key whose serial is "R<reader>", or NULL. Borrowed. */
const OukTokenInfo *room_key(struct room *room, unsigned int reader);

typedef gboolean (*room_check)(struct room *room, gpointer data);
/* Runs the main context until check says TRUE; FALSE after so many ms. */
gboolean room_until(struct room *room, room_check check, gpointer data, guint ms);
/* For so many ms. */
void room_spend(struct room *room, guint ms);
/* The same, with nothing happening: tells what that costs, and fails when it is a busy loop. */
void room_idle(struct room *room, const char *what, guint ms);

gboolean room_settled(struct room *room, gpointer data);
gboolean room_has(struct room *room, gpointer count);
gboolean room_is(struct room *room, gpointer state);

#endif
