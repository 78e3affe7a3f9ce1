/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Payment.  A notice is believed when it is signed, fresh, about a payment we asked for and of its
 * amount; it may come any number of times and in any order.
 */
#include "service/certd/api.h"

#include "service/receipts/receipts.h"
#include "service/store/outbox.h"
#include "service/store/payments.h"

#include <stdio.h>
#include <string.h>

#define SANDBOX      "sandbox"
#define TRANSFER     "transfer"
#define NOTICE_FRESH (5 * CS_MINUTE)
#define ALIPAY_FRESH (26 * CS_HOUR) /* it repeats the same one for a day */
#define YEARS_MAX    10

struct paying {
	struct cs_desk *desk;
	const char *order_id, *kind, *way;
	enum cs_event event;
	int years;
	struct cs_payment payment;
};

static const char *
provider_of(const struct cs_certd *certd, const char *way)
{
	if (strcmp(way, TRANSFER) == 0)
		return TRANSFER;
	return cs_driver(&certd->drivers, "pay", way, "create") != NULL ? way : SANDBOX;
}

static void
sandbox_qr(struct cs_payment *payment)
{
	(void)snprintf(payment->qr, sizeof(payment->qr),
		       "openukey-sandbox:pay?reference=%s&amount=%ld&way=%s", payment->reference,
		       (long)payment->amount, payment->way);
}

/* Asked for before: the same one, though it may be paid in another way now. */
static enum cs_status
payment_again(struct cs_store *store, struct paying *paying)
{
	struct cs_payment *payment = &paying->payment;

	if (strcmp(payment->state, "waiting") != 0 || paying->way[0] == '\0' ||
	    strcmp(payment->way, paying->way) == 0)
		return CS_OK;
	/* What was asked of one provider stays known to it: its notice is still looked for. */
	if (strcmp(paying->way, TRANSFER) != 0)
		(void)snprintf(payment->provider, sizeof(payment->provider), "%s",
			       provider_of(paying->desk->certd, paying->way));
	(void)snprintf(payment->way, sizeof(payment->way), "%s", paying->way);
	payment->qr[0] = '\0';
	if (strcmp(payment->provider, SANDBOX) == 0)
		sandbox_qr(payment);
	return cs_store_payment_way(store, payment, cs_now());
}

static enum cs_status
payment_add(struct cs_store *store, struct paying *paying)
{
	struct cs_payment payment = {.state = "waiting"};
	enum cs_kind kind = CS_KIND_COUNT;
	enum cs_status st;

	if (!cs_kind_read(paying->kind, &kind))
		return CS_E_CORRUPT;
	(void)snprintf(payment.order_id, sizeof(payment.order_id), "%s", paying->order_id);
	(void)snprintf(payment.way, sizeof(payment.way), "%s", paying->way);
	(void)snprintf(payment.provider, sizeof(payment.provider), "%s",
		       provider_of(paying->desk->certd, paying->way));
	payment.amount = cs_price(paying->desk->orders.terms, kind, paying->years);
	st = cs_id_new(payment.reference);
	if (strcmp(payment.provider, SANDBOX) == 0)
		sandbox_qr(&payment);
	if (st == CS_OK)
		st = cs_store_payment_add(store, &payment, cs_now());
	paying->payment = payment;
	return st;
}

static enum cs_status
payment_body(struct cs_store *store, void *ctx)
{
	struct paying *paying = ctx;
	const struct cs_happening pay = {.id = paying->order_id,
					 .event = paying->event,
					 .actor = CS_ACTOR_USER,
					 .now = cs_now()};
	enum cs_status st = cs_store_payment_of_order(store, paying->order_id, &paying->payment);
	bool first = st == CS_E_NOT_FOUND;

	if (first)
		st = payment_add(store, paying);
	else if (st == CS_OK)
		st = payment_again(store, paying);
	if (st == CS_OK && (first || paying->event == CS_EVENT_PAY_OFFLINE))
		st = cs_order_happens(&paying->desk->orders, &pay, NULL);
	return st;
}

static enum cs_status
years_read(const json_t *json, int *ret)
{
	int64_t years = 1;

	if (json_object_get(json, "years") != NULL &&
	    (!cs_json_number(json, "years", &years) || years < 1 || years > YEARS_MAX))
		return CS_E_ARGUMENTS;
	*ret = (int)years;
	return CS_OK;
}

/* What the QR code says comes from the provider, once; asked again it gives the same. */
static enum cs_status
qr_fetch(struct cs_desk *desk, const struct cs_order_row *row, struct cs_payment *payment)
{
	const json_t *driver = cs_driver(&desk->certd->drivers, "pay", payment->provider, "create");
	CS_JSON *values = NULL;
	CS_JSON *answer = NULL;
	char amount[24];
	const char *qr;
	enum cs_status st;

	if (payment->qr[0] != '\0' || strcmp(payment->way, TRANSFER) == 0 ||
	    strcmp(payment->state, "waiting") != 0)
		return CS_OK;
	if (driver == NULL) { /* one that the sandbox took over */
		sandbox_qr(payment);
		return cs_store_payment_qr(desk->orders.store, row->id, payment->qr);
	}
	(void)snprintf(amount, sizeof(amount), "%ld", (long)payment->amount);
	values = json_pack("{s:s, s:s, s:s}", "reference", payment->reference, "amount", amount,
			   "number", row->number);
	st = cs_driver_ask(driver, values, payment->reference, &answer);
	qr = cs_json_text(answer, "qr", CS_QR_TEXT - 1);
	if (st != CS_OK || qr == NULL)
		return CS_E_UNAVAILABLE;
	memcpy(payment->qr, qr, strlen(qr) + 1);
	return cs_store_payment_qr(desk->orders.store, row->id, qr);
}

enum cs_status
cs_api_payment(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	const char *way = cs_json_text_or_empty(http->json, "way", CS_WORD_TEXT - 1);
	struct paying paying = {.desk = desk, .event = CS_EVENT_PAY, .way = way};
	const struct cs_payment *payment = &paying.payment;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK)
		st = years_read(http->json, &paying.years);
	if (st != CS_OK)
		return st;
	if (way == NULL || strcmp(way, TRANSFER) == 0)
		return CS_E_ARGUMENTS;
	paying.order_id = row.id;
	paying.kind = row.kind;
	st = cs_store_tx(desk->orders.store, payment_body, &paying);
	if (st == CS_OK)
		st = qr_fetch(desk, &row, &paying.payment);
	if (st == CS_OK &&
	    (json_object_set_new(answer, "provider", json_string(payment->provider)) != 0 ||
	     json_object_set_new(answer, "reference", json_string(payment->reference)) != 0 ||
	     json_object_set_new(answer, "amount", json_integer(payment->amount)) != 0 ||
	     json_object_set_new(answer, "qr", json_string(payment->qr)) != 0 ||
	     json_object_set_new(answer, "way", json_string(payment->way)) != 0 ||
	     json_object_set_new(answer, "state", json_string(payment->state)) != 0))
		st = CS_E_MEMORY;
	return st;
}

/* S11: the 24 hours end with it. The order then says where to. */
enum cs_status
cs_api_pay_offline(struct cs_desk *desk, const struct cs_http_request *http,
		   const struct cs_order_row *row, json_t *answer)
{
	struct paying paying = {.desk = desk,
				.event = CS_EVENT_PAY_OFFLINE,
				.way = TRANSFER,
				.order_id = row->id,
				.kind = row->kind};
	enum cs_status st = years_read(http->json, &paying.years);

	if (st == CS_OK)
		st = cs_store_tx(desk->orders.store, payment_body, &paying);
	return st == CS_OK ? cs_api_show(desk, row->id, answer) : st;
}

/* Money that came although it was not wanted any more goes back by itself. */
static enum cs_status
surplus_back(struct cs_store *store, const char *order_id, int64_t now)
{
	char payload[CS_ID_TEXT + 16];

	(void)snprintf(payload, sizeof(payload), "surplus/%s", order_id);
	return cs_store_post(store, "refund", payload, now, uk_span_str(payload));
}

enum cs_status
cs_paid(struct cs_desk *desk, const char *order_id, int64_t now)
{
	enum cs_status st =
		cs_store_payment_move(desk->orders.store, order_id, "waiting", "paid", now);

	if (st == CS_E_CHANGED)
		st = CS_OK; /* a transfer for an order that was never to be paid otherwise */
	return st == CS_OK ? cs_invoice_due(desk, order_id, now) : st;
}

static enum cs_status
secret_of(const struct cs_certd *certd, const char *provider, struct uk_secret *ret)
{
	const json_t *driver = cs_driver(&certd->drivers, "pay", provider, "notify");

	if (strcmp(provider, SANDBOX) == 0) {
		if (certd->pay_key.len == 0)
			return CS_E_PROOF;
		*ret = certd->pay_key;
		return CS_OK;
	}
	return driver != NULL && cs_driver_secret(driver, ret) == CS_OK ? CS_OK : CS_E_PROOF;
}

static enum cs_status
notice_check(const struct cs_desk *desk, const struct cs_http_request *http)
{
	UK_SECRET secret = {.len = 0};
	uint8_t told[CS_HASH_LEN], computed[CS_HASH_LEN];
	char *end;
	long long at = strtoll(http->timestamp, &end, 10);
	int64_t now = cs_now();
	enum cs_status st;

	if (http->timestamp[0] == '\0' || *end != '\0' || strlen(http->timestamp) > 20 ||
	    at > now + NOTICE_FRESH || at < now - NOTICE_FRESH ||
	    !cs_hex_read(http->signature, told, sizeof(told)))
		return CS_E_PROOF;
	st = secret_of(desk->certd, http->parts[0], &secret);
	if (st == CS_OK)
		st = cs_notice_mac(&secret, http->timestamp, http->body, computed);
	if (st != CS_OK)
		return st;
	return cs_equal_secret(uk_span_of(told, sizeof(told)), uk_span_of(computed, sizeof(told)))
		       ? CS_OK
		       : CS_E_PROOF;
}

struct noticing {
	struct cs_desk *desk;
	const struct cs_http_request *http;
	const char *provider, *reference, *notice;
	const char *stamp, *signature; /* as they are kept */
	int64_t amount;
};

/* The issuer will want to see it. */
static enum cs_status
notice_keep(struct cs_store *store, const struct noticing *noticing,
	    const struct cs_payment *payment)
{
	const struct cs_http_request *http = noticing->http;
	CS_KEPT_NOTICE notice = {.provider = ""};
	enum cs_status st = cs_blob_set(&notice.body, http->body);

	(void)snprintf(notice.order_id, sizeof(notice.order_id), "%s", payment->order_id);
	(void)snprintf(notice.provider, sizeof(notice.provider), "%s", noticing->provider);
	(void)snprintf(notice.stamp, sizeof(notice.stamp), "%s", noticing->stamp);
	(void)snprintf(notice.signature, sizeof(notice.signature), "%s", noticing->signature);
	return st == CS_OK ? cs_store_notice_keep(store, &notice) : st;
}

static enum cs_status
money_came(struct cs_store *store, const struct noticing *noticing,
	   const struct cs_payment *payment)
{
	const struct cs_happening money = {.id = payment->order_id,
					   .event = CS_EVENT_MONEY,
					   .actor = CS_ACTOR_PROVIDER,
					   .now = cs_now(),
					   .by = noticing->provider};
	enum cs_status st;

	if (strcmp(payment->state, "waiting") != 0)
		return strcmp(payment->way, TRANSFER) == 0
			       ? surplus_back(store, payment->order_id, money.now)
			       : CS_OK; /* known already */
	st = cs_paid(noticing->desk, payment->order_id, money.now);
	if (st == CS_OK)
		st = notice_keep(store, noticing, payment);
	if (st == CS_OK)
		st = cs_order_happens(&noticing->desk->orders, &money, NULL);
	return st == CS_E_STATE ? surplus_back(store, payment->order_id, money.now) : st;
}

static enum cs_status
notify_body(struct cs_store *store, void *ctx)
{
	const struct noticing *noticing = ctx;
	struct cs_payment payment = {.amount = 0};
	enum cs_status st = cs_store_payment_by_reference(store, noticing->provider,
							  noticing->reference, &payment);

	if (st != CS_OK)
		return st;
	if (payment.amount != noticing->amount)
		return CS_E_PROOF;
	st = cs_store_notice_add(store, noticing->provider, noticing->notice, payment.order_id,
				 cs_now());
	if (st == CS_E_EXISTS)
		return CS_OK; /* known already */
	return st == CS_OK ? money_came(store, noticing, &payment) : st;
}

/* What the provider calls a member. */
static const char *
name_of(const struct cs_desk *desk, const char *provider, const char *member)
{
	const json_t *driver = cs_driver(&desk->certd->drivers, "pay", provider, "notify");
	const char *name = cs_json_text(driver, member, 64);

	return name != NULL ? name : member;
}

/* In the provider's own form: receipts/README.md. */
static enum cs_status
foreign_notice(struct noticing *noticing, const char *rules)
{
	const struct cs_http_request *http = noticing->http;
	const char *nonce = cs_http_header(http, "Wechatpay-Nonce");
	const char *text = cs_http_header(http, "Wechatpay-Signature");
	bool wechat = text[0] != '\0';
	char stamp[CS_NOTICE_STAMP_TEXT] = "-", hex[CS_SIGNATURE_TEXT];
	CS_BLOB signature = {NULL, 0};
	struct cs_notice_told told = {.stamp = stamp, .body = http->body};
	struct cs_receipt receipt;
	int64_t now = cs_now();
	int len = 0;
	enum cs_status st;

	if (wechat)
		len = snprintf(stamp, sizeof(stamp), "%s:%s",
			       cs_http_header(http, "Wechatpay-Timestamp"), nonce);
	if (len < 0 || (size_t)len >= sizeof(stamp) ||
	    (wechat && !cs_base64_take(text, CS_NOTICE_SIGNATURE_MAX, &signature)))
		return CS_E_PROOF;
	told.signature = cs_blob_span(&signature);
	st = cs_receipt_read(rules, &told, &receipt);
	if (st == CS_E_STATE)
		return CS_OK; /* nothing that an order waits for */
	if (st != CS_OK)
		return st;
	if (receipt.sent > now + NOTICE_FRESH ||
	    receipt.sent < now - (wechat ? NOTICE_FRESH : ALIPAY_FRESH))
		return CS_E_PROOF;
	cs_hex(told.signature, hex);
	noticing->reference = receipt.reference;
	noticing->notice = receipt.notice;
	noticing->amount = receipt.amount;
	noticing->stamp = stamp;
	noticing->signature = hex;
	return cs_store_tx(noticing->desk->orders.store, notify_body, noticing);
}

static enum cs_status
template_notice(struct noticing *noticing)
{
	const struct cs_http_request *http = noticing->http;
	struct cs_desk *desk = noticing->desk;
	const char *provider = noticing->provider;
	CS_JSON *json = NULL;
	enum cs_status st = notice_check(desk, http);

	if (st != CS_OK)
		return st;
	json = cs_json_read(http->body);
	noticing->stamp = http->timestamp;
	noticing->signature = http->signature;
	noticing->reference =
		cs_json_text(json, name_of(desk, provider, "reference"), CS_ID_TEXT - 1);
	noticing->notice = cs_json_text(json, name_of(desk, provider, "notice"), 64);
	if (noticing->reference == NULL || noticing->notice == NULL ||
	    !cs_json_number(json, name_of(desk, provider, "amount"), &noticing->amount))
		return CS_E_ARGUMENTS;
	return cs_store_tx(desk->orders.store, notify_body, noticing);
}

enum cs_status
cs_api_notify(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	const char *provider = http->parts[0];
	struct noticing noticing = {.desk = desk, .http = http, .provider = provider};
	const json_t *driver = cs_driver(&desk->certd->drivers, "pay", provider, "notify");
	const char *rules = cs_json_text(driver, "rules", 255);
	const char *said = cs_json_text(driver, "answer", 64);
	enum cs_status st =
		rules != NULL ? foreign_notice(&noticing, rules) : template_notice(&noticing);

	/* The word by which the provider knows that it need not come again. */
	if (st == CS_OK && said != NULL) {
		st = cs_blob_set(&http->page->body, uk_span_str(said));
		http->page->type = "text/plain";
	}
	return st;
}
