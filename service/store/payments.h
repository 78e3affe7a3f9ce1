/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Payments and the notices that came about them; grants to see a unit's orders. */
#ifndef CS_STORE_PAYMENTS_H
#define CS_STORE_PAYMENTS_H

#include "service/store/orders.h"

struct cs_payment {
	char order_id[CS_ID_TEXT];
	char provider[CS_WORD_TEXT];
	char reference[CS_ID_TEXT]; /* what the provider knows it by */
	int64_t amount;             /* cents */
	char state[CS_WORD_TEXT];   /* waiting, paid */
};

/* CS_E_EXISTS: the order has one. */
UK_CHECKED enum cs_status cs_store_payment_add(struct cs_store *store,
					       const struct cs_payment *payment, int64_t now);
UK_CHECKED enum cs_status cs_store_payment_of_order(struct cs_store *store, const char *order_id,
						    struct cs_payment *ret);
UK_CHECKED enum cs_status cs_store_payment_by_reference(struct cs_store *store,
							const char *provider, const char *reference,
							struct cs_payment *ret);
UK_CHECKED enum cs_status cs_store_payment_paid(struct cs_store *store, const char *order_id,
						int64_t now);
/* CS_E_EXISTS when this notice came before. */
UK_CHECKED enum cs_status cs_store_notice_add(struct cs_store *store, const char *provider,
					      const char *notice, const char *order_id,
					      int64_t now);

struct cs_grant {
	uint8_t hash[CS_HASH_LEN]; /* of the secret that the asker got */
	char unit_mark[CS_HASH_TEXT];
	uint8_t code_hash[CS_HASH_LEN];
	int64_t tries, until, passed;
};

UK_CHECKED enum cs_status cs_store_grant_add(struct cs_store *store, const struct cs_grant *grant);
UK_CHECKED enum cs_status cs_store_grant_get(struct cs_store *store,
					     const uint8_t hash[CS_HASH_LEN], struct cs_grant *ret);
/* Code, tries, passed. */
UK_CHECKED enum cs_status cs_store_grant_put(struct cs_store *store, const struct cs_grant *grant);
UK_CHECKED enum cs_status cs_store_grants_forget(struct cs_store *store, int64_t before);

#endif
