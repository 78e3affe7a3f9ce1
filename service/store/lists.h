/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What operators look at: orders newest first, the end of the log, what was sent about an order. */
#ifndef CS_STORE_LISTS_H
#define CS_STORE_LISTS_H

#include "service/store/audit.h"
#include "service/store/orders.h"
#include "service/store/outbox.h"

#define CS_LIST_MAX 50

/* "" for any. Order numbers begin with their day, so they sort by time. */
struct cs_order_filter {
	const char *kind, *state, *key_sn, *unit_mark;
	const char *before; /* only numbers below this one */
};

/* At most CS_LIST_MAX orders, without bodies. */
UK_CHECKED enum cs_status cs_store_orders_list(struct cs_store *store,
					       const struct cs_order_filter *filter,
					       cs_order_fn each, void *ctx);

/* A chain's last entries, from the one numbered `from` on. */
UK_CHECKED enum cs_status cs_store_audit_from(struct cs_store *store, const char *chain,
					      int64_t from, cs_audit_fn each, void *ctx);

/* A letter without what is in it. */
struct cs_letter_trace {
	char id[CS_ID_TEXT], topic[CS_TOPIC_TEXT], once[128];
	int64_t due, tries, done;
};
typedef enum cs_status (*cs_trace_fn)(const struct cs_letter_trace *trace, void *ctx);
/* Those of a topic whose `once` begins with prefix (letters, digits, /); at most CS_LIST_MAX. */
UK_CHECKED enum cs_status cs_store_letters_of(struct cs_store *store, const char *topic,
					      const char *prefix, cs_trace_fn each, void *ctx);

#endif
