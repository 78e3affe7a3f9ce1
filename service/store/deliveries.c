/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/deliveries.h"

#include "service/store/engine.h"

#define FIELDS "key_sn, pin, post, tracking, invoice, invoice_number, body"

static enum cs_status
delivery_row(const struct cs_row *row, void *ctx)
{
	struct cs_delivery *delivery = ctx;

	cs_row_text(row, 0, delivery->key_sn, sizeof(delivery->key_sn));
	cs_row_text(row, 1, delivery->pin, sizeof(delivery->pin));
	cs_row_text(row, 2, delivery->post, sizeof(delivery->post));
	cs_row_text(row, 3, delivery->tracking, sizeof(delivery->tracking));
	cs_row_text(row, 4, delivery->invoice, sizeof(delivery->invoice));
	cs_row_text(row, 5, delivery->invoice_number, sizeof(delivery->invoice_number));
	return cs_row_blob(row, 6, &delivery->body);
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
