/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one key that outlives a call: what unblocking needs of the admin PIN, from the
 * administrator's login to the end of it (architecture D6).  It lies in a page of its own that is
 * locked in memory, left out of core dumps, and empty in a forked child.
 */
#ifndef UK_DRIVERS_GM_VAULT_H
#define UK_DRIVERS_GM_VAULT_H

#include "common/secret.h"

struct vault_page;

struct vault {
	struct vault_page *page; /* NULL until first used */
};

/* Puts a key of GM_BLOCK_LEN bytes in. UK_E_MEMORY when no such page can be had. */
UK_CHECKED enum uk_status vault_set(struct vault *vault, const uint8_t *key);
/* The key, borrowed; NULL when there is none. */
const uint8_t *vault_peek(const struct vault *vault);
/* Wipes the key. */
void vault_clear(struct vault *vault);
/* Wipes the key and gives the page back. */
void vault_free(struct vault *vault);

#endif
