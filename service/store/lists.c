/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/lists.h"

#include "service/store/engine.h"

#include <stdio.h>

#define ONCE_ROOM   128
#define LAST_NUMBER "99999999Z999999"

static enum cs_status
none_is_fine(enum cs_status st, const struct cs_statement *ask)
{
	return st == CS_E_NOT_FOUND && ask->rows == 0 ? CS_OK : st;
}

struct order_list {
	cs_order_fn each;
	void *ctx;
};

static enum cs_status
order_row(const struct cs_row *row, void *ctx)
{
	const struct order_list *list = ctx;
	struct cs_order_row order = {.ver = row->number(row->row, 4)};

	cs_row_text(row, 0, order.id, sizeof(order.id));
	cs_row_text(row, 1, order.number, sizeof(order.number));
	cs_row_text(row, 2, order.kind, sizeof(order.kind));
	cs_row_text(row, 3, order.state, sizeof(order.state));
	cs_row_text(row, 5, order.key_sn, sizeof(order.key_sn));
	order.created = row->number(row->row, 6);
	order.changed = row->number(row->row, 7);
	order.deadline = row->number(row->row, 8);
	return list->each(&order, list->ctx);
}

#define FIELDS "SELECT id, number, kind, state, ver, key_sn, created, changed, deadline FROM orders"

enum cs_status
cs_store_orders_list(struct cs_store *store, const struct cs_order_filter *filter, cs_order_fn each,
		     void *ctx)
{
	static const char sql[] =
		FIELDS " WHERE ca = $1 AND number < $2 AND ($3 = '' OR kind = $4)"
		       " AND ($5 = '' OR state = $6) AND ($7 = '' OR key_sn = $8)"
		       " AND ($9 = '' OR unit_mark = $10) ORDER BY number DESC LIMIT 50";
	struct order_list list = {each, ctx};
	struct cs_statement ask = CS_STATEMENT(
		sql, order_row, &list, cs_text(store->ca),
		cs_text(filter->before[0] != '\0' ? filter->before : LAST_NUMBER),
		cs_text(filter->kind), cs_text(filter->kind), cs_text(filter->state),
		cs_text(filter->state), cs_text(filter->key_sn), cs_text(filter->key_sn),
		cs_text(filter->unit_mark), cs_text(filter->unit_mark));

	return none_is_fine(cs_fetch(store, &ask), &ask);
}

struct entry_list {
	const char *chain;
	cs_audit_fn each;
	void *ctx;
};

static enum cs_status
entry_row(const struct cs_row *row, void *ctx)
{
	const struct entry_list *list = ctx;
	const struct cs_audit_row entry = {.chain = list->chain,
					   .seq = row->number(row->row, 0),
					   .at = row->number(row->row, 1),
					   .body = row->bytes(row->row, 2)};

	return list->each(&entry, list->ctx);
}

enum cs_status
cs_store_audit_from(struct cs_store *store, const char *chain, int64_t from, cs_audit_fn each,
		    void *ctx)
{
	static const char sql[] = "SELECT seq, at, body FROM audit_entries"
				  " WHERE ca = $1 AND chain = $2 AND seq >= $3 ORDER BY seq DESC";
	struct entry_list list = {chain, each, ctx};
	struct cs_statement ask = CS_STATEMENT(sql, entry_row, &list, cs_text(store->ca),
					       cs_text(chain), cs_int(from));

	return none_is_fine(cs_fetch(store, &ask), &ask);
}

struct trace_list {
	cs_trace_fn each;
	void *ctx;
};

static enum cs_status
trace_row(const struct cs_row *row, void *ctx)
{
	const struct trace_list *list = ctx;
	struct cs_letter_trace trace = {.due = row->number(row->row, 3),
					.tries = row->number(row->row, 4),
					.done = row->number(row->row, 5)};

	cs_row_text(row, 0, trace.id, sizeof(trace.id));
	cs_row_text(row, 1, trace.topic, sizeof(trace.topic));
	cs_row_text(row, 2, trace.once, sizeof(trace.once));
	return list->each(&trace, list->ctx);
}

enum cs_status
cs_store_letters_of(struct cs_store *store, const char *topic, const char *prefix, cs_trace_fn each,
		    void *ctx)
{
	static const char sql[] = "SELECT id, topic, once, due, tries, done FROM outbox"
				  " WHERE ca = $1 AND topic = $2 AND once LIKE $3"
				  " ORDER BY due, id LIMIT 50";
	struct trace_list list = {each, ctx};
	char pattern[ONCE_ROOM];
	struct cs_statement ask;

	(void)snprintf(pattern, sizeof(pattern), "%s%%", prefix);
	ask = (struct cs_statement)CS_STATEMENT(sql, trace_row, &list, cs_text(store->ca),
						cs_text(topic), cs_text(pattern));
	return none_is_fine(cs_fetch(store, &ask), &ask);
}
