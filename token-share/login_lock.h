/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which processes of this user are logged in to a key: each holds a shared lock on a file named
 * for the key's serial number, freed by the kernel when it dies.  The last one to leave is the one
 * whose lock upgrades, and it alone clears the key's login (architecture, rule 7b).
 * The file is a hint: without a usable one every process clears.
 */
#ifndef UK_TOKEN_SHARE_LOGIN_LOCK_H
#define UK_TOKEN_SHARE_LOGIN_LOCK_H

#include "common/defs.h"
#include "common/status.h"

#include <stdbool.h>

/*
 * Takes the shared lock; -1 when there is no place for the file.  Each further application of a key
 * has a login of its own; "" is the one of the reader's own slot.
 */
int login_lock_take(const char *serial, const char *application);
/* True when no other process of ours is logged in to the key, or when we cannot know. */
bool login_lock_is_last(int lock);
/*
 * The key in a reader for this process alone among those that ask for it so: UK_E_BUSY while
 * another has it.
 * *ret_lock is -1 where there is no place for the file: nobody is asked then.
 */
UK_CHECKED enum uk_status key_lock_try(const char *reader, int *ret_lock);
/* Lets go and sets *lock to -1. */
void login_lock_release(int *lock);

#endif
