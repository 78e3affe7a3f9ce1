/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders and the log as operators see them. */
#include "service/counter/counter.h"

#include "service/audit/audit.h"
#include "service/base/clock.h"
#include "service/store/deliveries.h"

#include <stdio.h>
#include <string.h>

#define LOG_ENTRIES 5000 /* of each writer are looked through */
#define LOG_SHOWN   200
#define VALUE_MAX   512
#define FULL_VIEW   (CS_ROLE_BIT(CS_ROLE_REVIEWER) | CS_ROLE_BIT(CS_ROLE_COUNTER))

static json_t *
row_json(const struct cs_order_row *row)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "number", row->number, "kind",
			 row->kind, "state", row->state, "sn", row->key_sn, "created",
			 (json_int_t)row->created, "changed", (json_int_t)row->changed, "deadline",
			 (json_int_t)row->deadline);
}

static enum cs_status
list_add(const struct cs_order_row *row, void *ctx)
{
	return json_array_append_new(ctx, row_json(row)) == 0 ? CS_OK : CS_E_MEMORY;
}

enum cs_status
cs_counter_list(const struct cs_counter *counter, const struct cs_order_filter *filter,
		const char *unit, json_t *ret_orders)
{
	struct cs_order_filter here = *filter;
	char mark[CS_HASH_TEXT] = "";
	enum cs_status st = CS_OK;

	if (unit[0] != '\0')
		st = cs_vault_mark(counter->desk->orders.vault, "unit", unit, mark);
	here.unit_mark = mark;
	return st == CS_OK ? cs_store_orders_list(counter->desk->orders.store, &here, list_add,
						  ret_orders)
			   : st;
}

/* ---- the form ---- */

static enum cs_status
form_add(const struct cs_counter *counter, const struct cs_order_row *row, json_t *ret)
{
	bool full = cs_counter_is(counter, FULL_VIEW);
	CS_ORDER_ROW again = {.ver = 0};
	CS_BLOB plain = {NULL, 0};
	CS_JSON *form = NULL;
	json_t *shown = json_object();
	const char *name;
	json_t *value;
	enum cs_status st = cs_order_read(&counter->desk->orders, row->id, &again, &plain);

	/* An erased person's order is still an order. */
	if (st == CS_OK)
		form = cs_json_read(cs_blob_span(&plain));
	json_object_foreach(form, name, value)
	{
		const char *text = json_string_value(value);
		char masked[CS_MASK_TEXT];

		if (text == NULL || strlen(text) > VALUE_MAX)
			text = "…";
		else if (!full) {
			cs_mask(name, text, masked);
			text = masked;
		}
		(void)json_object_set_new(shown, name, json_string(text));
	}
	(void)json_object_set_new(ret, "full", json_boolean(full));
	return json_object_set_new(ret, "form", shown) == 0 ? CS_OK : CS_E_MEMORY;
}

static enum cs_status
payment_add(struct cs_desk *desk, const char *order_id, json_t *ret)
{
	struct cs_payment payment = {.amount = 0};
	enum cs_status st = cs_store_payment_of_order(desk->orders.store, order_id, &payment);
	json_t *shown;

	if (st != CS_OK)
		return st == CS_E_NOT_FOUND ? CS_OK : st;
	shown = json_pack("{s:s, s:I, s:s}", "provider", payment.provider, "amount",
			  (json_int_t)payment.amount, "state", payment.state);
	return json_object_set_new(ret, "payment", shown) == 0 ? CS_OK : CS_E_MEMORY;
}

static enum cs_status
documents_add(struct cs_desk *desk, const struct cs_order_row *row, json_t *ret)
{
	json_t *documents = json_array();
	bool missing = false;
	enum cs_status st = cs_documents_list(desk, row, documents, &missing);

	return json_object_set_new(ret, "documents", documents) == 0 ? st : CS_E_MEMORY;
}

static enum cs_status
delivery_add(struct cs_desk *desk, const char *order_id, json_t *ret)
{
	CS_DELIVERY delivery = {.key_sn = ""};
	enum cs_status st = cs_store_delivery_get(desk->orders.store, order_id, &delivery);
	json_t *shown;

	if (st != CS_OK)
		return st == CS_E_NOT_FOUND ? CS_OK : st;
	shown = json_pack("{s:s, s:s, s:s, s:s, s:s}", "key", delivery.key_sn, "pin", delivery.pin,
			  "post", delivery.post, "tracking", delivery.tracking, "invoice",
			  delivery.invoice);
	return json_object_set_new(ret, "delivery", shown) == 0 ? CS_OK : CS_E_MEMORY;
}

/* ---- what was sent ---- */

static enum cs_status
trace_add(const struct cs_letter_trace *trace, void *ctx)
{
	const char *words = strrchr(trace->once, '/');
	json_t *shown =
		json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "id", trace->id, "topic", trace->topic,
			  "words", words != NULL ? words + 1 : "", "due", (json_int_t)trace->due,
			  "tries", (json_int_t)trace->tries, "done", (json_int_t)trace->done);

	return json_array_append_new(ctx, shown) == 0 ? CS_OK : CS_E_MEMORY;
}

static enum cs_status
letters_add(struct cs_desk *desk, const char *order_id, json_t *ret)
{
	json_t *letters = json_array();
	char prefix[CS_ID_TEXT + 1];
	enum cs_status st;

	(void)snprintf(prefix, sizeof(prefix), "%s/", order_id);
	st = cs_store_letters_of(desk->orders.store, "notice", prefix, trace_add, letters);
	if (json_object_set_new(ret, "letters", letters) != 0)
		return CS_E_MEMORY;
	return st;
}

/* ---- what is asked for ---- */

static enum cs_status
ask_add(const struct cs_ask_row *ask, void *ctx)
{
	const struct cs_act act = cs_act_of(cs_blob_span(&ask->body));
	json_t *shown =
		json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "id", ask->id, "act", ask->act,
			  "state", ask->state, "by", ask->by, "made", (json_int_t)ask->made,
			  "people", (json_int_t)act.people, "body", (const char *)ask->body.ptr);

	return json_array_append_new(ctx, shown) == 0 ? CS_OK : CS_E_MEMORY;
}

static enum cs_status
name_add(const char *name, struct uk_span signature, void *ctx)
{
	return json_array_append_new(ctx, json_string(name)) == 0 ? CS_OK : CS_E_MEMORY;
}

static enum cs_status
asks_add(struct cs_desk *desk, const char *order_id, json_t *ret)
{
	json_t *asks = json_array();
	enum cs_status st = cs_store_asks_of_order(desk->orders.store, order_id, ask_add, asks);

	for (size_t i = 0; i < json_array_size(asks) && st == CS_OK; i++) {
		json_t *shown = json_array_get(asks, i), *names = json_array();

		st = cs_store_ask_signed(desk->orders.store,
					 json_string_value(json_object_get(shown, "id")), name_add,
					 names);
		(void)json_object_set_new(shown, "signed", names);
	}
	if (json_object_set_new(ret, "asks", asks) != 0)
		return CS_E_MEMORY;
	return st;
}

/* ---- the log ---- */

struct logging {
	const char *line; /* "order=NUMBER\n", or "" */
	json_t *entries;
};

/* "name=value" lines as an object. */
static json_t *
entry_json(const struct cs_audit_row *row)
{
	json_t *entry = json_pack("{s:s, s:I, s:I}", "chain", row->chain, "seq",
				  (json_int_t)row->seq, "at", (json_int_t)row->at);
	struct uk_span rest = row->body;

	while (entry != NULL && rest.len > 0) {
		const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = end != NULL ? (size_t)(end - rest.ptr) : rest.len;
		const uint8_t *is = memchr(rest.ptr, '=', len);
		char name[32];

		if (is != NULL && (size_t)(is - rest.ptr) < sizeof(name)) {
			size_t name_len = (size_t)(is - rest.ptr);

			memcpy(name, rest.ptr, name_len);
			name[name_len] = '\0';
			(void)json_object_set_new(
				entry, name,
				json_stringn((const char *)is + 1, len - name_len - 1));
		}
		len += end != NULL ? 1 : 0;
		rest = uk_span_of(rest.ptr + len, rest.len - len);
	}
	return entry;
}

static enum cs_status
entry_add(const struct cs_audit_row *row, void *ctx)
{
	const struct logging *logging = ctx;
	size_t len = strlen(logging->line);

	if (len > 0 && memmem(row->body.ptr, row->body.len, logging->line, len) == NULL)
		return CS_OK;
	return json_array_append_new(logging->entries, entry_json(row)) == 0 ? CS_OK : CS_E_MEMORY;
}

struct heads {
	struct cs_audit_head *list;
	size_t len;
};

#define CHAINS_MAX 64

static enum cs_status
head_add(const struct cs_audit_head *head, void *ctx)
{
	struct heads *heads = ctx;

	if (heads->len < CHAINS_MAX)
		heads->list[heads->len++] = *head;
	return CS_OK;
}

static int
later_first(const void *a, const void *b)
{
	json_int_t left = json_integer_value(json_object_get(*(json_t *const *)a, "at"));
	json_int_t right = json_integer_value(json_object_get(*(json_t *const *)b, "at"));

	if (left == right) { /* the same second: as they were written */
		left = json_integer_value(json_object_get(*(json_t *const *)a, "seq"));
		right = json_integer_value(json_object_get(*(json_t *const *)b, "seq"));
	}
	return left < right ? 1 : left > right ? -1 : 0;
}

/* The newest LOG_SHOWN of them. */
static enum cs_status
entries_sort(json_t *entries, json_t *ret)
{
	size_t len = json_array_size(entries);
	json_t **list = calloc(len + 1, sizeof(json_t *));
	enum cs_status st = list != NULL ? CS_OK : CS_E_MEMORY;

	for (size_t i = 0; i < len && st == CS_OK; i++)
		list[i] = json_array_get(entries, i);
	if (st == CS_OK)
		qsort(list, len, sizeof(json_t *), later_first);
	for (size_t i = 0; i < len && i < LOG_SHOWN && st == CS_OK; i++)
		st = json_array_append(ret, list[i]) == 0 ? CS_OK : CS_E_MEMORY;
	free(list);
	return st;
}

enum cs_status
cs_counter_log(struct cs_desk *desk, const char *number, json_t *ret_entries)
{
	struct cs_audit_head chains[CHAINS_MAX];
	struct heads heads = {chains, 0};
	char line[CS_NUMBER_TEXT + 8] = "";
	CS_JSON *entries = json_array();
	struct logging logging = {line, entries};
	int64_t most = number[0] != '\0' ? LOG_ENTRIES : LOG_SHOWN;
	enum cs_status st = cs_store_audit_heads(desk->orders.store, head_add, &heads);

	if (number[0] != '\0')
		(void)snprintf(line, sizeof(line), "order=%s\n", number);
	for (size_t i = 0; i < heads.len && st == CS_OK; i++)
		st = cs_store_audit_from(desk->orders.store, chains[i].chain, chains[i].seq - most,
					 entry_add, &logging);
	return st == CS_OK ? entries_sort(entries, ret_entries) : st;
}

/* ---- all of it ---- */

enum cs_status
cs_counter_order(const struct cs_counter *counter, const char *number, json_t *ret)
{
	struct cs_desk *desk = counter->desk;
	CS_ORDER_ROW row = {.ver = 0};
	CS_JSON *shown = NULL;
	json_t *log = json_array(), *can = json_array();
	enum cs_status st = cs_store_order_by_number(desk->orders.store, number, &row);

	if (st == CS_OK) {
		shown = row_json(&row);
		st = json_object_update(ret, shown) == 0 ? CS_OK : CS_E_MEMORY;
	}
	if (st == CS_OK && json_object_set_new(ret, "method", json_string(row.method)) != 0)
		st = CS_E_MEMORY;
	if (st == CS_OK)
		st = form_add(counter, &row, ret);
	if (st == CS_OK)
		st = payment_add(desk, row.id, ret);
	if (st == CS_OK)
		st = documents_add(desk, &row, ret);
	if (st == CS_OK)
		st = delivery_add(desk, row.id, ret);
	if (st == CS_OK)
		st = letters_add(desk, row.id, ret);
	if (st == CS_OK)
		st = asks_add(desk, row.id, ret);
	if (st == CS_OK)
		st = cs_counter_log(desk, row.number, log);
	if (st == CS_OK)
		st = cs_counter_offers(counter, &row, can);
	if (json_object_set_new(ret, "log", log) != 0 || json_object_set_new(ret, "can", can) != 0)
		st = st == CS_OK ? CS_E_MEMORY : st;
	return st;
}

enum cs_status
cs_counter_document(const struct cs_counter *counter, const char *number, const char *slot,
		    struct cs_blob *ret)
{
	struct cs_desk *desk = counter->desk;
	CS_ORDER_ROW row = {.ver = 0};
	CS_BLOB marked = {NULL, 0};
	const struct cs_audit_pair pairs[] = {
		{"event", "view"}, {"order", number}, {"slot", slot}, {"by", counter->who.name}};
	enum cs_status st = cs_counter_is(counter, FULL_VIEW)
				    ? cs_store_order_by_number(desk->orders.store, number, &row)
				    : CS_E_DENIED;

	if (st == CS_OK)
		st = cs_document_marked(desk, &row, slot, counter->who.name, &marked);
	/* Whoever looked is known, or nobody has. */
	if (st == CS_OK)
		st = cs_audit_log(desk->orders.store, desk->chain, cs_now(), pairs,
				  ARRAY_SIZE(pairs));
	if (st != CS_OK)
		return st;
	*ret = marked;
	marked = (struct cs_blob){NULL, 0};
	return CS_OK;
}
