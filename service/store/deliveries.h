/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes to the unit besides the certificate: a key, its first PIN, post, an invoice. */
#ifndef CS_STORE_DELIVERIES_H
#define CS_STORE_DELIVERIES_H

#include "service/store/payments.h"

#define CS_TRACKING_TEXT 41

struct cs_delivery {
	char key_sn[CS_SN_TEXT];         /* of the new key; "" none made yet */
	char pin[CS_WORD_TEXT];          /* fixed, sms, memo, activate; "" kept */
	char post[CS_WORD_TEXT];         /* collect, post; "" nothing to deliver */
	char tracking[CS_TRACKING_TEXT]; /* of the post */
	char invoice[CS_WORD_TEXT];      /* wanted, asked, issued, failed, void; "" none */
	char invoice_number[CS_TRACKING_TEXT];
	struct cs_blob body; /* sealed: the invoice's fields */
};

static inline void
cs_delivery_clear(struct cs_delivery *delivery)
{
	cs_blob_free(&delivery->body);
}

#define CS_DELIVERY UK_CLEANUP(cs_delivery_clear) struct cs_delivery

/* CS_E_NOT_FOUND */
UK_CHECKED enum cs_status cs_store_delivery_get(struct cs_store *store, const char *order_id,
						struct cs_delivery *ret);
UK_CHECKED enum cs_status cs_store_delivery_put(struct cs_store *store, const char *order_id,
						const struct cs_delivery *delivery, int64_t now);

/* An order and what its owner is shown with it. */
struct cs_order_whole {
	struct cs_order_row row;
	struct cs_payment payment; /* order_id "": there is none */
	struct cs_delivery delivery;
};

static inline void
cs_order_whole_clear(struct cs_order_whole *whole)
{
	cs_order_row_clear(&whole->row);
	cs_delivery_clear(&whole->delivery);
}

#define CS_ORDER_WHOLE UK_CLEANUP(cs_order_whole_clear) struct cs_order_whole

/* All of it by one statement; CS_E_NOT_FOUND. */
UK_CHECKED enum cs_status cs_store_order_whole(struct cs_store *store, const char *id,
					       struct cs_order_whole *ret);
UK_CHECKED enum cs_status cs_store_order_whole_by_cap(struct cs_store *store,
						      const uint8_t hash[CS_HASH_LEN],
						      struct cs_order_whole *ret);

#endif
