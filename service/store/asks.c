/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/asks.h"

#include "service/store/engine.h"

enum cs_status
cs_store_ask_add(struct cs_store *store, const struct cs_ask_row *row)
{
	static const char sql[] =
		"INSERT INTO asks (ca, id, order_id, act, state, by_operator, ver, made, changed,"
		" body, members) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
		" ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(
		store, sql, &rows, cs_text(store->ca), cs_text(row->id), cs_text(row->order_id),
		cs_text(row->act), cs_text(row->state), cs_text(row->by), cs_int(row->ver),
		cs_int(row->made), cs_int(row->changed), cs_bytes(cs_blob_span(&row->body)),
		cs_bytes(cs_blob_span(&row->members)));

	return st == CS_OK && rows != 1 ? CS_E_EXISTS : st;
}

static enum cs_status
ask_read(const struct cs_row *row, struct cs_ask_row *ret)
{
	cs_row_text(row, 0, ret->id, sizeof(ret->id));
	cs_row_text(row, 1, ret->order_id, sizeof(ret->order_id));
	cs_row_text(row, 2, ret->act, sizeof(ret->act));
	cs_row_text(row, 3, ret->state, sizeof(ret->state));
	cs_row_text(row, 4, ret->by, sizeof(ret->by));
	ret->ver = row->number(row->row, 5);
	ret->made = row->number(row->row, 6);
	ret->changed = row->number(row->row, 7);
	return cs_row_blob(row, 8, &ret->body);
}

static enum cs_status
whole_row(const struct cs_row *row, void *ctx)
{
	struct cs_ask_row *ret = ctx;
	enum cs_status st = ask_read(row, ret);

	return st == CS_OK ? cs_row_blob(row, 9, &ret->members) : st;
}

enum cs_status
cs_store_ask_get(struct cs_store *store, const char *id, struct cs_ask_row *ret)
{
	static const char sql[] = "SELECT id, order_id, act, state, by_operator, ver, made,"
				  " changed, body, members FROM asks WHERE ca = $1 AND id = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, whole_row, ret, cs_text(store->ca), cs_text(id));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_ask_put(struct cs_store *store, struct cs_ask_row *row)
{
	static const char sql[] = "UPDATE asks SET state = $1, changed = $2, ver = ver + 1"
				  " WHERE ca = $3 AND id = $4 AND ver = $5";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(row->state), cs_int(row->changed),
				       cs_text(store->ca), cs_text(row->id), cs_int(row->ver));

	if (st == CS_OK && rows != 1)
		return CS_E_CHANGED;
	row->ver += st == CS_OK ? 1 : 0;
	return st;
}

struct ask_list {
	cs_ask_fn each;
	void *ctx;
};

static enum cs_status
list_row(const struct cs_row *row, void *ctx)
{
	const struct ask_list *list = ctx;
	CS_ASK_ROW ask = {.ver = 0};
	enum cs_status st = ask_read(row, &ask);

	return st == CS_OK ? list->each(&ask, list->ctx) : st;
}

enum cs_status
cs_store_asks_of_order(struct cs_store *store, const char *order_id, cs_ask_fn each, void *ctx)
{
	static const char sql[] = "SELECT id, order_id, act, state, by_operator, ver, made,"
				  " changed, body FROM asks WHERE ca = $1 AND order_id = $2"
				  " ORDER BY made DESC, id DESC LIMIT 50";
	struct ask_list list = {each, ctx};
	struct cs_statement ask =
		CS_STATEMENT(sql, list_row, &list, cs_text(store->ca), cs_text(order_id));
	enum cs_status st = cs_fetch(store, &ask);

	return st == CS_E_NOT_FOUND && ask.rows == 0 ? CS_OK : st;
}

enum cs_status
cs_store_ask_sign(struct cs_store *store, const char *ask_id, const char *name,
		  struct uk_span signature, int64_t now)
{
	static const char sql[] = "INSERT INTO ask_signatures (ca, ask_id, name, signature, at)"
				  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (ca, ask_id, name)"
				  " DO UPDATE SET signature = excluded.signature, at = excluded.at";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(ask_id), cs_text(name),
			  cs_bytes(signature), cs_int(now));
}

struct signed_list {
	cs_signed_by_fn each;
	void *ctx;
};

static enum cs_status
signed_row(const struct cs_row *row, void *ctx)
{
	const struct signed_list *list = ctx;
	char name[CS_ASK_BY_TEXT];

	cs_row_text(row, 0, name, sizeof(name));
	return list->each(name, row->bytes(row->row, 1), list->ctx);
}

enum cs_status
cs_store_ask_signed(struct cs_store *store, const char *ask_id, cs_signed_by_fn each, void *ctx)
{
	static const char sql[] = "SELECT name, signature FROM ask_signatures"
				  " WHERE ca = $1 AND ask_id = $2 ORDER BY name";
	struct signed_list list = {each, ctx};
	struct cs_statement ask =
		CS_STATEMENT(sql, signed_row, &list, cs_text(store->ca), cs_text(ask_id));
	enum cs_status st = cs_fetch(store, &ask);

	return st == CS_E_NOT_FOUND && ask.rows == 0 ? CS_OK : st;
}
