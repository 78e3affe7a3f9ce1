/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What openukey-unlockd does, behind its socket.  It believes nothing that another process says but
 * what hurts only the key itself (a loss, a foreign admin PIN): codes go to the contact that two
 * operators signed for, and commands are made for a code or two operators' signatures only.
 */
#ifndef CS_UNLOCK_UNLOCK_H
#define CS_UNLOCK_UNLOCK_H

#include "service/approval/approval.h"
#include "service/hsm/hsm.h"
#include "service/store/unlocks.h"
#include "service/vault/vault.h"
#include "service/wire/server.h"

#define CS_UNLOCK_GUESSES  5
#define CS_UNLOCK_ATTEMPTS 3
#define CS_UNLOCK_SENDS    3
/* Below that many admin tries nothing is sent to a key. */
#define CS_ADMIN_TRIES_MIN 5

struct cs_unlockd {
	struct cs_store *store;
	const struct cs_vault *vault;
	struct cs_hsm *hsm;
	const struct cs_operators *operators;
	const char *chain;
	int64_t (*clock)(void);
};

/* {"op": ...}; the ops and their members are in service/unlock/README.md. */
json_t *cs_unlock_answer(void *unlockd, const json_t *request, uid_t peer);

#endif
