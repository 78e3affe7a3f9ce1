/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PIN that was proved for one operation holds the key for at most half a second (architecture,
 * rule 6), also when the host never comes back: then a thread lets go of it.
 */
#ifndef UK_PKCS11_ONCE_H
#define UK_PKCS11_ONCE_H

#include "pkcs11/slot.h"

/*
 * Wants the slot's lock.  A host that forbids threads (CKF_LIBRARY_CANT_CREATE_OS_THREADS), or
 * whose sandbox does, lets go at its next call to the key instead.
 */
void once_watch(struct slot *slot);

#endif
