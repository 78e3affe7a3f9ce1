/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Money that goes back.  The provider knows a refund by one reference for each payment, so asking
 * again after a crash pays nothing twice; a bank transfer goes back by people, who then say so.
 */
#include "service/certd/work.h"

#include "service/deliver/letter.h"
#include "service/store/deliveries.h"
#include "service/store/payments.h"

#include <stdio.h>
#include <string.h>

#define NAME_ROOM 80

/* A return is about what was paid for the key, in an order of its own. */
static enum cs_status
payment_find(struct cs_store *store, const struct cs_order_row *row, struct cs_payment *ret)
{
	if (strcmp(row->kind, "return") == 0)
		return cs_store_payment_of_key(store, row->unit_mark, row->key_sn, ret);
	return cs_store_payment_of_order(store, row->id, ret);
}

static enum cs_status
file_put(const struct cs_working *working, const char *name, const struct cs_order_row *row,
	 const struct cs_payment *payment)
{
	char *text;
	CS_JSON *json = json_pack("{s:s, s:s, s:I, s:s}", "number", row->number, "reference",
				  payment->reference, "amount", (json_int_t)payment->amount, "way",
				  payment->way);
	enum cs_status st = CS_E_MEMORY;

	text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	if (text != NULL)
		st = cs_spool_file(working->spool, name, uk_span_str(text));
	free(text);
	return st;
}

static enum cs_status
provider_ask(const struct cs_working *working, const struct cs_order_row *row,
	     const struct cs_payment *payment)
{
	const struct cs_certd *certd = working->desk->certd;
	const json_t *driver = cs_driver(&certd->drivers, "pay", payment->provider, "refund");
	CS_JSON *values = NULL;
	char name[NAME_ROOM], amount[24];

	(void)snprintf(name, sizeof(name), "refund-%s", payment->reference);
	if (driver == NULL)
		return file_put(working, name, row, payment);
	(void)snprintf(amount, sizeof(amount), "%ld", (long)payment->amount);
	values = json_pack("{s:s, s:s, s:s, s:s}", "reference", payment->reference, "refund", name,
			   "amount", amount, "number", row->number);
	return cs_driver_ask(driver, values, name, NULL);
}

struct ending {
	const struct cs_working *working;
	const struct cs_order_row *row;
	const struct cs_payment *payment;
};

/* An invoice for money that went back is void. */
static enum cs_status
invoice_void(struct cs_store *store, const struct ending *ending)
{
	const struct cs_order_row *row = ending->row;
	CS_DELIVERY delivery = {.key_sn = ""};
	char name[NAME_ROOM];
	enum cs_status st = cs_store_delivery_get(store, ending->payment->order_id, &delivery);

	if (st != CS_OK || strcmp(delivery.invoice, "issued") != 0)
		return st == CS_E_NOT_FOUND ? CS_OK : st;
	memcpy(delivery.invoice, "void", 5);
	(void)snprintf(name, sizeof(name), "invoice-void-%s", ending->payment->reference);
	st = file_put(ending->working, name, row, ending->payment);
	return st == CS_OK ? cs_store_delivery_put(store, ending->payment->order_id, &delivery,
						   ending->working->now)
			   : st;
}

static enum cs_status
end_body(struct cs_store *store, void *ctx)
{
	const struct ending *ending = ctx;
	const struct cs_happening refund = {.id = ending->row->id,
					    .event = CS_EVENT_REFUND,
					    .actor = CS_ACTOR_PROVIDER,
					    .now = ending->working->now,
					    .by = ending->payment->provider};
	enum cs_status st = cs_store_payment_move(store, ending->payment->order_id, "refunding",
						  "refunded", ending->working->now);

	if (st == CS_E_CHANGED)
		st = CS_OK; /* done before, and its answer was lost */
	if (st == CS_OK)
		st = invoice_void(store, ending);
	if (st == CS_OK)
		st = cs_order_happens(&ending->working->desk->orders, &refund, NULL);
	return st == CS_E_STATE ? CS_OK : st;
}

static enum cs_status
money_back(const struct cs_working *working, const struct cs_order_row *row,
	   const struct cs_payment *payment)
{
	struct cs_store *store = working->desk->orders.store;
	struct ending ending = {working, row, payment};
	char name[NAME_ROOM];
	enum cs_status st;

	(void)snprintf(name, sizeof(name), "transfer-back-%s", payment->reference);
	if (strcmp(payment->way, "transfer") == 0)
		return file_put(working, name, row, payment);
	st = cs_store_payment_move(store, payment->order_id, "paid", "refunding", working->now);
	if (st == CS_E_CHANGED)
		st = CS_OK;
	if (st == CS_OK)
		st = provider_ask(working, row, payment);
	return st == CS_OK ? cs_store_tx(store, end_body, &ending) : st;
}

enum cs_status
cs_refund_work(const struct cs_working *working, const struct cs_letter *letter)
{
	const char *told = (const char *)letter->payload.ptr;
	bool surplus = strncmp(told, "surplus/", 8) == 0;
	struct cs_store *store = working->desk->orders.store;
	struct cs_payment payment = {.amount = 0};
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_store_order_get(store, surplus ? told + 8 : told, &row);

	if (st == CS_OK)
		st = payment_find(store, &row, &payment);
	/* Nothing known to give back: an operator looks after it (refund-seen). */
	if (st != CS_OK)
		return st;
	return surplus ? provider_ask(working, &row, &payment)
		       : money_back(working, &row, &payment);
}
