/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders as the tests need them: terms of an invented CA, one line for each thing that happens. */
#ifndef TESTS_SERVICE_DESK_ORDERS_H
#define TESTS_SERVICE_DESK_ORDERS_H

#include "service/orders/order.h"
#include "tests/service/engines.h"

#define NOW   (INT64_C(20000) * CS_DAY)
#define PHONE "13800138000"
#define NAME  "张三丰"

extern const struct cs_terms desk_terms;

/* An order book over a connection of its own; the vault's key is made once for each test. */
struct cs_orders *desk_open(void);
void desk_close(struct cs_orders *orders);
static inline void
desk_drop(struct cs_orders **orders)
{
	desk_close(*orders);
}
#define DESK UK_CLEANUP(desk_drop) struct cs_orders

/* Opens an order of that kind for the key; the certificate ends in ten days. */
enum cs_status desk_new(struct cs_orders *orders, enum cs_kind kind, const char *key_sn,
			struct cs_order_made *ret);
/* The event by the actor whose it is, at `now`. */
enum cs_status desk_event(struct cs_orders *orders, const char *id, enum cs_event event,
			  int64_t now);
/* Agrees to everything. */
enum cs_status desk_consent(struct cs_orders *orders, const char *id, int64_t now);
/* Everything up to a state of a renewal, or of another kind with the same beginning. */
void desk_to_review(struct cs_orders *orders, const char *id);
void desk_suspend(struct cs_orders *orders, const char *key_sn);
/* The order's state; fails the test when it cannot be read. */
enum cs_state desk_state(struct cs_orders *orders, const char *id);

#endif
