/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Columns of an answer as what they are, from column `first` on: for statements over several
 * tables. */
#ifndef CS_STORE_ROWS_H
#define CS_STORE_ROWS_H

#include "service/store/deliveries.h"
#include "service/store/engine.h"

#define CS_ORDER_COLUMNS(t)                                                                    \
	t "id, " t "number, " t "kind, " t "state, " t "ver, " t "key_sn, " t "profile, " t    \
	  "method, " t "unit_mark, " t "person, " t "created, " t "changed, " t "deadline, " t \
	  "retain, " t "checked, " t "paper"
#define CS_ORDER_COLUMNS_LEN 16
#define CS_PAYMENT_COLUMNS(t) \
	t "order_id, " t "provider, " t "reference, " t "amount, " t "state, " t "way, " t "qr"
#define CS_PAYMENT_COLUMNS_LEN 7
#define CS_DELIVERY_COLUMNS(t)                                                                     \
	t "key_sn, " t "pin, " t "post, " t "tracking, " t "invoice, " t "invoice_number, " t "bo" \
	  "dy"

/* Without the body. */
void cs_row_order(const struct cs_row *row, int first, struct cs_order_row *ret);
void cs_row_payment(const struct cs_row *row, int first, struct cs_payment *ret);
UK_CHECKED enum cs_status cs_row_delivery(const struct cs_row *row, int first,
					  struct cs_delivery *ret);

#endif
