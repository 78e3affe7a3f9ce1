/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/payments.h"

#include "service/store/engine.h"
#include "service/store/rows.h"

#define FIELDS CS_PAYMENT_COLUMNS("")

static enum cs_status
one_row(enum cs_status st, int64_t rows, enum cs_status otherwise)
{
	return st == CS_OK && rows != 1 ? otherwise : st;
}

enum cs_status
cs_store_payment_add(struct cs_store *store, const struct cs_payment *payment, int64_t now)
{
	static const char sql[] = "INSERT INTO payments (ca, " FIELDS ", changed)"
				  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
				  " ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(
		store, sql, &rows, cs_text(store->ca), cs_text(payment->order_id),
		cs_text(payment->provider), cs_text(payment->reference), cs_int(payment->amount),
		cs_text(payment->state), cs_text(payment->way), cs_text(payment->qr), cs_int(now));

	return one_row(st, rows, CS_E_EXISTS);
}

void
cs_row_payment(const struct cs_row *row, int first, struct cs_payment *ret)
{
	cs_row_text(row, first, ret->order_id, sizeof(ret->order_id));
	cs_row_text(row, first + 1, ret->provider, sizeof(ret->provider));
	cs_row_text(row, first + 2, ret->reference, sizeof(ret->reference));
	ret->amount = row->number(row->row, first + 3);
	cs_row_text(row, first + 4, ret->state, sizeof(ret->state));
	cs_row_text(row, first + 5, ret->way, sizeof(ret->way));
	cs_row_text(row, first + 6, ret->qr, sizeof(ret->qr));
}

static enum cs_status
payment_row(const struct cs_row *row, void *ctx)
{
	cs_row_payment(row, 0, ctx);
	return CS_OK;
}

enum cs_status
cs_store_payment_of_order(struct cs_store *store, const char *order_id, struct cs_payment *ret)
{
	static const char sql[] = "SELECT " FIELDS " FROM payments WHERE ca = $1 AND order_id = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, payment_row, ret, cs_text(store->ca), cs_text(order_id));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_payment_by_reference(struct cs_store *store, const char *provider, const char *reference,
			      struct cs_payment *ret)
{
	static const char sql[] = "SELECT " FIELDS " FROM payments"
				  " WHERE ca = $1 AND provider = $2 AND reference = $3";
	struct cs_statement ask = CS_STATEMENT(sql, payment_row, ret, cs_text(store->ca),
					       cs_text(provider), cs_text(reference));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_payment_move(struct cs_store *store, const char *order_id, const char *from,
		      const char *to, int64_t now)
{
	static const char sql[] = "UPDATE payments SET state = $1, changed = $2"
				  " WHERE ca = $3 AND order_id = $4 AND state = $5";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(to), cs_int(now),
				       cs_text(store->ca), cs_text(order_id), cs_text(from));

	return one_row(st, rows, CS_E_CHANGED);
}

enum cs_status
cs_store_payment_qr(struct cs_store *store, const char *order_id, const char *qr)
{
	static const char sql[] = "UPDATE payments SET qr = $1 WHERE ca = $2 AND order_id = $3";

	return CS_EXECUTE(store, sql, NULL, cs_text(qr), cs_text(store->ca), cs_text(order_id));
}

enum cs_status
cs_store_payment_way(struct cs_store *store, const struct cs_payment *payment, int64_t now)
{
	static const char sql[] = "UPDATE payments SET way = $1, qr = '', provider = $2,"
				  " changed = $3"
				  " WHERE ca = $4 AND order_id = $5 AND state = 'waiting'";
	int64_t rows = 0;
	enum cs_status st =
		CS_EXECUTE(store, sql, &rows, cs_text(payment->way), cs_text(payment->provider),
			   cs_int(now), cs_text(store->ca), cs_text(payment->order_id));

	return one_row(st, rows, CS_E_CHANGED);
}

enum cs_status
cs_store_payment_of_key(struct cs_store *store, const char *unit_mark, const char *key_sn,
			struct cs_payment *ret)
{
	static const char sql[] =
		"SELECT p.order_id, p.provider, p.reference, p.amount, p.state, p.way, p.qr"
		" FROM payments p JOIN orders o ON o.ca = p.ca AND o.id = p.order_id"
		" WHERE o.ca = $1 AND o.unit_mark = $2 AND o.key_sn = $3"
		" AND o.state IN ('confirmed', 'handed-over') ORDER BY o.changed DESC LIMIT 1";
	struct cs_statement ask = CS_STATEMENT(sql, payment_row, ret, cs_text(store->ca),
					       cs_text(unit_mark), cs_text(key_sn));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_notice_add(struct cs_store *store, const char *provider, const char *notice,
		    const char *order_id, int64_t now)
{
	static const char sql[] = "INSERT INTO notices (ca, provider, notice, order_id, at)"
				  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(store->ca), cs_text(provider),
				       cs_text(notice), cs_text(order_id), cs_int(now));

	return one_row(st, rows, CS_E_EXISTS);
}

enum cs_status
cs_store_notice_keep(struct cs_store *store, const struct cs_kept_notice *notice)
{
	static const char sql[] =
		"INSERT INTO kept_notices (ca, order_id, provider, stamp, body, signature)"
		" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(notice->order_id),
			  cs_text(notice->provider), cs_text(notice->stamp),
			  cs_bytes(cs_blob_span(&notice->body)), cs_text(notice->signature));
}

static enum cs_status
kept_row(const struct cs_row *row, void *ctx)
{
	struct cs_kept_notice *notice = ctx;

	cs_row_text(row, 0, notice->order_id, sizeof(notice->order_id));
	cs_row_text(row, 1, notice->provider, sizeof(notice->provider));
	cs_row_text(row, 2, notice->stamp, sizeof(notice->stamp));
	cs_row_text(row, 4, notice->signature, sizeof(notice->signature));
	return cs_row_blob(row, 3, &notice->body);
}

enum cs_status
cs_store_notice_of(struct cs_store *store, const char *order_id, struct cs_kept_notice *ret)
{
	static const char sql[] = "SELECT order_id, provider, stamp, body, signature"
				  " FROM kept_notices WHERE ca = $1 AND order_id = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, kept_row, ret, cs_text(store->ca), cs_text(order_id));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_grant_add(struct cs_store *store, const struct cs_grant *grant)
{
	static const char sql[] = "INSERT INTO grants (ca, hash, unit_mark, code_hash, until,"
				  " contact_mark, person, body)"
				  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca),
			  cs_bytes(uk_span_of(grant->hash, CS_HASH_LEN)), cs_text(grant->unit_mark),
			  cs_bytes(uk_span_of(grant->code_hash, CS_HASH_LEN)), cs_int(grant->until),
			  cs_text(grant->contact_mark), cs_text(grant->person),
			  cs_bytes(cs_blob_span(&grant->body)));
}

static enum cs_status
grant_row(const struct cs_row *row, void *ctx)
{
	struct cs_grant *grant = ctx;
	enum cs_status st;

	cs_row_text(row, 0, grant->unit_mark, sizeof(grant->unit_mark));
	grant->tries = row->number(row->row, 2);
	grant->until = row->number(row->row, 3);
	grant->passed = row->number(row->row, 4);
	cs_row_text(row, 5, grant->contact_mark, sizeof(grant->contact_mark));
	cs_row_text(row, 6, grant->person, sizeof(grant->person));
	st = cs_row_blob(row, 7, &grant->body);
	return st == CS_OK ? cs_row_fixed(row, 1, grant->code_hash, CS_HASH_LEN) : st;
}

enum cs_status
cs_store_grant_get(struct cs_store *store, const uint8_t hash[CS_HASH_LEN], struct cs_grant *ret)
{
	static const char sql[] = "SELECT unit_mark, code_hash, tries, until, passed,"
				  " contact_mark, person, body FROM grants"
				  " WHERE ca = $1 AND hash = $2";
	struct cs_statement ask = CS_STATEMENT(sql, grant_row, ret, cs_text(store->ca),
					       cs_bytes(uk_span_of(hash, CS_HASH_LEN)));
	enum cs_status st = cs_fetch(store, &ask);

	if (st == CS_OK)
		memcpy(ret->hash, hash, CS_HASH_LEN);
	return st;
}

enum cs_status
cs_store_grant_put(struct cs_store *store, const struct cs_grant *grant)
{
	static const char sql[] = "UPDATE grants SET code_hash = $1, tries = $2, passed = $3,"
				  " contact_mark = $4 WHERE ca = $5 AND hash = $6";

	return CS_EXECUTE(store, sql, NULL, cs_bytes(uk_span_of(grant->code_hash, CS_HASH_LEN)),
			  cs_int(grant->tries), cs_int(grant->passed), cs_text(grant->contact_mark),
			  cs_text(store->ca), cs_bytes(uk_span_of(grant->hash, CS_HASH_LEN)));
}

enum cs_status
cs_store_grants_forget(struct cs_store *store, int64_t before)
{
	static const char persons[] =
		"DELETE FROM persons WHERE ca = $1 AND id IN (SELECT person FROM grants"
		" WHERE ca = $2 AND until < $3 AND passed = 0 AND person <> '')";
	static const char sql[] = "DELETE FROM grants WHERE ca = $1 AND until < $2";
	enum cs_status st = CS_EXECUTE(store, persons, NULL, cs_text(store->ca), cs_text(store->ca),
				       cs_int(before));

	return st == CS_OK ? CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_int(before)) : st;
}
