/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/unlocks.h"

#include "service/store/engine.h"

static enum cs_status
one_row(enum cs_status st, int64_t rows, enum cs_status otherwise)
{
	return st == CS_OK && rows != 1 ? otherwise : st;
}

enum cs_status
cs_store_key_add(struct cs_store *store, const struct cs_key_row *row)
{
	static const char sql[] =
		"INSERT INTO keys (ca, key_sn, master, model, state, person, contact,"
		" contact_since, admin_seen, enrolled)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(
		store, sql, &rows, cs_text(store->ca), cs_text(row->key_sn), cs_int(row->master),
		cs_text(row->model), cs_text(row->state), cs_text(row->person),
		cs_bytes(cs_blob_span(&row->contact)), cs_int(row->contact_since),
		cs_int(row->admin_seen), cs_int(row->enrolled));

	return one_row(st, rows, CS_E_EXISTS);
}

static enum cs_status
key_row(const struct cs_row *row, void *ctx)
{
	struct cs_key_row *key = ctx;

	cs_row_text(row, 0, key->key_sn, sizeof(key->key_sn));
	key->master = row->number(row->row, 1);
	cs_row_text(row, 2, key->model, sizeof(key->model));
	cs_row_text(row, 3, key->state, sizeof(key->state));
	key->ver = row->number(row->row, 4);
	cs_row_text(row, 5, key->person, sizeof(key->person));
	key->contact_since = row->number(row->row, 7);
	key->admin_seen = row->number(row->row, 8);
	key->enrolled = row->number(row->row, 9);
	return cs_row_blob(row, 6, &key->contact);
}

enum cs_status
cs_store_key_get(struct cs_store *store, const char *key_sn, struct cs_key_row *ret)
{
	static const char sql[] = "SELECT key_sn, master, model, state, ver, person, contact,"
				  " contact_since, admin_seen, enrolled"
				  " FROM keys WHERE ca = $1 AND key_sn = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, key_row, ret, cs_text(store->ca), cs_text(key_sn));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_key_put(struct cs_store *store, struct cs_key_row *row)
{
	static const char sql[] = "UPDATE keys SET state = $1, ver = ver + 1, person = $2,"
				  " contact = $3, contact_since = $4, admin_seen = $5"
				  " WHERE ca = $6 AND key_sn = $7 AND ver = $8";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(row->state), cs_text(row->person),
				       cs_bytes(cs_blob_span(&row->contact)),
				       cs_int(row->contact_since), cs_int(row->admin_seen),
				       cs_text(store->ca), cs_text(row->key_sn), cs_int(row->ver));

	st = one_row(st, rows, CS_E_CHANGED);
	row->ver += st == CS_OK;
	return st;
}

enum cs_status
cs_store_unlock_add(struct cs_store *store, const struct cs_unlock_row *row)
{
	static const char sql[] =
		"INSERT INTO unlocks (ca, order_id, key_sn, state, method, code_mac, grant_hash,"
		" changed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
	static const uint8_t zeros[CS_HASH_LEN] = {0};
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(
		store, sql, &rows, cs_text(store->ca), cs_text(row->order_id), cs_text(row->key_sn),
		cs_text(row->state), cs_text(row->method), cs_bytes(uk_span_of(zeros, CS_HASH_LEN)),
		cs_bytes(uk_span_of(zeros, CS_HASH_LEN)), cs_int(row->changed));

	return one_row(st, rows, CS_E_EXISTS);
}

static enum cs_status
unlock_row(const struct cs_row *row, void *ctx)
{
	struct cs_unlock_row *unlock = ctx;
	enum cs_status st;

	cs_row_text(row, 0, unlock->order_id, sizeof(unlock->order_id));
	cs_row_text(row, 1, unlock->key_sn, sizeof(unlock->key_sn));
	cs_row_text(row, 2, unlock->state, sizeof(unlock->state));
	unlock->ver = row->number(row->row, 3);
	cs_row_text(row, 4, unlock->method, sizeof(unlock->method));
	unlock->code_until = row->number(row->row, 6);
	unlock->guesses = row->number(row->row, 7);
	unlock->sent = row->number(row->row, 8);
	unlock->attempts = row->number(row->row, 10);
	unlock->until = row->number(row->row, 11);
	unlock->changed = row->number(row->row, 12);
	st = cs_row_fixed(row, 5, unlock->code_mac, CS_HASH_LEN);
	return st == CS_OK ? cs_row_fixed(row, 9, unlock->grant_hash, CS_HASH_LEN) : st;
}

enum cs_status
cs_store_unlock_get(struct cs_store *store, const char *order_id, struct cs_unlock_row *ret)
{
	static const char sql[] = "SELECT order_id, key_sn, state, ver, method, code_mac,"
				  " code_until, guesses, sent, grant_hash, attempts, until, changed"
				  " FROM unlocks WHERE ca = $1 AND order_id = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, unlock_row, ret, cs_text(store->ca), cs_text(order_id));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_unlock_put(struct cs_store *store, struct cs_unlock_row *row)
{
	static const char sql[] =
		"UPDATE unlocks SET state = $1, ver = ver + 1, code_mac = $2, code_until = $3,"
		" guesses = $4, sent = $5, grant_hash = $6, attempts = $7, until = $8, changed = $9"
		" WHERE ca = $10 AND order_id = $11 AND ver = $12";
	int64_t rows = 0;
	enum cs_status st =
		CS_EXECUTE(store, sql, &rows, cs_text(row->state),
			   cs_bytes(uk_span_of(row->code_mac, CS_HASH_LEN)),
			   cs_int(row->code_until), cs_int(row->guesses), cs_int(row->sent),
			   cs_bytes(uk_span_of(row->grant_hash, CS_HASH_LEN)),
			   cs_int(row->attempts), cs_int(row->until), cs_int(row->changed),
			   cs_text(store->ca), cs_text(row->order_id), cs_int(row->ver));

	st = one_row(st, rows, CS_E_CHANGED);
	row->ver += st == CS_OK;
	return st;
}

enum cs_status
cs_store_answer_add(struct cs_store *store, const char *order_id,
		    const struct cs_unlock_answer *answer)
{
	static const char sql[] =
		"INSERT INTO unlock_answers (ca, order_id, random, attempt, stage, app)"
		" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(store->ca), cs_text(order_id),
				       cs_bytes(uk_span_of(answer->random, sizeof(answer->random))),
				       cs_int(answer->attempt), cs_text(answer->stage),
				       cs_bytes(uk_span_of(answer->app, sizeof(answer->app))));

	return one_row(st, rows, CS_E_EXISTS);
}

static enum cs_status
answer_row(const struct cs_row *row, void *ctx)
{
	struct cs_unlock_answer *answer = ctx;
	enum cs_status st = cs_row_fixed(row, 0, answer->random, sizeof(answer->random));

	answer->attempt = row->number(row->row, 1);
	cs_row_text(row, 2, answer->stage, sizeof(answer->stage));
	return st == CS_OK ? cs_row_fixed(row, 3, answer->app, sizeof(answer->app)) : st;
}

enum cs_status
cs_store_answer_get(struct cs_store *store, const char *order_id, const uint8_t random[8],
		    struct cs_unlock_answer *ret)
{
	static const char sql[] = "SELECT random, attempt, stage, app FROM unlock_answers"
				  " WHERE ca = $1 AND order_id = $2 AND random = $3";
	struct cs_statement ask = CS_STATEMENT(sql, answer_row, ret, cs_text(store->ca),
					       cs_text(order_id), cs_bytes(uk_span_of(random, 8)));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_answer_stage(struct cs_store *store, const char *order_id, int64_t attempt,
		      const char *stage)
{
	static const char sql[] = "SELECT attempt FROM unlock_answers WHERE ca = $1"
				  " AND order_id = $2 AND attempt = $3 AND stage = $4";
	struct cs_statement ask = CS_STATEMENT(sql, NULL, NULL, cs_text(store->ca),
					       cs_text(order_id), cs_int(attempt), cs_text(stage));

	return cs_fetch(store, &ask);
}
