/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of openukey-unlockd: the keys it can help, unlock orders, what it answered. */
#ifndef CS_STORE_UNLOCKS_H
#define CS_STORE_UNLOCKS_H

#include "service/store/orders.h"

#define CS_MODEL_TEXT 48

struct cs_key_row {
	char key_sn[CS_SN_TEXT];
	int64_t master; /* version of the master its admin PIN is derived from */
	char model[CS_MODEL_TEXT];
	char state[CS_WORD_TEXT]; /* active, counter, lost */
	int64_t ver;
	char person[CS_ID_TEXT];
	struct cs_blob contact; /* sealed */
	int64_t contact_since;  /* codes go to it a day after this; 0: at once */
	int64_t admin_seen;     /* fewest admin tries the key has shown */
	int64_t enrolled;
};

static inline void
cs_key_row_clear(struct cs_key_row *row)
{
	cs_blob_free(&row->contact);
}

#define CS_KEY_ROW UK_CLEANUP(cs_key_row_clear) struct cs_key_row

/* CS_E_EXISTS */
UK_CHECKED enum cs_status cs_store_key_add(struct cs_store *store, const struct cs_key_row *row);
UK_CHECKED enum cs_status cs_store_key_get(struct cs_store *store, const char *key_sn,
					   struct cs_key_row *ret);
/* Everything but serial number, model, master; compare-and-swap by ver. */
UK_CHECKED enum cs_status cs_store_key_put(struct cs_store *store, struct cs_key_row *row);

struct cs_unlock_row {
	char order_id[CS_ID_TEXT];
	char key_sn[CS_SN_TEXT];
	char state[CS_WORD_TEXT];
	int64_t ver;
	char method[CS_WORD_TEXT];
	uint8_t code_mac[CS_HASH_LEN];
	int64_t code_until, guesses, sent;
	uint8_t grant_hash[CS_HASH_LEN];
	int64_t attempts;
	int64_t until; /* the whole order's end once it has been granted; 0: not yet */
	int64_t changed;
};

UK_CHECKED enum cs_status cs_store_unlock_add(struct cs_store *store,
					      const struct cs_unlock_row *row);
UK_CHECKED enum cs_status cs_store_unlock_get(struct cs_store *store, const char *order_id,
					      struct cs_unlock_row *ret);
UK_CHECKED enum cs_status cs_store_unlock_put(struct cs_store *store, struct cs_unlock_row *row);

struct cs_unlock_answer {
	uint8_t random[8];
	int64_t attempt;
	char stage[CS_WORD_TEXT];
	uint8_t app[2];
};

/* CS_E_EXISTS when that stage of the attempt, or that random, has been answered. */
UK_CHECKED enum cs_status cs_store_answer_add(struct cs_store *store, const char *order_id,
					      const struct cs_unlock_answer *answer);
/* What was answered to that random; CS_E_NOT_FOUND. */
UK_CHECKED enum cs_status cs_store_answer_get(struct cs_store *store, const char *order_id,
					      const uint8_t random[8],
					      struct cs_unlock_answer *ret);
/* CS_E_NOT_FOUND when the stage has not been answered in that attempt. */
UK_CHECKED enum cs_status cs_store_answer_stage(struct cs_store *store, const char *order_id,
						int64_t attempt, const char *stage);

#endif
