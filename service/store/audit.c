/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/audit.h"

#include "service/store/engine.h"

#include <string.h>

static enum cs_status
head_row(const struct cs_row *row, void *ctx)
{
	struct cs_audit_head *head = ctx;

	cs_row_text(row, 0, head->chain, sizeof(head->chain));
	head->seq = row->number(row->row, 1);
	return cs_row_fixed(row, 2, head->hash, CS_HASH_LEN);
}

enum cs_status
cs_store_audit_head(struct cs_store *store, const char *chain, struct cs_audit_head *ret)
{
	static const char sql[] =
		"SELECT chain, seq, hash FROM audit_heads WHERE ca = $1 AND chain = $2";
	struct cs_audit_head head = {.seq = 0};
	struct cs_statement ask =
		CS_STATEMENT(sql, head_row, &head, cs_text(store->ca), cs_text(chain));
	enum cs_status st;

	/* Nobody else writes to this chain; if somebody does, the next step finds it out. */
	if (store->head_known && strcmp(store->head.chain, chain) == 0) {
		*ret = store->head;
		return CS_OK;
	}
	st = cs_fetch(store, &ask);
	if (st != CS_OK && st != CS_E_NOT_FOUND)
		return st;
	*ret = head;
	return CS_OK;
}

static void
head_remember(struct cs_store *store, const struct cs_audit_row *row)
{
	store->head_known = store->in_tx && row->hash.len == CS_HASH_LEN &&
			    strlen(row->chain) < sizeof(store->head.chain);
	if (!store->head_known)
		return;
	memcpy(store->head.chain, row->chain, strlen(row->chain) + 1);
	memcpy(store->head.hash, row->hash.ptr, CS_HASH_LEN);
	store->head.seq = row->seq;
}

static enum cs_status
head_move(struct cs_store *store, const struct cs_audit_row *row)
{
	static const char first[] = "INSERT INTO audit_heads (ca, chain, seq, hash)"
				    " VALUES ($1, $2, 1, $3) ON CONFLICT DO NOTHING";
	static const char next[] = "UPDATE audit_heads SET seq = seq + 1, hash = $1"
				   " WHERE ca = $2 AND chain = $3 AND seq = $4";
	const struct cs_statement begun = CS_STATEMENT(first, NULL, NULL, cs_text(store->ca),
						       cs_text(row->chain), cs_bytes(row->hash));
	const struct cs_statement moved =
		CS_STATEMENT(next, NULL, NULL, cs_bytes(row->hash), cs_text(store->ca),
			     cs_text(row->chain), cs_int(row->seq - 1));

	return cs_execute_later(store, row->seq == 1 ? &begun : &moved, 1, CS_E_BUSY);
}

enum cs_status
cs_store_audit_add(struct cs_store *store, const struct cs_audit_row *row)
{
	static const char sql[] = "INSERT INTO audit_entries (ca, chain, seq, at, body, hash)"
				  " VALUES ($1, $2, $3, $4, $5, $6)";
	enum cs_status st = head_move(store, row);

	if (st == CS_OK)
		st = CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(row->chain),
				cs_int(row->seq), cs_int(row->at), cs_bytes(row->body),
				cs_bytes(row->hash));
	if (st == CS_OK)
		head_remember(store, row);
	return st;
}

struct entry_list {
	cs_audit_fn each;
	void *ctx;
};

static enum cs_status
entry_row(const struct cs_row *row, void *ctx)
{
	const struct entry_list *list = ctx;
	char chain[CS_CHAIN_TEXT];
	struct cs_audit_row entry = {.chain = chain,
				     .seq = row->number(row->row, 1),
				     .at = row->number(row->row, 2),
				     .body = row->bytes(row->row, 3),
				     .hash = row->bytes(row->row, 4)};

	cs_row_text(row, 0, chain, sizeof(chain));
	return list->each(&entry, list->ctx);
}

static enum cs_status
fetch_any(struct cs_store *store, struct cs_statement *ask)
{
	enum cs_status st = cs_fetch(store, ask);

	return st == CS_E_NOT_FOUND && ask->rows == 0 ? CS_OK : st;
}

enum cs_status
cs_store_audit_each(struct cs_store *store, cs_audit_fn each, void *ctx)
{
	static const char sql[] = "SELECT chain, seq, at, body, hash FROM audit_entries"
				  " WHERE ca = $1 ORDER BY chain, seq";
	struct entry_list list = {each, ctx};
	struct cs_statement ask = CS_STATEMENT(sql, entry_row, &list, cs_text(store->ca));

	return fetch_any(store, &ask);
}

struct head_list {
	cs_head_fn each;
	void *ctx;
};

static enum cs_status
heads_row(const struct cs_row *row, void *ctx)
{
	const struct head_list *list = ctx;
	struct cs_audit_head head;
	enum cs_status st = head_row(row, &head);

	return st == CS_OK ? list->each(&head, list->ctx) : st;
}

enum cs_status
cs_store_audit_heads(struct cs_store *store, cs_head_fn each, void *ctx)
{
	static const char sql[] =
		"SELECT chain, seq, hash FROM audit_heads WHERE ca = $1 ORDER BY chain";
	struct head_list list = {each, ctx};
	struct cs_statement ask = CS_STATEMENT(sql, heads_row, &list, cs_text(store->ca));

	return fetch_any(store, &ask);
}

enum cs_status
cs_store_signed_add(struct cs_store *store, int64_t at, struct uk_span body,
		    struct uk_span signature)
{
	static const char sql[] = "INSERT INTO audit_signed (ca, at, body, signature)"
				  " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_int(at), cs_bytes(body),
			  cs_bytes(signature));
}

struct signed_list {
	cs_signed_fn each;
	void *ctx;
};

static enum cs_status
signed_row(const struct cs_row *row, void *ctx)
{
	const struct signed_list *list = ctx;

	return list->each(row->number(row->row, 0), row->bytes(row->row, 1),
			  row->bytes(row->row, 2), list->ctx);
}

enum cs_status
cs_store_signed_each(struct cs_store *store, cs_signed_fn each, void *ctx)
{
	static const char sql[] =
		"SELECT at, body, signature FROM audit_signed WHERE ca = $1 ORDER BY at";
	struct signed_list list = {each, ctx};
	struct cs_statement ask = CS_STATEMENT(sql, signed_row, &list, cs_text(store->ca));

	return fetch_any(store, &ask);
}

enum cs_status
cs_store_person_add(struct cs_store *store, const char *id, struct uk_span sealed_key, int64_t now)
{
	static const char sql[] = "INSERT INTO persons (ca, id, sealed_key, made)"
				  " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(store->ca), cs_text(id),
				       cs_bytes(sealed_key), cs_int(now));

	return st == CS_OK && rows != 1 ? CS_E_EXISTS : st;
}

static enum cs_status
person_row(const struct cs_row *row, void *ctx)
{
	return cs_row_blob(row, 0, ctx);
}

enum cs_status
cs_store_person_get(struct cs_store *store, const char *id, struct cs_blob *ret_sealed_key)
{
	static const char sql[] = "SELECT sealed_key FROM persons WHERE ca = $1 AND id = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, person_row, ret_sealed_key, cs_text(store->ca), cs_text(id));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_person_erase(struct cs_store *store, const char *id)
{
	static const char sql[] = "DELETE FROM persons WHERE ca = $1 AND id = $2";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(store->ca), cs_text(id));

	return st == CS_OK && rows != 1 ? CS_E_NOT_FOUND : st;
}
