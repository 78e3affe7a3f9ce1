/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What jobs need of OukWatch. */
#ifndef OUK_CORE_WATCH_SLOT_H
#define OUK_CORE_WATCH_SLOT_H

#include "assistant/core/engine.h"
#include "assistant/core/watch.h"

/* The slot of a key in the list, and the engine to enter for it; NULL when it is not there. */
OukSlot *ouk_watch_slot(OukWatch *watch, const char *id, OukEngine **ret_engine);

#endif
