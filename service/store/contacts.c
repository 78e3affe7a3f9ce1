/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/contacts.h"

#include "service/store/engine.h"

enum cs_status
cs_store_code_put(struct cs_store *store, const char *order_id, const char *purpose,
		  const struct cs_order_code *code)
{
	static const char sql[] =
		"INSERT INTO order_codes (ca, order_id, purpose, code_hash, tries, until, passed)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (ca, order_id, purpose)"
		" DO UPDATE SET code_hash = excluded.code_hash, tries = excluded.tries,"
		" until = excluded.until, passed = excluded.passed";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(order_id), cs_text(purpose),
			  cs_bytes(uk_span_of(code->code_hash, CS_HASH_LEN)), cs_int(code->tries),
			  cs_int(code->until), cs_int(code->passed));
}

static enum cs_status
code_row(const struct cs_row *row, void *ctx)
{
	struct cs_order_code *code = ctx;

	code->tries = row->number(row->row, 1);
	code->until = row->number(row->row, 2);
	code->passed = row->number(row->row, 3);
	return cs_row_fixed(row, 0, code->code_hash, CS_HASH_LEN);
}

enum cs_status
cs_store_code_get(struct cs_store *store, const char *order_id, const char *purpose,
		  struct cs_order_code *ret)
{
	static const char sql[] = "SELECT code_hash, tries, until, passed FROM order_codes"
				  " WHERE ca = $1 AND order_id = $2 AND purpose = $3";
	struct cs_statement ask = CS_STATEMENT(sql, code_row, ret, cs_text(store->ca),
					       cs_text(order_id), cs_text(purpose));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_handler_put(struct cs_store *store, const char *unit_mark,
		     const struct cs_handler *handler)
{
	static const char sql[] = "INSERT INTO handlers (ca, unit_mark, person, body, since)"
				  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (ca, unit_mark)"
				  " DO UPDATE SET person = excluded.person, body = excluded.body,"
				  " since = excluded.since";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(unit_mark),
			  cs_text(handler->person), cs_bytes(cs_blob_span(&handler->body)),
			  cs_int(handler->since));
}

static enum cs_status
handler_row(const struct cs_row *row, void *ctx)
{
	struct cs_handler *handler = ctx;

	cs_row_text(row, 0, handler->person, sizeof(handler->person));
	handler->since = row->number(row->row, 2);
	return cs_row_blob(row, 1, &handler->body);
}

enum cs_status
cs_store_handler_get(struct cs_store *store, const char *unit_mark, struct cs_handler *ret)
{
	static const char sql[] = "SELECT person, body, since FROM handlers"
				  " WHERE ca = $1 AND unit_mark = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, handler_row, ret, cs_text(store->ca), cs_text(unit_mark));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_challenge_use(struct cs_store *store, const char *challenge, int64_t now)
{
	static const char sql[] = "INSERT INTO challenges (ca, challenge, at) VALUES ($1, $2, $3)"
				  " ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st =
		CS_EXECUTE(store, sql, &rows, cs_text(store->ca), cs_text(challenge), cs_int(now));

	return st == CS_OK && rows != 1 ? CS_E_EXISTS : st;
}

enum cs_status
cs_store_challenges_forget(struct cs_store *store, int64_t before)
{
	static const char sql[] = "DELETE FROM challenges WHERE ca = $1 AND at < $2";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_int(before));
}
