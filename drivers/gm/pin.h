/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PIN cryptograms (gm-keys 2.5): pure functions from PINs and the key's random to the bytes of a
 * command.  A PIN key is as secret as the PIN it is made from.
 */
#ifndef UK_DRIVERS_GM_PIN_H
#define UK_DRIVERS_GM_PIN_H

#include "common/apdu.h"
#include "common/secret.h"
#include "drivers/gm/model.h"

/* UK_E_PIN_LEN unless it has 6 to 16 bytes. */
UK_CHECKED enum uk_status gm_pin_check(struct uk_span pin);
/* A new PIN: also within what the model's row allows. */
UK_CHECKED enum uk_status gm_pin_check_new(const struct token_model *model, struct uk_span pin);

/* Rule 2: the first 16 bytes of SHA-1 over the PIN filled up with 00 to 16. */
UK_CHECKED enum uk_status gm_pin_key(struct uk_span pin, struct uk_secret *ret_key);

/* Rule 3: the 16 bytes that VerifyPIN sends. */
UK_CHECKED enum uk_status gm_pin_verify_block(enum gm_verify_block rule, const uint8_t *key,
					      const uint8_t *random, struct uk_secret *ret);

/* Rule 4: a new PIN under the old PIN's key, 16 or 32 bytes. */
UK_CHECKED enum uk_status gm_pin_encrypt_new(enum gm_new_pin rule, const uint8_t *key,
					     struct uk_span pin, struct uk_secret *ret);

/*
 * Rule 5: the 4 bytes that end a command of class 84. `command` has its header and `data` the field
 * so far.
 */
UK_CHECKED enum uk_status gm_pin_mac(const uint8_t *key, const uint8_t *random,
				     const struct uk_apdu *command, struct uk_span data,
				     uint8_t *ret_mac);

#endif
