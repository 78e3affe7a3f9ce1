/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a service does to a key from afar: the relayed calls of common/openukey.h.  Each has a
 * connection to the key of its own, so that no lock is held while the service is asked.
 */
#ifndef UK_PKCS11_RELAY_H
#define UK_PKCS11_RELAY_H

#include "common/pkcs11.h"

#include "common/openukey.h"
#include "pkcs11/slot.h"

/* The slot's lock must not be held by the caller. */
CK_RV relay_unblock(struct slot *slot, const char *serial, const struct openukey_relay *relay,
		    struct uk_span new_pin);
CK_RV relay_admin_pin(struct slot *slot, const char *serial, const struct openukey_relay *relay);
/* old_key: GM_BLOCK_LEN bytes */
CK_RV relay_device_key(struct slot *slot, const char *serial, const struct openukey_relay *relay,
		       struct uk_span old_key);

#endif
