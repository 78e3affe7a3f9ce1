/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An order as its owner sees it: where it is, what is next, what is on its way. */
#include "service/certd/api.h"

#include "service/certd/contacts.h"
#include "service/store/contacts.h"
#include "service/store/deliveries.h"

#include <string.h>

/* What the owner does next; where documents, payment or paper matter, see next_word. */
static const struct {
	enum cs_state state;
	const char *paid, *free; /* the second for kinds that cost nothing */
} nexts[] = {
	{CS_STATE_DRAFT, "submit", "submit"},
	{CS_STATE_IDENTIFIED, "code", "code"},
	{CS_STATE_DOCS, "consent", "consent"},
	{CS_STATE_CONSENTED, "pay", "hand-in"},
	{CS_STATE_WAIT_PAY, "wait-money", "wait-money"},
	{CS_STATE_WAIT_TRANSFER, "transfer", "transfer"},
	{CS_STATE_PAID, "hand-in", "hand-in"},
	{CS_STATE_CORRECT, "correct", "correct"},
	{CS_STATE_PAPER_WAIT, "papers", "papers"},
	{CS_STATE_PAPER_IN, "pay", "hand-in"},
	{CS_STATE_READY, "install", "install"},
	{CS_STATE_ISSUED, "install", "install"},
	{CS_STATE_TO_COLLECT, "collect", "collect"},
	{CS_STATE_POSTED, "receive", "receive"},
	{CS_STATE_CODE_SENT, "check", "check"},
	{CS_STATE_CODE_OK, "command", "command"},
	{CS_STATE_COMMANDED, "command", "command"},
	{CS_STATE_COUNTER_WAIT, "counter", "counter"},
	{CS_STATE_COUNTER_ONLY, "counter", "counter"},
};

static const char *
next_word(const struct cs_order_row *row, bool documents_missing)
{
	enum cs_kind kind = CS_KIND_COUNT;
	enum cs_state state = CS_STATE_COUNT;

	if (!cs_kind_read(row->kind, &kind) || !cs_state_read(row->state, &state) ||
	    cs_state_final(state))
		return state == CS_STATE_COUNTER_ONLY ? "counter" : "none";
	if (state == CS_STATE_DOCS && documents_missing)
		return "documents";
	for (size_t i = 0; i < ARRAY_SIZE(nexts); i++)
		if (nexts[i].state == state)
			return cs_kind_paid(kind) ? nexts[i].paid : nexts[i].free;
	return "wait";
}

static enum cs_status
payment_show(const struct cs_payment *payment, json_t *answer)
{
	json_t *shown;

	if (payment->order_id[0] == '\0')
		return CS_OK;
	shown = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s}", "provider", payment->provider,
			  "reference", payment->reference, "amount", (json_int_t)payment->amount,
			  "state", payment->state, "way", payment->way, "qr", payment->qr);
	return json_object_set_new(answer, "payment", shown) == 0 ? CS_OK : CS_E_MEMORY;
}

/* How the PIN comes is a matter of new keys only. */
static const char *
pin_word(const struct cs_desk *desk, const struct cs_order_row *row)
{
	static const char *const made[] = {"new", "lost", "damaged"};

	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		if (strcmp(row->kind, made[i]) == 0)
			return desk->certd->profile.first_pin;
	return "kept";
}

static enum cs_status
delivery_show(const struct cs_desk *desk, const struct cs_order_whole *whole, json_t *answer)
{
	const struct cs_delivery *delivery = &whole->delivery;
	const char *invoice = delivery->invoice;
	json_t *shown =
		json_pack("{s:s, s:s, s:s, s:s}", "key", delivery->key_sn, "pin",
			  delivery->pin[0] != '\0' ? delivery->pin : pin_word(desk, &whole->row),
			  "post", delivery->post, "tracking", delivery->tracking);
	json_t *bill = json_pack("{s:s, s:s}", "state", invoice[0] != '\0' ? invoice : "none",
				 "number", delivery->invoice_number);

	if (json_object_set_new(answer, "delivery", shown) != 0 ||
	    json_object_set_new(answer, "invoice", bill) != 0)
		return CS_E_MEMORY;
	return CS_OK;
}

/* Where to, how much, and what for: as long as it is waited for. */
static enum cs_status
transfer_show(const struct cs_desk *desk, const struct cs_order_whole *whole, json_t *answer)
{
	const json_t *account = json_object_get(desk->certd->profile.json, "transfer");
	json_t *transfer;

	if (strcmp(whole->row.state, "wait-transfer") != 0)
		return CS_OK;
	transfer = account != NULL ? json_deep_copy(account) : json_object();
	(void)json_object_set_new(transfer, "amount", json_integer(whole->payment.amount));
	(void)json_object_set_new(transfer, "memo", json_string(whole->row.number));
	return json_object_set_new(answer, "transfer", transfer) == 0 ? CS_OK : CS_E_MEMORY;
}

/* How often the handler's code may still be guessed at, and until when; nothing else of it. */
static enum cs_status
handler_code_show(struct cs_desk *desk, const struct cs_order_row *row, json_t *answer)
{
	struct cs_order_code code = {.tries = CS_GUESSES};
	enum cs_status st = CS_OK;
	json_int_t left;
	json_t *shown;

	if (!desk->certd->profile.handler_code || strcmp(row->state, "docs") != 0)
		return CS_OK;
	st = cs_store_code_get(desk->orders.store, row->id, CS_CODE_CONSENT, &code);
	if (st != CS_OK && st != CS_E_NOT_FOUND)
		return st;
	left = code.tries < CS_GUESSES ? CS_GUESSES - code.tries : 0;
	shown = json_pack("{s:I, s:I}", "until", (json_int_t)code.until, "left", left);
	return json_object_set_new(answer, "handler_code", shown) == 0 ? CS_OK : CS_E_MEMORY;
}

static enum cs_status
whole_show(struct cs_desk *desk, const struct cs_order_whole *whole, json_t *answer)
{
	const struct cs_order_row *row = &whole->row;
	CS_JSON *shown = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "order",
				   row->id, "number", row->number, "kind", row->kind, "state",
				   row->state, "sn", row->key_sn, "ver", (json_int_t)row->ver,
				   "created", (json_int_t)row->created, "changed",
				   (json_int_t)row->changed, "deadline", (json_int_t)row->deadline);
	json_t *documents = json_array();
	bool missing = false;
	enum cs_status st;

	if (shown == NULL || json_object_update(answer, shown) != 0 ||
	    json_object_set_new(answer, "documents", documents) != 0)
		return CS_E_MEMORY;
	st = cs_documents_list(desk, row, documents, &missing);
	if (st == CS_OK && json_array_size(documents) == 0)
		(void)json_object_del(answer, "documents");
	if (json_object_set_new(answer, "next", json_string(next_word(row, missing))) != 0)
		return CS_E_MEMORY;
	if (st == CS_OK)
		st = payment_show(&whole->payment, answer);
	if (st == CS_OK)
		st = transfer_show(desk, whole, answer);
	if (st == CS_OK)
		st = handler_code_show(desk, row, answer);
	return st == CS_OK ? delivery_show(desk, whole, answer) : st;
}

enum cs_status
cs_api_show(struct cs_desk *desk, const char *id, json_t *answer)
{
	CS_ORDER_WHOLE whole = {.row = {.ver = 0}};
	enum cs_status st = cs_store_order_whole(desk->orders.store, id, &whole);

	return st == CS_OK ? whole_show(desk, &whole, answer) : st;
}

enum cs_status
cs_api_order_get(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_WHOLE whole = {.row = {.ver = 0}};
	enum cs_status st = cs_order_whole_by_cap(&desk->orders, http->capability, &whole);

	if (st == CS_OK && strcmp(whole.row.id, http->parts[0]) != 0)
		return CS_E_NOT_FOUND;
	return st == CS_OK ? whole_show(desk, &whole, answer) : st;
}
