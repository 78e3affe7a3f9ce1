/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PIN and device commands as parts of an operation: each takes a random of its own. */
#ifndef UK_DRIVERS_GM_RIGHTS_H
#define UK_DRIVERS_GM_RIGHTS_H

#include "drivers/gm/session.h"

/* VerifyPIN */
struct gm_verify_args {
	enum token_role role;
	const struct uk_secret *key; /* gm_pin_key's */
	unsigned int *tries;
};
UK_CHECKED enum uk_status gm_verify_run(struct gm_token *token, void *args);

/* ChangePIN and UnblockPIN */
struct gm_new_pin_args {
	enum gm_ins ins;
	enum token_role role; /* P2 of ChangePIN */
	const uint8_t *key;   /* of the old, or of the admin PIN */
	struct uk_span new_pin;
	unsigned int *tries;
};
UK_CHECKED enum uk_status gm_new_pin_run(struct gm_token *token, void *args);

/* ---- issue.c ---- */

#define GM_P2_SM4 0x02
/* DevAuth: gains the device right. UK_E_AUTH_FAILED. */
UK_CHECKED enum uk_status gm_device_prove(struct gm_token *token, struct uk_span device_key);

#endif
