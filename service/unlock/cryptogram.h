/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a key wants to see before it believes that somebody knows the admin PIN (GM/T 0017 as
 * observed).  Written from the description, apart from the driver, so that one mistake is not made
 * twice.
 */
#ifndef CS_UNLOCK_CRYPTOGRAM_H
#define CS_UNLOCK_CRYPTOGRAM_H

#include "common/bytes.h"
#include "common/gm.h"
#include "common/secret.h"
#include "service/base/status.h"

/* What differs between models; made from the list of key models. */
struct cs_key_rules {
	const char *model;
	bool verify_plain; /* random and zeros; else length, random, 80 */
	bool new_pin_zero; /* PIN and zeros; else length, PIN, 80 */
	bool admin_first;  /* VerifyPIN(admin) comes before UnblockPIN */
};

/* NULL: no such model, or unlocking is not verified on it. */
const struct cs_key_rules *cs_key_rules_find(const char *model);

/* The longest new PIN that is one block under the model's padding. */
#define CS_DERIVED_PIN_LEN 13
#define CS_CRYPTOGRAM_MAX  (2 * GM_BLOCK_LEN + GM_MAC_LEN)

/* The data of VerifyPIN behind the application's id: one block. */
UK_CHECKED enum cs_status cs_verify_block(const struct cs_key_rules *rules, struct uk_span pin,
					  const uint8_t random[GM_RANDOM_LEN],
					  uint8_t ret[GM_BLOCK_LEN]);

/* A command that sets a PIN: UnblockPIN (1a, P2 0) or ChangePIN of the admin PIN (16, P2 0). */
struct cs_new_pin {
	uint8_t ins;
	uint8_t app[2];     /* the application's id, which the MAC covers */
	struct uk_span old; /* the PIN it is protected by */
	struct uk_span fresh;
};

/* Encrypted PIN and MAC: the data behind the application's id. */
UK_CHECKED enum cs_status cs_new_pin_block(const struct cs_key_rules *rules,
					   const struct cs_new_pin *command,
					   const uint8_t random[GM_RANDOM_LEN],
					   struct uk_writer *out);

/* The data of ChangeDevAuthKey (12, P2 2): the new key under the old one, and the MAC. */
#define CS_DEVICE_KEY_LEN (GM_BLOCK_LEN + GM_MAC_LEN)
UK_CHECKED enum cs_status cs_device_key_block(const struct uk_secret *old,
					      const struct uk_secret *fresh,
					      const uint8_t random[GM_RANDOM_LEN],
					      uint8_t ret[CS_DEVICE_KEY_LEN]);
/* The data of DevAuth: the random and zeros under the device key. */
UK_CHECKED enum cs_status cs_device_proof(const struct uk_secret *key,
					  const uint8_t random[GM_RANDOM_LEN],
					  uint8_t ret[GM_BLOCK_LEN]);

#endif
