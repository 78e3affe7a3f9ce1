/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the invoice is to say. It is asked for once the money is there, by the worker. */
#include "service/certd/api.h"

#include "service/store/deliveries.h"
#include "service/store/outbox.h"
#include "service/store/payments.h"

#include <string.h>

#define MEMBER_MAX 160

static const char *const members[] = {"title", "tax_number", "address", "bank", "email"};

/* The known members, each short; a title at least. */
static json_t *
fields_read(const json_t *json)
{
	json_t *fields = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *value = cs_json_text_or_empty(json, members[i], MEMBER_MAX);

		if (value == NULL || (i == 0 && value[0] == '\0') ||
		    json_object_set_new(fields, members[i], json_string(value)) != 0) {
			json_decref(fields);
			return NULL;
		}
	}
	return fields;
}

enum cs_status
cs_invoice_due(struct cs_desk *desk, const char *order_id, int64_t now)
{
	struct cs_store *store = desk->orders.store;
	CS_DELIVERY delivery = {.key_sn = ""};
	enum cs_status st = cs_store_delivery_get(store, order_id, &delivery);

	if (st != CS_OK || strcmp(delivery.invoice, "wanted") != 0)
		return st == CS_E_NOT_FOUND ? CS_OK : st;
	return cs_store_post(store, "invoice", order_id, now, uk_span_str(order_id));
}

struct wanting {
	struct cs_desk *desk;
	struct cs_order_row *row;
	const char *fields;
};

static enum cs_status
want_body(struct cs_store *store, void *ctx)
{
	const struct wanting *wanting = ctx;
	const struct cs_order_row *row = wanting->row;
	struct cs_payment payment = {.amount = 0};
	CS_DELIVERY delivery = {.key_sn = ""};
	CS_PERSON person = {.id = ""};
	enum cs_status st = cs_store_delivery_get(store, row->id, &delivery);

	if (st != CS_OK && st != CS_E_NOT_FOUND)
		return st;
	/* One that is made is not made again; what it said stays. */
	if (delivery.invoice[0] != '\0' && strcmp(delivery.invoice, "wanted") != 0 &&
	    strcmp(delivery.invoice, "failed") != 0)
		return CS_E_STATE;
	st = cs_person_load(wanting->desk->orders.vault, store, row->person, &person);
	if (st == CS_OK)
		st = cs_seal(&person, "invoice", uk_span_str(wanting->fields), &delivery.body);
	memcpy(delivery.invoice, "wanted", 7);
	if (st == CS_OK)
		st = cs_store_delivery_put(store, row->id, &delivery, cs_now());
	if (st == CS_OK)
		st = cs_store_payment_of_order(store, row->id, &payment);
	if (st == CS_OK && strcmp(payment.state, "paid") == 0)
		return cs_store_post(store, "invoice", row->id, cs_now(), uk_span_str(row->id));
	return st == CS_E_NOT_FOUND ? CS_OK : st;
}

enum cs_status
cs_api_invoice(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	CS_JSON *fields = NULL;
	enum cs_kind kind = CS_KIND_COUNT;
	struct wanting wanting = {desk, &row, NULL};
	char *text;
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st != CS_OK)
		return st;
	fields = fields_read(http->json);
	if (fields == NULL)
		return CS_E_ARGUMENTS;
	if (!cs_kind_read(row.kind, &kind) || !cs_kind_paid(kind) ||
	    strcmp(row.state, "refunding") == 0 || strcmp(row.state, "refunded") == 0)
		return CS_E_STATE;
	text = json_dumps(fields, JSON_COMPACT);
	if (text == NULL)
		return CS_E_MEMORY;
	wanting.fields = text;
	st = cs_store_tx(desk->orders.store, want_body, &wanting);
	uk_wipe(text, strlen(text));
	free(text);
	return st == CS_OK ? cs_api_show(desk, row.id, answer) : st;
}
