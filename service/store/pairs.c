/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/pairs.h"

#include "service/store/engine.h"

#define PAIR_FIELDS                                                                          \
	"public_hash, signer_hash, order_id, alg, state, ver, made, spki, sealed, envelope," \
	" wrapped"

static struct cs_arg
hash_arg(const uint8_t hash[CS_HASH_LEN])
{
	return cs_bytes(uk_span_of(hash, CS_HASH_LEN));
}

enum cs_status
cs_store_pair_add(struct cs_store *store, const struct cs_pair_row *row)
{
	static const char sql[] = "INSERT INTO pairs (ca, " PAIR_FIELDS ")"
				  " VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11)"
				  " ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(
		store, sql, &rows, cs_text(store->ca), hash_arg(row->public_hash),
		hash_arg(row->signer_hash), cs_text(row->order_id), cs_text(row->alg),
		cs_text(row->state), cs_int(row->made), cs_bytes(cs_blob_span(&row->spki)),
		cs_bytes(cs_blob_span(&row->sealed)), cs_bytes(cs_blob_span(&row->envelope)),
		cs_bytes(cs_blob_span(&row->wrapped)));

	return st == CS_OK && rows != 1 ? CS_E_EXISTS : st;
}

static enum cs_status
pair_row(const struct cs_row *row, void *ctx)
{
	struct cs_pair_row *pair = ctx;
	enum cs_status st = cs_row_fixed(row, 0, pair->public_hash, CS_HASH_LEN);

	if (st == CS_OK)
		st = cs_row_fixed(row, 1, pair->signer_hash, CS_HASH_LEN);
	cs_row_text(row, 2, pair->order_id, sizeof(pair->order_id));
	cs_row_text(row, 3, pair->alg, sizeof(pair->alg));
	cs_row_text(row, 4, pair->state, sizeof(pair->state));
	pair->ver = row->number(row->row, 5);
	pair->made = row->number(row->row, 6);
	if (st == CS_OK)
		st = cs_row_blob(row, 7, &pair->spki);
	if (st == CS_OK)
		st = cs_row_blob(row, 8, &pair->sealed);
	if (st == CS_OK)
		st = cs_row_blob(row, 9, &pair->envelope);
	return st == CS_OK ? cs_row_blob(row, 10, &pair->wrapped) : st;
}

enum cs_status
cs_store_pair_of(struct cs_store *store, const char *order_id,
		 const uint8_t signer_hash[CS_HASH_LEN], struct cs_pair_row *ret)
{
	static const char sql[] = "SELECT " PAIR_FIELDS " FROM pairs"
				  " WHERE ca = $1 AND order_id = $2 AND signer_hash = $3";
	struct cs_statement ask = CS_STATEMENT(sql, pair_row, ret, cs_text(store->ca),
					       cs_text(order_id), hash_arg(signer_hash));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_pair_get(struct cs_store *store, const uint8_t public_hash[CS_HASH_LEN],
		  struct cs_pair_row *ret)
{
	static const char sql[] =
		"SELECT " PAIR_FIELDS " FROM pairs WHERE ca = $1 AND public_hash = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, pair_row, ret, cs_text(store->ca), hash_arg(public_hash));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_pair_spare(struct cs_store *store, const char *alg, struct cs_pair_row *ret)
{
	static const char sql[] = "SELECT " PAIR_FIELDS " FROM pairs"
				  " WHERE ca = $1 AND state = 'spare' AND alg = $2 LIMIT 1";
	struct cs_statement ask =
		CS_STATEMENT(sql, pair_row, ret, cs_text(store->ca), cs_text(alg));

	return cs_fetch(store, &ask);
}

static enum cs_status
count_row(const struct cs_row *row, void *ctx)
{
	*(int64_t *)ctx = row->number(row->row, 0);
	return CS_OK;
}

enum cs_status
cs_store_pair_spares(struct cs_store *store, const char *alg, int64_t *ret_count)
{
	static const char sql[] =
		"SELECT count(*) FROM pairs WHERE ca = $1 AND state = 'spare' AND alg = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, count_row, ret_count, cs_text(store->ca), cs_text(alg));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_pair_give(struct cs_store *store, struct cs_pair_row *row)
{
	static const char sql[] =
		"UPDATE pairs SET state = 'given', ver = ver + 1, order_id = $1, signer_hash = $2,"
		" envelope = $3, wrapped = $4 WHERE ca = $5 AND public_hash = $6 AND ver = $7"
		" AND state = 'spare'";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(
		store, sql, &rows, cs_text(row->order_id), hash_arg(row->signer_hash),
		cs_bytes(cs_blob_span(&row->envelope)), cs_bytes(cs_blob_span(&row->wrapped)),
		cs_text(store->ca), hash_arg(row->public_hash), cs_int(row->ver));

	if (st == CS_OK && rows != 1)
		return CS_E_CHANGED;
	row->ver += st == CS_OK;
	return st;
}

enum cs_status
cs_store_recovery_add(struct cs_store *store, const struct cs_recovery_row *row)
{
	static const char sql[] =
		"INSERT INTO recoveries (ca, public_hash, signer_hash, order_id, at, envelope,"
		" wrapped) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(
		store, sql, &rows, cs_text(store->ca), hash_arg(row->public_hash),
		hash_arg(row->signer_hash), cs_text(row->order_id), cs_int(row->at),
		cs_bytes(cs_blob_span(&row->envelope)), cs_bytes(cs_blob_span(&row->wrapped)));

	return st == CS_OK && rows != 1 ? CS_E_EXISTS : st;
}

static enum cs_status
recovery_row(const struct cs_row *row, void *ctx)
{
	struct cs_recovery_row *recovery = ctx;
	enum cs_status st;

	cs_row_text(row, 0, recovery->order_id, sizeof(recovery->order_id));
	recovery->at = row->number(row->row, 1);
	st = cs_row_blob(row, 2, &recovery->envelope);
	return st == CS_OK ? cs_row_blob(row, 3, &recovery->wrapped) : st;
}

enum cs_status
cs_store_recovery_get(struct cs_store *store, const uint8_t public_hash[CS_HASH_LEN],
		      const uint8_t signer_hash[CS_HASH_LEN], struct cs_recovery_row *ret)
{
	static const char sql[] = "SELECT order_id, at, envelope, wrapped FROM recoveries"
				  " WHERE ca = $1 AND public_hash = $2 AND signer_hash = $3";
	struct cs_statement ask = CS_STATEMENT(sql, recovery_row, ret, cs_text(store->ca),
					       hash_arg(public_hash), hash_arg(signer_hash));

	return cs_fetch(store, &ask);
}
