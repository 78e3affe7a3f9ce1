/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What operators are asked to sign, and the signatures that have come so far. */
#ifndef CS_STORE_ASKS_H
#define CS_STORE_ASKS_H

#include "service/store/orders.h"

#define CS_ASK_BY_TEXT 33

struct cs_ask_row {
	char id[CS_ID_TEXT];
	char order_id[CS_ID_TEXT];
	char act[CS_WORD_TEXT];
	char state[CS_WORD_TEXT]; /* open, done, stale (the order has changed), dropped */
	char by[CS_ASK_BY_TEXT];  /* the operator who asked */
	int64_t ver, made, changed;
	struct cs_blob body;    /* what is signed */
	struct cs_blob members; /* sealed: what goes with it when it is carried out */
};

static inline void
cs_ask_row_clear(struct cs_ask_row *row)
{
	cs_blob_free(&row->body);
	cs_blob_free(&row->members);
}

#define CS_ASK_ROW UK_CLEANUP(cs_ask_row_clear) struct cs_ask_row

UK_CHECKED enum cs_status cs_store_ask_add(struct cs_store *store, const struct cs_ask_row *row);
/* ret is empty; the caller clears it. CS_E_NOT_FOUND. */
UK_CHECKED enum cs_status cs_store_ask_get(struct cs_store *store, const char *id,
					   struct cs_ask_row *ret);
/* State and changed; compare-and-swap by ver. CS_E_CHANGED. */
UK_CHECKED enum cs_status cs_store_ask_put(struct cs_store *store, struct cs_ask_row *row);

typedef enum cs_status (*cs_ask_fn)(const struct cs_ask_row *row, void *ctx);
/* Newest first, at most 50; without members. */
UK_CHECKED enum cs_status cs_store_asks_of_order(struct cs_store *store, const char *order_id,
						 cs_ask_fn each, void *ctx);

/* An operator's signature, in place of an earlier one of theirs. */
UK_CHECKED enum cs_status cs_store_ask_sign(struct cs_store *store, const char *ask_id,
					    const char *name, struct uk_span signature,
					    int64_t now);
typedef enum cs_status (*cs_signed_by_fn)(const char *name, struct uk_span signature, void *ctx);
UK_CHECKED enum cs_status cs_store_ask_signed(struct cs_store *store, const char *ask_id,
					      cs_signed_by_fn each, void *ctx);

#endif
