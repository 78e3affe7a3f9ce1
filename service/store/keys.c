/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the orders know of a key: which order may write to it, and why none may. */
#include "service/store/engine.h"
#include "service/store/orders.h"

#include <stddef.h>
#include <string.h>

static enum cs_status
holder_row(const struct cs_row *row, void *ctx)
{
	cs_row_text(row, 0, ctx, CS_ID_TEXT);
	return CS_OK;
}

enum cs_status
cs_store_key_holder(struct cs_store *store, const char *key_sn, char ret_id[CS_ID_TEXT])
{
	static const char sql[] = "SELECT order_id FROM key_claims WHERE ca = $1 AND key_sn = $2";
	char id[CS_ID_TEXT] = "";
	struct cs_statement ask =
		CS_STATEMENT(sql, holder_row, id, cs_text(store->ca), cs_text(key_sn));
	enum cs_status st = cs_fetch(store, &ask);

	if (st != CS_OK && st != CS_E_NOT_FOUND)
		return st;
	memcpy(ret_id, id, sizeof(id));
	return CS_OK;
}

enum cs_status
cs_store_key_claim(struct cs_store *store, const char *key_sn, const char *order_id)
{
	static const char sql[] = "INSERT INTO key_claims (ca, key_sn, order_id)"
				  " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
	char holder[CS_ID_TEXT];
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(store->ca), cs_text(key_sn),
				       cs_text(order_id));

	if (st != CS_OK || rows == 1)
		return st;
	st = cs_store_key_holder(store, key_sn, holder);
	if (st == CS_OK && strcmp(holder, order_id) != 0)
		return CS_E_OPEN_ORDER;
	return st;
}

enum cs_status
cs_store_key_release(struct cs_store *store, const char *key_sn, const char *order_id)
{
	static const char sql[] =
		"DELETE FROM key_claims WHERE ca = $1 AND key_sn = $2 AND order_id = $3";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(key_sn), cs_text(order_id));
}

enum cs_status
cs_store_key_free(struct cs_store *store, const char *key_sn, const char *but_order)
{
	static const char sql[] =
		"DELETE FROM key_claims WHERE ca = $1 AND key_sn = $2 AND order_id <> $3";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(key_sn),
			  cs_text(but_order));
}

enum cs_status
cs_store_key_block(struct cs_store *store, const char *key_sn, const char *reason,
		   const char *order_id, int64_t now)
{
	static const char sql[] = "INSERT INTO key_blocks (ca, key_sn, reason, order_id, since)"
				  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(key_sn), cs_text(reason),
			  cs_text(order_id), cs_int(now));
}

enum cs_status
cs_store_key_unblock(struct cs_store *store, const char *key_sn, const char *reason)
{
	static const char sql[] =
		"DELETE FROM key_blocks WHERE ca = $1 AND key_sn = $2 AND reason = $3";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(key_sn), cs_text(reason));
}

static enum cs_status
order_row(const struct cs_row *row, void *ctx)
{
	cs_row_text(row, 0, ctx, CS_ID_TEXT);
	return CS_OK;
}

enum cs_status
cs_store_key_block_order(struct cs_store *store, const char *key_sn, const char *reason,
			 char ret[CS_ID_TEXT])
{
	static const char sql[] =
		"SELECT order_id FROM key_blocks WHERE ca = $1 AND key_sn = $2 AND reason = $3";
	struct cs_statement ask = CS_STATEMENT(sql, order_row, ret, cs_text(store->ca),
					       cs_text(key_sn), cs_text(reason));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_key_blocked(struct cs_store *store, const char *key_sn, const char *reason)
{
	char id[CS_ID_TEXT];

	return cs_store_key_block_order(store, key_sn, reason, id);
}

static const struct {
	const char *reason;
	size_t at;
} blocks[] = {{"lost", offsetof(struct cs_key_blocks, lost)},
	      {"revoked", offsetof(struct cs_key_blocks, revoked)},
	      {"counter", offsetof(struct cs_key_blocks, counter)}};

static enum cs_status
block_row(const struct cs_row *row, void *ctx)
{
	char reason[CS_WORD_TEXT];

	cs_row_text(row, 0, reason, sizeof(reason));
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		if (strcmp(blocks[i].reason, reason) == 0)
			*(bool *)((char *)ctx + blocks[i].at) = true;
	return CS_OK;
}

enum cs_status
cs_store_key_blocks(struct cs_store *store, const char *key_sn, struct cs_key_blocks *ret)
{
	static const char sql[] = "SELECT reason FROM key_blocks WHERE ca = $1 AND key_sn = $2";
	struct cs_key_blocks found = {.lost = false};
	struct cs_statement ask =
		CS_STATEMENT(sql, block_row, &found, cs_text(store->ca), cs_text(key_sn));
	enum cs_status st = cs_run(store, &ask);

	if (st == CS_OK)
		*ret = found;
	return st;
}
