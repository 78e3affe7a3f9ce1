/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Payments and the notices that came about them; grants to see a unit's orders. */
#ifndef CS_STORE_PAYMENTS_H
#define CS_STORE_PAYMENTS_H

#include "service/store/orders.h"

#define CS_QR_TEXT 257

struct cs_payment {
	char order_id[CS_ID_TEXT];
	char provider[CS_WORD_TEXT];
	char reference[CS_ID_TEXT]; /* what the provider knows it by */
	int64_t amount;             /* cents */
	char state[CS_WORD_TEXT];   /* waiting, paid, refunding, refunded */
	char way[CS_WORD_TEXT];     /* wechat, alipay, transfer; "" any */
	char qr[CS_QR_TEXT];        /* what the QR code says; "" not known yet */
};

/* CS_E_EXISTS: the order has one. */
UK_CHECKED enum cs_status cs_store_payment_add(struct cs_store *store,
					       const struct cs_payment *payment, int64_t now);
UK_CHECKED enum cs_status cs_store_payment_of_order(struct cs_store *store, const char *order_id,
						    struct cs_payment *ret);
UK_CHECKED enum cs_status cs_store_payment_by_reference(struct cs_store *store,
							const char *provider, const char *reference,
							struct cs_payment *ret);
/* CS_E_CHANGED when it was not in state `from`. */
UK_CHECKED enum cs_status cs_store_payment_move(struct cs_store *store, const char *order_id,
						const char *from, const char *to, int64_t now);
UK_CHECKED enum cs_status cs_store_payment_qr(struct cs_store *store, const char *order_id,
					      const char *qr);
/* While it is waiting only: another way to pay, of another provider. */
UK_CHECKED enum cs_status cs_store_payment_way(struct cs_store *store,
					       const struct cs_payment *payment, int64_t now);
/* The newest payment of that unit for that key that was not given back: what a return is about. */
UK_CHECKED enum cs_status cs_store_payment_of_key(struct cs_store *store, const char *unit_mark,
						  const char *key_sn, struct cs_payment *ret);
/* CS_E_EXISTS when this notice came before. */
UK_CHECKED enum cs_status cs_store_notice_add(struct cs_store *store, const char *provider,
					      const char *notice, const char *order_id,
					      int64_t now);

/* What the provider sent and signed when money came, for whoever does not believe us. */
#define CS_STAMP_TEXT     72
#define CS_SIGNATURE_TEXT 1025
struct cs_kept_notice {
	char order_id[CS_ID_TEXT], provider[CS_WORD_TEXT], stamp[CS_STAMP_TEXT];
	struct cs_blob body;
	char signature[CS_SIGNATURE_TEXT]; /* hex */
};

static inline void
cs_kept_notice_clear(struct cs_kept_notice *notice)
{
	cs_blob_free(&notice->body);
}

#define CS_KEPT_NOTICE UK_CLEANUP(cs_kept_notice_clear) struct cs_kept_notice

/* The first one of an order stays. */
UK_CHECKED enum cs_status cs_store_notice_keep(struct cs_store *store,
					       const struct cs_kept_notice *notice);
UK_CHECKED enum cs_status cs_store_notice_of(struct cs_store *store, const char *order_id,
					     struct cs_kept_notice *ret);

struct cs_grant {
	uint8_t hash[CS_HASH_LEN]; /* of the secret that the asker got */
	char unit_mark[CS_HASH_TEXT];
	uint8_t code_hash[CS_HASH_LEN];
	int64_t tries, until, passed;
	char contact_mark[CS_HASH_TEXT]; /* of the number the code goes to */
	char person[CS_ID_TEXT];         /* whose data key seals the body; "" without */
	struct cs_blob body;             /* sealed: what is done once the code has come */
};

static inline void
cs_grant_clear(struct cs_grant *grant)
{
	cs_blob_free(&grant->body);
}

#define CS_GRANT UK_CLEANUP(cs_grant_clear) struct cs_grant

UK_CHECKED enum cs_status cs_store_grant_add(struct cs_store *store, const struct cs_grant *grant);
UK_CHECKED enum cs_status cs_store_grant_get(struct cs_store *store,
					     const uint8_t hash[CS_HASH_LEN], struct cs_grant *ret);
/* Code, contact, tries, passed. */
UK_CHECKED enum cs_status cs_store_grant_put(struct cs_store *store, const struct cs_grant *grant);
/* With the persons of those who never became handlers. In a transaction. */
UK_CHECKED enum cs_status cs_store_grants_forget(struct cs_store *store, int64_t before);

#endif
