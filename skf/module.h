/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's life: it begins with the first call, in each process anew. */
#ifndef UK_SKF_MODULE_H
#define UK_SKF_MODULE_H

#include "drivers/token.h"

/* Every call begins with this: reads the policy, once, and is ready for a fork. */
void module_enter(void);

/*
 * Takes the bus lock, which also guards every device's `seen`, and opens the bus if need be: NULL
 * while pcscd cannot be reached.  module_bus_unlock always follows.  A device's lock may be held
 * when this is called, but none may be taken until the unlock.
 */
struct token_bus *module_bus_lock(void);
void module_bus_unlock(void);

#endif
