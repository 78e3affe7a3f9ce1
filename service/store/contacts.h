/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Codes that people got, who a unit's handler is now, challenges that were answered. */
#ifndef CS_STORE_CONTACTS_H
#define CS_STORE_CONTACTS_H

#include "service/store/orders.h"

struct cs_order_code {
	uint8_t code_hash[CS_HASH_LEN];
	int64_t tries, until;
	int64_t passed; /* instant at which it was shown; 0: not yet */
};

/* In place of an earlier one for the same purpose. */
UK_CHECKED enum cs_status cs_store_code_put(struct cs_store *store, const char *order_id,
					    const char *purpose, const struct cs_order_code *code);
/* CS_E_NOT_FOUND */
UK_CHECKED enum cs_status cs_store_code_get(struct cs_store *store, const char *order_id,
					    const char *purpose, struct cs_order_code *ret);

/* A unit's handler who was set after its orders were made. */
struct cs_handler {
	char person[CS_ID_TEXT]; /* whose data key seals the body */
	struct cs_blob body;
	int64_t since;
};

static inline void
cs_handler_clear(struct cs_handler *handler)
{
	cs_blob_free(&handler->body);
}

#define CS_HANDLER UK_CLEANUP(cs_handler_clear) struct cs_handler

UK_CHECKED enum cs_status cs_store_handler_put(struct cs_store *store, const char *unit_mark,
					       const struct cs_handler *handler);
/* CS_E_NOT_FOUND */
UK_CHECKED enum cs_status cs_store_handler_get(struct cs_store *store, const char *unit_mark,
					       struct cs_handler *ret);

/* CS_E_EXISTS: it has been answered. */
UK_CHECKED enum cs_status cs_store_challenge_use(struct cs_store *store, const char *challenge,
						 int64_t now);
UK_CHECKED enum cs_status cs_store_challenges_forget(struct cs_store *store, int64_t before);

#endif
