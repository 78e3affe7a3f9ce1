/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Payment with the sandbox provider.  A notice is believed when it is signed, fresh, about a
 * payment we asked for and of its amount; it may come any number of times and in any order.
 */
#include "service/certd/api.h"

#include "service/store/payments.h"

#include <stdio.h>
#include <string.h>

#define PROVIDER     "sandbox"
#define NOTICE_FRESH (5 * CS_MINUTE)
#define SIGNED_MAX   (CS_BODY_MAX + 32)

struct paying {
	struct cs_desk *desk;
	const char *order_id, *kind;
	int years;
	struct cs_payment payment;
};

static enum cs_status
payment_body(struct cs_store *store, void *ctx)
{
	struct paying *paying = ctx;
	struct cs_payment payment = {.provider = PROVIDER, .state = "waiting"};
	const struct cs_happening pay = {.id = paying->order_id,
					 .event = CS_EVENT_PAY,
					 .actor = CS_ACTOR_USER,
					 .now = cs_now()};
	enum cs_kind kind = CS_KIND_COUNT;
	enum cs_status st = cs_store_payment_of_order(store, paying->order_id, &paying->payment);

	if (st != CS_E_NOT_FOUND)
		return st; /* asked for before: the same one */
	if (!cs_kind_read(paying->kind, &kind))
		return CS_E_CORRUPT;
	memcpy(payment.order_id, paying->order_id, strlen(paying->order_id) + 1);
	payment.amount = cs_price(paying->desk->orders.terms, kind, paying->years);
	st = cs_id_new(payment.reference);
	if (st == CS_OK)
		st = cs_store_payment_add(store, &payment, pay.now);
	if (st == CS_OK)
		st = cs_order_happens(&paying->desk->orders, &pay, NULL);
	if (st == CS_OK)
		paying->payment = payment;
	return st;
}

enum cs_status
cs_api_payment(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	struct paying paying = {.desk = desk};
	CS_ORDER_ROW row = {.ver = 0};
	int64_t years = 1;
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st != CS_OK)
		return st;
	if (json_object_get(http->json, "years") != NULL &&
	    (!cs_json_number(http->json, "years", &years) || years < 1 || years > 10))
		return CS_E_ARGUMENTS;
	paying.order_id = row.id;
	paying.kind = row.kind;
	paying.years = (int)years;
	st = cs_store_tx(desk->orders.store, payment_body, &paying);
	if (st == CS_OK &&
	    (json_object_set_new(answer, "provider", json_string(paying.payment.provider)) != 0 ||
	     json_object_set_new(answer, "reference", json_string(paying.payment.reference)) != 0 ||
	     json_object_set_new(answer, "amount", json_integer(paying.payment.amount)) != 0 ||
	     json_object_set_new(answer, "state", json_string(paying.payment.state)) != 0))
		st = CS_E_MEMORY;
	return st;
}

/* HMAC-SHA-256 over "timestamp", a newline and the body. */
static enum cs_status
notice_check(const struct cs_desk *desk, const struct cs_http_request *http)
{
	uint8_t told[CS_HASH_LEN], computed[CS_HASH_LEN];
	CS_BLOB signed_bytes = {NULL, 0};
	struct uk_writer out;
	char *end;
	long long at = strtoll(http->timestamp, &end, 10);
	int64_t age = cs_now() - at;
	enum cs_status st;

	if (desk->certd->pay_key.len == 0 || http->timestamp[0] == '\0' || *end != '\0' ||
	    strlen(http->timestamp) > 20 || age > NOTICE_FRESH || age < -NOTICE_FRESH ||
	    !cs_hex_read(http->signature, told, sizeof(told)))
		return CS_E_PROOF;
	st = cs_blob_room(&signed_bytes, SIGNED_MAX);
	if (st != CS_OK)
		return st;
	out = uk_writer_of(signed_bytes.ptr, signed_bytes.len);
	uk_put(&out, uk_span_str(http->timestamp));
	uk_put_u8(&out, '\n');
	uk_put(&out, http->body);
	st = cs_hmac(uk_secret_peek(&desk->certd->pay_key), uk_writer_span(&out), computed);
	if (st != CS_OK)
		return st;
	return cs_equal_secret(uk_span_of(told, sizeof(told)), uk_span_of(computed, sizeof(told)))
		       ? CS_OK
		       : CS_E_PROOF;
}

struct noticing {
	struct cs_desk *desk;
	const char *reference, *notice;
	int64_t amount;
};

static enum cs_status
notify_body(struct cs_store *store, void *ctx)
{
	const struct noticing *noticing = ctx;
	struct cs_payment payment = {.amount = 0};
	struct cs_happening money = {.event = CS_EVENT_MONEY,
				     .actor = CS_ACTOR_PROVIDER,
				     .now = cs_now(),
				     .by = PROVIDER};
	enum cs_status st =
		cs_store_payment_by_reference(store, PROVIDER, noticing->reference, &payment);

	if (st != CS_OK)
		return st;
	if (payment.amount != noticing->amount)
		return CS_E_PROOF;
	st = cs_store_notice_add(store, PROVIDER, noticing->notice, payment.order_id, money.now);
	if (st == CS_E_EXISTS || (st == CS_OK && strcmp(payment.state, "paid") == 0))
		return CS_OK; /* known already */
	money.id = payment.order_id;
	if (st == CS_OK)
		st = cs_store_payment_paid(store, payment.order_id, money.now);
	return st == CS_OK ? cs_order_happens(&noticing->desk->orders, &money, NULL) : st;
}

enum cs_status
cs_api_notify(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct noticing noticing = {.desk = ctx};
	CS_JSON *json = NULL;
	enum cs_status st = notice_check(ctx, http);

	if (st != CS_OK)
		return st;
	json = cs_json_read(http->body);
	noticing.reference = cs_json_text(json, "reference", CS_ID_TEXT - 1);
	noticing.notice = cs_json_text(json, "notice", 64);
	if (noticing.reference == NULL || noticing.notice == NULL ||
	    !cs_json_number(json, "amount", &noticing.amount))
		return CS_E_ARGUMENTS;
	return cs_store_tx(((struct cs_desk *)ctx)->orders.store, notify_body, &noticing);
}
