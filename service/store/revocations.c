/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/revocations.h"

#include "service/store/engine.h"

#include <string.h>

#define FIELDS "serial, order_id, state, reason, at, not_after"

static void
revocation_read(const struct cs_row *row, struct cs_revocation_row *ret)
{
	cs_row_text(row, 0, ret->serial, sizeof(ret->serial));
	cs_row_text(row, 1, ret->order_id, sizeof(ret->order_id));
	cs_row_text(row, 2, ret->state, sizeof(ret->state));
	ret->reason = row->number(row->row, 3);
	ret->at = row->number(row->row, 4);
	ret->not_after = row->number(row->row, 5);
}

static enum cs_status
revocation_row(const struct cs_row *row, void *ctx)
{
	revocation_read(row, ctx);
	return CS_OK;
}

enum cs_status
cs_store_revocation_get(struct cs_store *store, const char *serial, struct cs_revocation_row *ret)
{
	static const char sql[] =
		"SELECT " FIELDS " FROM revocations WHERE ca = $1 AND serial = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, revocation_row, ret, cs_text(store->ca), cs_text(serial));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_revocation_put(struct cs_store *store, const struct cs_revocation_row *row)
{
	static const char sql[] =
		"INSERT INTO revocations (ca, " FIELDS ") VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (ca, serial) DO UPDATE SET order_id = excluded.order_id,"
		" state = excluded.state, reason = excluded.reason, at = excluded.at,"
		" not_after = excluded.not_after";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(row->serial),
			  cs_text(row->order_id), cs_text(row->state), cs_int(row->reason),
			  cs_int(row->at), cs_int(row->not_after));
}

enum cs_status
cs_store_revocation_lift(struct cs_store *store, const char *serial)
{
	static const char sql[] =
		"DELETE FROM revocations WHERE ca = $1 AND serial = $2 AND state = 'held'";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(store->ca), cs_text(serial));

	return st == CS_OK && rows != 1 ? CS_E_STATE : st;
}

struct each_revocation {
	cs_revocation_fn each;
	void *ctx;
};

static enum cs_status
each_row(const struct cs_row *row, void *ctx)
{
	const struct each_revocation *each = ctx;
	struct cs_revocation_row revocation;

	revocation_read(row, &revocation);
	return each->each(&revocation, each->ctx);
}

enum cs_status
cs_store_revocations(struct cs_store *store, int64_t now, cs_revocation_fn each, void *ctx)
{
	static const char sql[] = "SELECT " FIELDS " FROM revocations"
				  " WHERE ca = $1 AND not_after >= $2 AND at <= $3 ORDER BY serial";
	struct each_revocation one = {each, ctx};
	struct cs_statement ask =
		CS_STATEMENT(sql, each_row, &one, cs_text(store->ca), cs_int(now), cs_int(now));

	return cs_run(store, &ask);
}

enum cs_status
cs_store_held_by(struct cs_store *store, const char *order_id, cs_revocation_fn each, void *ctx)
{
	static const char sql[] = "SELECT " FIELDS " FROM revocations"
				  " WHERE ca = $1 AND order_id = $2 AND state = 'held'"
				  " ORDER BY serial";
	struct each_revocation one = {each, ctx};
	struct cs_statement ask =
		CS_STATEMENT(sql, each_row, &one, cs_text(store->ca), cs_text(order_id));

	return cs_run(store, &ask);
}

enum cs_status
cs_store_answer_due(struct cs_store *store, const char *serial, int64_t due, int64_t not_after)
{
	static const char sql[] =
		"INSERT INTO answers (ca, serial, due, not_after) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (ca, serial) DO UPDATE SET due = excluded.due";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(serial), cs_int(due),
			  cs_int(not_after));
}

struct answers {
	struct cs_answer_row *rows;
	size_t count;
};

static enum cs_status
answer_row(const struct cs_row *row, void *ctx)
{
	struct answers *answers = ctx;
	struct cs_answer_row *answer = &answers->rows[answers->count++];

	cs_row_text(row, 0, answer->serial, sizeof(answer->serial));
	answer->due = row->number(row->row, 1);
	answer->not_after = row->number(row->row, 2);
	return CS_OK;
}

enum cs_status
cs_store_answers(struct cs_store *store, int64_t now, struct cs_answer_row *ret, size_t most,
		 size_t *ret_count)
{
	static const char sql[] =
		"SELECT serial, due, not_after FROM answers WHERE ca = $1 AND due <= $2"
		" AND not_after >= $3 ORDER BY due LIMIT $4";
	struct answers answers = {ret, 0};
	struct cs_statement ask = CS_STATEMENT(sql, answer_row, &answers, cs_text(store->ca),
					       cs_int(now), cs_int(now), cs_int((int64_t)most));
	enum cs_status st = cs_run(store, &ask);

	if (st == CS_OK)
		*ret_count = answers.count;
	return st;
}

enum cs_status
cs_store_answer_made(struct cs_store *store, const struct cs_answer_row *row, int64_t due)
{
	static const char sql[] =
		"UPDATE answers SET due = $1 WHERE ca = $2 AND serial = $3 AND due = $4";

	return CS_EXECUTE(store, sql, NULL, cs_int(due), cs_text(store->ca), cs_text(row->serial),
			  cs_int(row->due));
}

static enum cs_status
value_row(const struct cs_row *row, void *ctx)
{
	*(int64_t *)ctx = row->number(row->row, 0);
	return CS_OK;
}

enum cs_status
cs_store_count(struct cs_store *store, const char *name, int64_t *ret)
{
	static const char sql[] = "INSERT INTO counters (ca, name, value) VALUES ($1, $2, 1)"
				  " ON CONFLICT (ca, name) DO UPDATE SET value = counters.value + 1"
				  " RETURNING value";
	struct cs_statement ask =
		CS_STATEMENT(sql, value_row, ret, cs_text(store->ca), cs_text(name));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_counter(struct cs_store *store, const char *name, int64_t *ret)
{
	static const char sql[] = "SELECT value FROM counters WHERE ca = $1 AND name = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, value_row, ret, cs_text(store->ca), cs_text(name));

	*ret = 0;
	enum cs_status st = cs_fetch(store, &ask);

	return st == CS_E_NOT_FOUND ? CS_OK : st;
}

static enum cs_status
order_row(const struct cs_row *row, void *ctx)
{
	cs_row_text(row, 0, ctx, CS_ID_TEXT);
	return CS_OK;
}

enum cs_status
cs_store_receipt_add(struct cs_store *store, const char *provider, const char *reference,
		     const char *order_id, int64_t now)
{
	static const char add[] = "INSERT INTO receipts (ca, provider, reference, order_id, at)"
				  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
	static const char sql[] = "SELECT order_id FROM receipts"
				  " WHERE ca = $1 AND provider = $2 AND reference = $3";
	char found[CS_ID_TEXT] = "";
	struct cs_statement ask = CS_STATEMENT(sql, order_row, found, cs_text(store->ca),
					       cs_text(provider), cs_text(reference));
	enum cs_status st = CS_EXECUTE(store, add, NULL, cs_text(store->ca), cs_text(provider),
				       cs_text(reference), cs_text(order_id), cs_int(now));

	if (st == CS_OK)
		st = cs_fetch(store, &ask);
	return st == CS_OK && strcmp(found, order_id) != 0 ? CS_E_EXISTS : st;
}
