/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/orders.h"

#include "service/store/engine.h"
#include "service/store/rows.h"

#include <string.h>

#define FIELDS CS_ORDER_COLUMNS("")

void
cs_row_order(const struct cs_row *row, int first, struct cs_order_row *ret)
{
	cs_row_text(row, first, ret->id, sizeof(ret->id));
	cs_row_text(row, first + 1, ret->number, sizeof(ret->number));
	cs_row_text(row, first + 2, ret->kind, sizeof(ret->kind));
	cs_row_text(row, first + 3, ret->state, sizeof(ret->state));
	ret->ver = row->number(row->row, first + 4);
	cs_row_text(row, first + 5, ret->key_sn, sizeof(ret->key_sn));
	cs_row_text(row, first + 6, ret->profile, sizeof(ret->profile));
	cs_row_text(row, first + 7, ret->method, sizeof(ret->method));
	cs_row_text(row, first + 8, ret->unit_mark, sizeof(ret->unit_mark));
	cs_row_text(row, first + 9, ret->person, sizeof(ret->person));
	ret->created = row->number(row->row, first + 10);
	ret->changed = row->number(row->row, first + 11);
	ret->deadline = ret->due = row->number(row->row, first + 12);
	ret->retain = row->number(row->row, first + 13);
	ret->checked = row->number(row->row, first + 14);
	ret->paper = row->number(row->row, first + 15);
}

static enum cs_status
order_row(const struct cs_row *row, void *ctx)
{
	struct cs_order_row *ret = ctx;

	cs_row_order(row, 0, ret);
	return cs_row_blob(row, CS_ORDER_COLUMNS_LEN, &ret->body);
}

/* The deadlines are a table of their own: what has none is in no index. */
static enum cs_status
deadline_put(struct cs_store *store, const struct cs_order_row *row)
{
	static const char put[] =
		"INSERT INTO order_deadlines (ca, order_id, at) VALUES ($1, $2, $3)"
		" ON CONFLICT (ca, order_id) DO UPDATE SET at = excluded.at";
	static const char drop[] = "DELETE FROM order_deadlines WHERE ca = $1 AND order_id = $2";

	if (row->deadline == row->due)
		return CS_OK;
	if (row->deadline == 0)
		return CS_EXECUTE(store, drop, NULL, cs_text(store->ca), cs_text(row->id));
	return CS_EXECUTE(store, put, NULL, cs_text(store->ca), cs_text(row->id),
			  cs_int(row->deadline));
}

enum cs_status
cs_store_order_add(struct cs_store *store, const struct cs_order_row *row)
{
	static const char sql[] =
		"INSERT INTO orders (ca, " FIELDS ", body) VALUES"
		" ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
		" $18)"
		" ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(
		store, sql, &rows, cs_text(store->ca), cs_text(row->id), cs_text(row->number),
		cs_text(row->kind), cs_text(row->state), cs_int(row->ver), cs_text(row->key_sn),
		cs_text(row->profile), cs_text(row->method), cs_text(row->unit_mark),
		cs_text(row->person), cs_int(row->created), cs_int(row->changed),
		cs_int(row->deadline), cs_int(row->retain), cs_int(row->checked),
		cs_int(row->paper), cs_bytes(cs_blob_span(&row->body)));

	if (st == CS_OK && rows != 1)
		return CS_E_EXISTS;
	return st == CS_OK ? deadline_put(store, row) : st;
}

enum cs_status
cs_store_order_get(struct cs_store *store, const char *id, struct cs_order_row *ret)
{
	static const char sql[] = "SELECT " FIELDS ", body FROM orders WHERE ca = $1 AND id = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, order_row, ret, cs_text(store->ca), cs_text(id));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_order_by_number(struct cs_store *store, const char *number, struct cs_order_row *ret)
{
	static const char sql[] =
		"SELECT " FIELDS ", body FROM orders WHERE ca = $1 AND number = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, order_row, ret, cs_text(store->ca), cs_text(number));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_order_by_cap(struct cs_store *store, const uint8_t hash[CS_HASH_LEN],
		      struct cs_order_row *ret)
{
	static const char sql[] = "SELECT " FIELDS ", body FROM orders WHERE ca = $1 AND id ="
				  " (SELECT order_id FROM order_caps WHERE ca = $2 AND hash = $3)";
	struct cs_statement ask =
		CS_STATEMENT(sql, order_row, ret, cs_text(store->ca), cs_text(store->ca),
			     cs_bytes(uk_span_of(hash, CS_HASH_LEN)));

	return cs_fetch(store, &ask);
}

#define WHOLE                                                                                      \
	"SELECT " CS_ORDER_COLUMNS("o.") ", o.body, " CS_PAYMENT_COLUMNS(                          \
		"p.") ", " CS_DELIVERY_COLUMNS("d.") " FROM orders o"                              \
						     " LEFT JOIN payments p ON p.ca = o.ca AND "   \
						     "p.order_id = o.id"                           \
						     " LEFT JOIN deliveries d ON d.ca = o.ca AND " \
						     "d.order_id = o.id"

static enum cs_status
whole_row(const struct cs_row *row, void *ctx)
{
	struct cs_order_whole *ret = ctx;
	enum cs_status st = order_row(row, &ret->row);

	cs_row_payment(row, CS_ORDER_COLUMNS_LEN + 1, &ret->payment);
	return st == CS_OK ? cs_row_delivery(row, CS_ORDER_COLUMNS_LEN + 1 + CS_PAYMENT_COLUMNS_LEN,
					     &ret->delivery)
			   : st;
}

enum cs_status
cs_store_order_whole(struct cs_store *store, const char *id, struct cs_order_whole *ret)
{
	static const char sql[] = WHOLE " WHERE o.ca = $1 AND o.id = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, whole_row, ret, cs_text(store->ca), cs_text(id));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_order_whole_by_cap(struct cs_store *store, const uint8_t hash[CS_HASH_LEN],
			    struct cs_order_whole *ret)
{
	static const char sql[] =
		WHOLE " WHERE o.ca = $1 AND o.id ="
		      " (SELECT order_id FROM order_caps WHERE ca = $2 AND hash = $3)";
	struct cs_statement ask =
		CS_STATEMENT(sql, whole_row, ret, cs_text(store->ca), cs_text(store->ca),
			     cs_bytes(uk_span_of(hash, CS_HASH_LEN)));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_order_put(struct cs_store *store, struct cs_order_row *row)
{
	static const char sql[] = "UPDATE orders SET state = $1, ver = ver + 1, key_sn = $2,"
				  " changed = $3, deadline = $4, retain = $5, body = $6,"
				  " checked = $7, paper = $8"
				  " WHERE ca = $9 AND id = $10 AND ver = $11";
	static const char retain[] =
		"INSERT INTO order_retains (ca, order_id, at) VALUES ($1, $2, $3)"
		" ON CONFLICT (ca, order_id) DO UPDATE SET at = excluded.at";
	const struct cs_statement put = CS_STATEMENT(
		sql, NULL, NULL, cs_text(row->state), cs_text(row->key_sn), cs_int(row->changed),
		cs_int(row->deadline), cs_int(row->retain), cs_bytes(cs_blob_span(&row->body)),
		cs_int(row->checked), cs_int(row->paper), cs_text(store->ca), cs_text(row->id),
		cs_int(row->ver));
	enum cs_status st = cs_execute_later(store, &put, 1, CS_E_CHANGED);

	if (st == CS_OK)
		st = deadline_put(store, row);
	if (st == CS_OK && row->retain != 0)
		st = CS_EXECUTE(store, retain, NULL, cs_text(store->ca), cs_text(row->id),
				cs_int(row->retain));
	if (st == CS_OK) {
		row->ver++;
		row->due = row->deadline;
	}
	return st;
}

struct order_list {
	cs_order_fn each;
	void *ctx;
};

static enum cs_status
list_row(const struct cs_row *row, void *ctx)
{
	const struct order_list *list = ctx;
	struct cs_order_row order = {.ver = 0};

	cs_row_order(row, 0, &order);
	return list->each(&order, list->ctx);
}

enum cs_status
cs_store_orders_of_unit(struct cs_store *store, const char *unit_mark, cs_order_fn each, void *ctx)
{
	static const char sql[] = "SELECT " FIELDS " FROM orders WHERE ca = $1 AND unit_mark = $2"
				  " ORDER BY created DESC LIMIT 100";
	struct order_list list = {each, ctx};
	struct cs_statement ask =
		CS_STATEMENT(sql, list_row, &list, cs_text(store->ca), cs_text(unit_mark));
	enum cs_status st = cs_fetch(store, &ask);

	return st == CS_E_NOT_FOUND ? CS_OK : st;
}

static enum cs_status
id_row(const struct cs_row *row, void *ctx)
{
	cs_row_text(row, 0, ctx, CS_ID_TEXT);
	return CS_OK;
}

enum cs_status
cs_store_order_due(struct cs_store *store, int64_t now, char ret_id[CS_ID_TEXT])
{
	static const char sql[] = "SELECT order_id FROM order_deadlines WHERE ca = $1 AND at <= $2"
				  " ORDER BY at LIMIT 1";
	struct cs_statement ask =
		CS_STATEMENT(sql, id_row, ret_id, cs_text(store->ca), cs_int(now));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_order_stale(struct cs_store *store, int64_t now, char ret_id[CS_ID_TEXT])
{
	static const char sql[] = "SELECT order_id FROM order_retains WHERE ca = $1 AND at <= $2"
				  " ORDER BY at LIMIT 1";
	struct cs_statement ask =
		CS_STATEMENT(sql, id_row, ret_id, cs_text(store->ca), cs_int(now));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_order_unretain(struct cs_store *store, struct cs_order_row *row)
{
	static const char sql[] = "DELETE FROM order_retains WHERE ca = $1 AND order_id = $2";

	row->retain = 0;
	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(row->id));
}

enum cs_status
cs_store_order_forget(struct cs_store *store, const struct cs_order_row *row)
{
	static const char *const sql[] = {
		"DELETE FROM documents WHERE ca = $1 AND order_id = $2",
		"DELETE FROM order_deadlines WHERE ca = $1 AND order_id = $2",
		"DELETE FROM order_retains WHERE ca = $1 AND order_id = $2",
		"DELETE FROM order_codes WHERE ca = $1 AND order_id = $2",
		"DELETE FROM order_caps WHERE ca = $1 AND order_id = $2",
		"DELETE FROM consents WHERE ca = $1 AND order_id = $2",
		"DELETE FROM deliveries WHERE ca = $1 AND order_id = $2",
		"DELETE FROM notices WHERE ca = $1 AND order_id = $2",
		"DELETE FROM payments WHERE ca = $1 AND order_id = $2",
		"DELETE FROM orders WHERE ca = $1 AND id = $2",
	};
	static const char person[] = "DELETE FROM persons WHERE ca = $1 AND id = $2";
	enum cs_status st =
		CS_EXECUTE(store, person, NULL, cs_text(store->ca), cs_text(row->person));

	for (size_t i = 0; i < ARRAY_SIZE(sql) && st == CS_OK; i++)
		st = CS_EXECUTE(store, sql[i], NULL, cs_text(store->ca), cs_text(row->id));
	return st;
}

enum cs_status
cs_store_cap_add(struct cs_store *store, const uint8_t hash[CS_HASH_LEN], const char *order_id,
		 int64_t now)
{
	static const char sql[] = "INSERT INTO order_caps (ca, hash, order_id, made)"
				  " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca),
			  cs_bytes(uk_span_of(hash, CS_HASH_LEN)), cs_text(order_id), cs_int(now));
}

enum cs_status
cs_store_cap_find(struct cs_store *store, const uint8_t hash[CS_HASH_LEN],
		  char ret_order[CS_ID_TEXT])
{
	static const char sql[] = "SELECT order_id FROM order_caps WHERE ca = $1 AND hash = $2";
	struct cs_statement ask = CS_STATEMENT(sql, id_row, ret_order, cs_text(store->ca),
					       cs_bytes(uk_span_of(hash, CS_HASH_LEN)));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_caps_drop(struct cs_store *store, const char *order_id)
{
	static const char sql[] = "DELETE FROM order_caps WHERE ca = $1 AND order_id = $2";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(order_id));
}

struct idem_found {
	char order_id[CS_ID_TEXT];
	uint8_t body_hash[CS_HASH_LEN];
};

static enum cs_status
idem_row(const struct cs_row *row, void *ctx)
{
	struct idem_found *found = ctx;

	cs_row_text(row, 0, found->order_id, sizeof(found->order_id));
	return cs_row_fixed(row, 1, found->body_hash, CS_HASH_LEN);
}

static enum cs_status
idem_find(struct cs_store *store, struct cs_idempotency *key)
{
	static const char sql[] =
		"SELECT order_id, body_hash FROM idempotency WHERE ca = $1 AND hash = $2";
	struct idem_found found = {.order_id = ""};
	struct cs_statement ask = CS_STATEMENT(sql, idem_row, &found, cs_text(store->ca),
					       cs_bytes(uk_span_of(key->hash, CS_HASH_LEN)));
	enum cs_status st = cs_fetch(store, &ask);

	if (st != CS_OK)
		return st;
	if (memcmp(found.body_hash, key->body_hash, CS_HASH_LEN) != 0)
		return CS_E_CHANGED;
	memcpy(key->order_id, found.order_id, sizeof(found.order_id));
	key->first = false;
	return CS_OK;
}

enum cs_status
cs_store_idempotent(struct cs_store *store, struct cs_idempotency *key)
{
	static const char sql[] = "INSERT INTO idempotency (ca, hash, body_hash, order_id, made)"
				  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(store->ca),
				       cs_bytes(uk_span_of(key->hash, CS_HASH_LEN)),
				       cs_bytes(uk_span_of(key->body_hash, CS_HASH_LEN)),
				       cs_text(key->order_id), cs_int(key->made));

	if (st != CS_OK || rows == 1) {
		key->first = true;
		return st;
	}
	return idem_find(store, key);
}

enum cs_status
cs_store_idempotency_forget(struct cs_store *store, int64_t before)
{
	static const char sql[] = "DELETE FROM idempotency WHERE ca = $1 AND made < $2";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_int(before));
}

static enum cs_status
number_row(const struct cs_row *row, void *ctx)
{
	*(int64_t *)ctx = row->number(row->row, 0);
	return CS_OK;
}

enum cs_status
cs_store_numbers(struct cs_store *store, const char *day, const char *letter, int64_t count,
		 int64_t *ret_first)
{
	static const char make[] = "INSERT INTO number_blocks (ca, day, letter, next)"
				   " VALUES ($1, $2, $3, 1) ON CONFLICT DO NOTHING";
	static const char take[] = "UPDATE number_blocks SET next = next + $1"
				   " WHERE ca = $2 AND day = $3 AND letter = $4 RETURNING next";
	int64_t next = 0;
	struct cs_statement ask = CS_STATEMENT(take, number_row, &next, cs_int(count),
					       cs_text(store->ca), cs_text(day), cs_text(letter));
	enum cs_status st =
		CS_EXECUTE(store, make, NULL, cs_text(store->ca), cs_text(day), cs_text(letter));

	if (st == CS_OK)
		st = cs_run(store, &ask);
	if (st == CS_OK && ask.rows != 1)
		st = CS_E_INTERNAL;
	if (st == CS_OK)
		*ret_first = next - count;
	return st;
}
