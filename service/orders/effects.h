/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a step of an order causes besides the new state. All inside the step's transaction. */
#ifndef CS_ORDERS_EFFECTS_H
#define CS_ORDERS_EFFECTS_H

#include "service/orders/order.h"

struct cs_step {
	const struct cs_happening *what;
	enum cs_kind kind;
	enum cs_state from, to;
};

/* A new order: its claim on the key, and the log. */
UK_CHECKED enum cs_status cs_order_opened(struct cs_orders *orders, enum cs_kind kind,
					  const struct cs_order_row *row);
/* Whether something outside the order forbids the step: a lost or revoked key gets nothing. */
UK_CHECKED enum cs_status cs_order_may(struct cs_orders *orders, const struct cs_step *step,
				       struct cs_order_row *row);
/* Claims, blocks, letters, the log. */
UK_CHECKED enum cs_status cs_order_effects(struct cs_orders *orders, const struct cs_step *step,
					   const struct cs_order_row *row);

#endif
