/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of orders and of what belongs to one.  No rules here: which change is allowed is decided in
 * service/orders.  All functions may be used inside cs_store_tx.
 */
#ifndef CS_STORE_ORDERS_H
#define CS_STORE_ORDERS_H

#include "service/base/blob.h"
#include "service/base/random.h"
#include "service/store/store.h"

#define CS_NUMBER_TEXT 20
#define CS_WORD_TEXT   24
#define CS_SN_TEXT     33

struct cs_order_row {
	char id[CS_ID_TEXT];
	char number[CS_NUMBER_TEXT];
	char kind[CS_WORD_TEXT], state[CS_WORD_TEXT];
	int64_t ver; /* counts changes; the compare-and-swap is by it */
	char key_sn[CS_SN_TEXT];
	char profile[CS_WORD_TEXT];
	char method[CS_WORD_TEXT];    /* how a code travels */
	char unit_mark[CS_HASH_TEXT]; /* pseudonym of the unit, for queries */
	char person[CS_ID_TEXT];      /* whose data key seals the body */
	int64_t created, changed;
	int64_t deadline; /* instant at which "time is up" happens; 0: never */
	int64_t due;      /* the same, as it was read; not the caller's to change */
	int64_t retain;   /* instant from which the order may be forgotten; 0: not yet known */
	int64_t checked;  /* instant at which a provider or an operator knew the unit; 0: nobody */
	int64_t paper;    /* instant at which its papers came by post; 0: uploaded */
	struct cs_blob body;
};

static inline void
cs_order_row_clear(struct cs_order_row *row)
{
	cs_blob_free(&row->body);
}

#define CS_ORDER_ROW UK_CLEANUP(cs_order_row_clear) struct cs_order_row

/* CS_E_EXISTS when id or number are taken. */
UK_CHECKED enum cs_status cs_store_order_add(struct cs_store *store,
					     const struct cs_order_row *row);
/* ret is cleared first; the caller clears it. */
UK_CHECKED enum cs_status cs_store_order_get(struct cs_store *store, const char *id,
					     struct cs_order_row *ret);
UK_CHECKED enum cs_status cs_store_order_by_number(struct cs_store *store, const char *number,
						   struct cs_order_row *ret);
/* The order that a capability with this hash is for. */
UK_CHECKED enum cs_status cs_store_order_by_cap(struct cs_store *store,
						const uint8_t hash[CS_HASH_LEN],
						struct cs_order_row *ret);
/*
 * Writes state, deadline, retain, checked, paper, key_sn and body of an order that is still at
 * row->ver, and raises row->ver.  CS_E_CHANGED when somebody else was first.
 */
UK_CHECKED enum cs_status cs_store_order_put(struct cs_store *store, struct cs_order_row *row);

/* An order in a list: without its body. */
typedef enum cs_status (*cs_order_fn)(const struct cs_order_row *row, void *ctx);
UK_CHECKED enum cs_status cs_store_orders_of_unit(struct cs_store *store, const char *unit_mark,
						  cs_order_fn each, void *ctx);
/* Id of an order that may be forgotten since before now. CS_E_NOT_FOUND: none. */
UK_CHECKED enum cs_status cs_store_order_stale(struct cs_store *store, int64_t now,
					       char ret_id[CS_ID_TEXT]);
/* It may not be forgotten after all. */
UK_CHECKED enum cs_status cs_store_order_unretain(struct cs_store *store, struct cs_order_row *row);
/* Every row of the order, in every table, and the key of its person's data. */
UK_CHECKED enum cs_status cs_store_order_forget(struct cs_store *store,
						const struct cs_order_row *row);
/* Id of an order whose deadline is at or before now: the earliest. CS_E_NOT_FOUND: none. */
UK_CHECKED enum cs_status cs_store_order_due(struct cs_store *store, int64_t now,
					     char ret_id[CS_ID_TEXT]);

/* The key's one writing order: CS_E_OPEN_ORDER when it is another one. */
UK_CHECKED enum cs_status cs_store_key_claim(struct cs_store *store, const char *key_sn,
					     const char *order_id);
UK_CHECKED enum cs_status cs_store_key_release(struct cs_store *store, const char *key_sn,
					       const char *order_id);
/* Takes the key away from whichever order but this one holds it. */
UK_CHECKED enum cs_status cs_store_key_free(struct cs_store *store, const char *key_sn,
					    const char *but_order);
/* ret_id: "" when there is none */
UK_CHECKED enum cs_status cs_store_key_holder(struct cs_store *store, const char *key_sn,
					      char ret_id[CS_ID_TEXT]);

/* Reasons why nothing may be written to a key: "lost", "revoked", "counter". */
UK_CHECKED enum cs_status cs_store_key_block(struct cs_store *store, const char *key_sn,
					     const char *reason, const char *order_id, int64_t now);
UK_CHECKED enum cs_status cs_store_key_unblock(struct cs_store *store, const char *key_sn,
					       const char *reason);
/* The order that blocked it; CS_E_NOT_FOUND: not blocked for that reason. */
UK_CHECKED enum cs_status cs_store_key_block_order(struct cs_store *store, const char *key_sn,
						   const char *reason, char ret[CS_ID_TEXT]);
UK_CHECKED enum cs_status cs_store_key_blocked(struct cs_store *store, const char *key_sn,
					       const char *reason);

struct cs_key_blocks {
	bool lost, revoked, counter;
};
/* All of them at once. */
UK_CHECKED enum cs_status cs_store_key_blocks(struct cs_store *store, const char *key_sn,
					      struct cs_key_blocks *ret);

UK_CHECKED enum cs_status cs_store_cap_add(struct cs_store *store, const uint8_t hash[CS_HASH_LEN],
					   const char *order_id, int64_t now);
UK_CHECKED enum cs_status cs_store_cap_find(struct cs_store *store, const uint8_t hash[CS_HASH_LEN],
					    char ret_order[CS_ID_TEXT]);
UK_CHECKED enum cs_status cs_store_caps_drop(struct cs_store *store, const char *order_id);

/*
 * Remembers that the request with this key made that order.  When the key is known already: CS_OK
 * with the first order's id, or CS_E_CHANGED if the request was another one.
 */
struct cs_idempotency {
	uint8_t hash[CS_HASH_LEN], body_hash[CS_HASH_LEN];
	char order_id[CS_ID_TEXT]; /* in: the new order's; out: the one that counts */
	int64_t made;
	bool first; /* out */
};
UK_CHECKED enum cs_status cs_store_idempotent(struct cs_store *store, struct cs_idempotency *key);
UK_CHECKED enum cs_status cs_store_idempotency_forget(struct cs_store *store, int64_t before);

/* Takes the next `count` numbers of that day and letter: *ret_first and those behind it. */
UK_CHECKED enum cs_status cs_store_numbers(struct cs_store *store, const char *day,
					   const char *letter, int64_t count, int64_t *ret_first);

#endif
