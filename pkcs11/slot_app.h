/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key may hold several applications, each with PINs and containers of its own.  A token is one of
 * them: the reader's slot shows the one that the key's model names.  To know of others the key has
 * to be asked, which C_GetSlotList otherwise never does: only where policy wants them.
 */
#ifndef UK_PKCS11_SLOT_APP_H
#define UK_PKCS11_SLOT_APP_H

#include "pkcs11/slot.h"

/* Asks each key that was not asked yet, and gives its further applications slots. */
void slots_ask_applications(void);

#endif
