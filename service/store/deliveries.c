/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/deliveries.h"

#include "service/store/engine.h"
#include "service/store/rows.h"

#define FIELDS CS_DELIVERY_COLUMNS("")

enum cs_status
cs_row_delivery(const struct cs_row *row, int first, struct cs_delivery *ret)
{
	cs_row_text(row, first, ret->key_sn, sizeof(ret->key_sn));
	cs_row_text(row, first + 1, ret->pin, sizeof(ret->pin));
	cs_row_text(row, first + 2, ret->post, sizeof(ret->post));
	cs_row_text(row, first + 3, ret->tracking, sizeof(ret->tracking));
	cs_row_text(row, first + 4, ret->invoice, sizeof(ret->invoice));
	cs_row_text(row, first + 5, ret->invoice_number, sizeof(ret->invoice_number));
	return cs_row_blob(row, first + 6, &ret->body);
}

static enum cs_status
delivery_row(const struct cs_row *row, void *ctx)
{
	return cs_row_delivery(row, 0, ctx);
}

enum cs_status
cs_store_delivery_get(struct cs_store *store, const char *order_id, struct cs_delivery *ret)
{
	static const char sql[] =
		"SELECT " FIELDS " FROM deliveries WHERE ca = $1 AND order_id = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, delivery_row, ret, cs_text(store->ca), cs_text(order_id));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_delivery_put(struct cs_store *store, const char *order_id,
		      const struct cs_delivery *delivery, int64_t now)
{
	static const char sql[] =
		"INSERT INTO deliveries (ca, order_id, " FIELDS ", changed)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (ca, order_id)"
		" DO UPDATE SET key_sn = excluded.key_sn, pin = excluded.pin, post = excluded.post,"
		" tracking = excluded.tracking, invoice = excluded.invoice,"
		" invoice_number = excluded.invoice_number, body = excluded.body,"
		" changed = excluded.changed";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(order_id),
			  cs_text(delivery->key_sn), cs_text(delivery->pin),
			  cs_text(delivery->post), cs_text(delivery->tracking),
			  cs_text(delivery->invoice), cs_text(delivery->invoice_number),
			  cs_bytes(cs_blob_span(&delivery->body)), cs_int(now));
}
