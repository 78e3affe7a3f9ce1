/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/orders/order.h"

#include "service/audit/audit.h"
#include "service/orders/effects.h"

#include <stdio.h>
#include <string.h>

#define WHERE_ROOM 64

static const char *const method_words[] = {
	[CS_METHOD_SMS] = "sms", [CS_METHOD_MEMO] = "memo", [CS_METHOD_COUNTER] = CS_AT_COUNTER};

static enum cs_method
method_read(const char *word)
{
	return strcmp(word, method_words[CS_METHOD_MEMO]) == 0 ? CS_METHOD_MEMO : CS_METHOD_SMS;
}

static const char *
form_where(const char *id, char room[WHERE_ROOM])
{
	(void)snprintf(room, WHERE_ROOM, "order/%s", id);
	return room;
}

static enum cs_status
cap_hash(const char *cap, uint8_t ret[CS_HASH_LEN])
{
	return cs_hash(uk_span_str(cap), ret);
}

enum cs_status
cs_order_cap_new(struct cs_orders *orders, const char *id, int64_t now, char ret[CS_CAP_TEXT])
{
	uint8_t random[32], hash[CS_HASH_LEN];
	char cap[CS_CAP_TEXT];
	enum cs_status st = cs_random(random, sizeof(random));

	if (st != CS_OK)
		return st;
	cs_hex(uk_span_of(random, sizeof(random)), cap);
	uk_wipe(random, sizeof(random));
	st = cap_hash(cap, hash);
	if (st == CS_OK)
		st = cs_store_cap_add(orders->store, hash, id, now);
	if (st == CS_OK)
		memcpy(ret, cap, sizeof(cap));
	uk_wipe(cap, sizeof(cap));
	return st;
}

/* The hash that one from outside is looked for by. */
static enum cs_status
cap_look(const char *cap, uint8_t ret[CS_HASH_LEN])
{
	return strnlen(cap, CS_CAP_TEXT) == CS_CAP_TEXT - 1 ? cap_hash(cap, ret) : CS_E_NOT_FOUND;
}

enum cs_status
cs_order_of_cap(struct cs_orders *orders, const char *cap, char ret_id[CS_ID_TEXT])
{
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st = cap_look(cap, hash);

	return st == CS_OK ? cs_store_cap_find(orders->store, hash, ret_id) : st;
}

enum cs_status
cs_order_by_cap(struct cs_orders *orders, const char *cap, struct cs_order_row *ret)
{
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st = cap_look(cap, hash);

	return st == CS_OK ? cs_store_order_by_cap(orders->store, hash, ret) : st;
}

enum cs_status
cs_order_whole_by_cap(struct cs_orders *orders, const char *cap, struct cs_order_whole *ret)
{
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st = cap_look(cap, hash);

	return st == CS_OK ? cs_store_order_whole_by_cap(orders->store, hash, ret) : st;
}

struct making {
	struct cs_orders *orders;
	const struct cs_order_request *request;
	int64_t now;
	struct cs_order_made *made;
};

/* What the database knows of the key besides what the caller found out. */
static enum cs_status
facts_complete(struct cs_store *store, const char *key_sn, struct cs_key_facts *facts)
{
	struct cs_key_blocks blocks;
	enum cs_status st;

	if (key_sn[0] == '\0')
		return CS_OK;
	st = cs_store_key_blocks(store, key_sn, &blocks);
	if (st != CS_OK)
		return st;
	facts->suspended = facts->suspended || blocks.lost;
	facts->revoked = facts->revoked || blocks.revoked;
	facts->counter_only = facts->counter_only || blocks.counter;
	return CS_OK;
}

/* The row of a new order, its form sealed for a new person. */
static enum cs_status
row_make(const struct making *making, struct cs_order_row *row)
{
	const struct cs_order_request *request = making->request;
	CS_PERSON person = {.id = ""};
	char where[WHERE_ROOM];
	enum cs_status st;

	memcpy(row->id, making->made->id, sizeof(row->id));
	memcpy(row->number, making->made->number, sizeof(row->number));
	(void)snprintf(row->kind, sizeof(row->kind), "%s", cs_kind_word(request->kind));
	(void)snprintf(row->state, sizeof(row->state), "%s", cs_state_word(CS_STATE_DRAFT));
	(void)snprintf(row->key_sn, sizeof(row->key_sn), "%s", request->key_sn);
	(void)snprintf(row->profile, sizeof(row->profile), "%s", request->profile);
	(void)snprintf(row->method, sizeof(row->method), "%s", method_words[request->method]);
	row->created = row->changed = making->now;
	row->deadline =
		making->now + cs_flow_deadline(request->kind, CS_STATE_DRAFT, request->method);
	st = cs_vault_mark(making->orders->vault, "unit", request->unit_code, row->unit_mark);
	if (st == CS_OK)
		st = cs_person_new(making->orders->vault, making->orders->store, making->now,
				   &person);
	if (st != CS_OK)
		return st;
	memcpy(row->person, person.id, sizeof(row->person));
	return cs_seal(&person, form_where(row->id, where), request->form, &row->body);
}

static enum cs_status
idempotent(const struct making *making)
{
	struct cs_idempotency key = {.made = making->now};
	enum cs_status st = cs_hash(uk_span_str(making->request->idempotency), key.hash);

	if (st != CS_OK)
		return st;
	memcpy(key.body_hash, making->request->body_hash, CS_HASH_LEN);
	memcpy(key.order_id, making->made->id, sizeof(key.order_id));
	st = cs_store_idempotent(making->orders->store, &key);
	if (st != CS_OK)
		return st;
	making->made->first = key.first;
	memcpy(making->made->id, key.order_id, sizeof(key.order_id));
	return CS_OK;
}

/* The order that the same request made before. */
static enum cs_status
again(const struct making *making)
{
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_store_order_get(making->orders->store, making->made->id, &row);

	if (st == CS_OK)
		memcpy(making->made->number, row.number, sizeof(row.number));
	return st;
}

static enum cs_status
new_body(struct cs_store *store, void *ctx)
{
	struct making *making = ctx;
	/* The body may run again: what it changes is set back first. */
	struct cs_order_made made = *making->made;
	struct making here = {making->orders, making->request, making->now, &made};
	struct cs_key_facts facts = making->request->facts;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = idempotent(&here);

	if (st == CS_OK && made.first) {
		st = facts_complete(store, making->request->key_sn, &facts);
		if (st == CS_OK)
			st = cs_need(making->orders->terms, making->request->kind, &facts,
				     making->now);
		if (st == CS_OK)
			st = row_make(&here, &row);
		if (st == CS_OK)
			st = cs_store_order_add(store, &row);
		if (st == CS_OK)
			st = cs_order_opened(making->orders, making->request->kind, &row);
	} else if (st == CS_OK) {
		st = again(&here);
	}
	if (st == CS_OK)
		st = cs_order_cap_new(making->orders, made.id, making->now, made.cap);
	if (st == CS_OK)
		making->made[1] = made;
	return st;
}

enum cs_status
cs_order_new(struct cs_orders *orders, const struct cs_order_request *request, int64_t now,
	     struct cs_order_made *ret)
{
	struct cs_order_made made[2] = {{.first = false}, {.first = false}}; /* as begun, as done */
	struct making making = {orders, request, now, made};
	enum cs_status st;

	if (strlen(request->key_sn) >= CS_SN_TEXT || strlen(request->profile) >= CS_WORD_TEXT ||
	    strlen(request->idempotency) < 16)
		return CS_E_ARGUMENTS;
	st = cs_id_new(made[0].id);
	if (st == CS_OK)
		st = cs_number_next(&orders->numbers, orders->store, now, orders->terms->offset,
				    made[0].number);
	if (st == CS_OK)
		st = cs_store_tx(orders->store, new_body, &making);
	if (st == CS_OK)
		*ret = made[1];
	uk_wipe(made, sizeof(made));
	return st;
}

struct change {
	struct cs_orders *orders;
	const struct cs_happening *what;
	enum cs_state state; /* out */
};

static enum cs_status
form_replace(struct cs_orders *orders, struct cs_order_row *row, const struct cs_happening *what)
{
	CS_PERSON person = {.id = ""};
	char where[WHERE_ROOM];
	enum cs_status st;

	if (what->event != CS_EVENT_EDIT)
		return CS_OK;
	st = cs_person_load(orders->vault, orders->store, row->person, &person);
	if (st == CS_OK)
		st = cs_seal(&person, form_where(row->id, where), what->form, &row->body);
	return st == CS_OK ? cs_store_consents_void(orders->store, row->id, what->now) : st;
}

/* What the row says now: every change of it counts its version on, and a step is only of that one.
 */
static enum cs_status
row_now(struct cs_store *store, const struct cs_happening *what, struct cs_order_row *ret)
{
	if (what->known == NULL)
		return cs_store_order_get(store, what->id, ret);
	*ret = *what->known;
	ret->body = (struct cs_blob){NULL, 0};
	return cs_blob_set(&ret->body, cs_blob_span(&what->known->body));
}

static enum cs_status
happens_body(struct cs_store *store, void *ctx)
{
	struct change *change = ctx;
	const struct cs_happening *what = change->what;
	CS_ORDER_ROW row = {.ver = 0};
	struct cs_step step = {.what = what};
	enum cs_status st = row_now(store, what, &row);
	int64_t wait;

	if (st != CS_OK)
		return st;
	if (!cs_kind_read(row.kind, &step.kind) || !cs_state_read(row.state, &step.from))
		return CS_E_CORRUPT;
	st = cs_flow_next(step.kind, step.from, what->event, &step.to);
	/* The clock is late, or somebody pretends: an order that still has time is left alone. */
	if (st == CS_OK && what->event == CS_EVENT_TIME && row.deadline > what->now)
		st = CS_E_STATE;
	if (st == CS_OK)
		st = cs_order_may(change->orders, &step, &row);
	if (st == CS_OK)
		st = form_replace(change->orders, &row, what);
	if (st != CS_OK)
		return st;
	wait = cs_flow_deadline(step.kind, step.to, method_read(row.method));
	/* What happens again in the same state, such as a second request, does not buy time. */
	if (step.to != step.from || step.to == CS_STATE_CODE_SENT)
		row.deadline = wait > 0 ? what->now + wait : 0;
	(void)snprintf(row.state, sizeof(row.state), "%s", cs_state_word(step.to));
	row.changed = what->now;
	/* Somebody who can has looked at who it is; its papers came by post. */
	if (what->event == CS_EVENT_IDENTITY_OK || what->event == CS_EVENT_APPROVE ||
	    what->event == CS_EVENT_AT_COUNTER)
		row.checked = what->now;
	if (what->event == CS_EVENT_PAPER_CAME || what->event == CS_EVENT_AT_COUNTER)
		row.paper = what->now;
	if (cs_state_final(step.to))
		row.retain =
			cs_retain_until(change->orders->terms, step.to, what->now, what->not_after);
	/* Money came late: it is not over yet. */
	if (cs_state_final(step.from) && !cs_state_final(step.to))
		st = cs_store_order_unretain(store, &row);
	if (st == CS_OK)
		st = cs_store_order_put(store, &row);
	if (st == CS_OK)
		st = cs_order_effects(change->orders, &step, &row);
	if (st == CS_OK)
		change->state = step.to;
	return st;
}

enum cs_status
cs_order_happens(struct cs_orders *orders, const struct cs_happening *happening,
		 enum cs_state *ret_state)
{
	struct cs_happening fresh = *happening;
	struct change change = {orders, happening, CS_STATE_DRAFT};
	enum cs_status st;

	if (cs_event_actor(happening->event) != happening->actor)
		return CS_E_DENIED;
	if (cs_store_in_tx(orders->store)) {
		st = happens_body(orders->store, &change);
	} else {
		st = cs_store_tx(orders->store, happens_body, &change);
		/* Perhaps because something else has happened to it meanwhile. */
		if (st != CS_OK && happening->known != NULL) {
			fresh.known = NULL;
			change.what = &fresh;
			st = cs_store_tx(orders->store, happens_body, &change);
		}
	}
	if (st == CS_OK && ret_state != NULL)
		*ret_state = change.state;
	return st;
}

enum cs_status
cs_order_read(struct cs_orders *orders, const char *id, struct cs_order_row *ret,
	      struct cs_blob *ret_form)
{
	CS_PERSON person = {.id = ""};
	char where[WHERE_ROOM];
	enum cs_status st = cs_store_order_get(orders->store, id, ret);

	if (st != CS_OK || ret_form == NULL)
		return st;
	st = cs_person_load(orders->vault, orders->store, ret->person, &person);
	if (st != CS_OK)
		return st;
	return cs_unseal(&person, form_where(id, where), cs_blob_span(&ret->body), ret_form);
}

struct agreeing {
	struct cs_orders *orders;
	const char *id;
	struct cs_consent *consents;
	size_t consents_len;
	int64_t now;
};

/* The sensitive ones have a tick box of their own; all are needed. */
static const char *const required_texts[] = {"agreement", "privacy", "risk"};

static enum cs_status
text_agreed(const char *text_id, void *ctx)
{
	bool *agreed = ctx;

	for (size_t i = 0; i < ARRAY_SIZE(required_texts); i++)
		if (strcmp(required_texts[i], text_id) == 0)
			agreed[i] = true;
	return CS_OK;
}

static enum cs_status
consent_body(struct cs_store *store, void *ctx)
{
	const struct agreeing *agreeing = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	const struct cs_happening what = {.id = agreeing->id,
					  .event = CS_EVENT_CONSENT,
					  .actor = CS_ACTOR_USER,
					  .now = agreeing->now,
					  .known = &row};
	struct change change = {agreeing->orders, &what, CS_STATE_DRAFT};
	CS_BLOB form = {NULL, 0};
	uint8_t form_hash[CS_HASH_LEN];
	bool agreed[ARRAY_SIZE(required_texts)] = {false};
	enum cs_status st = cs_order_read(agreeing->orders, agreeing->id, &row, &form);

	if (st == CS_OK)
		st = cs_hash(cs_blob_span(&form), form_hash);
	for (size_t i = 0; i < agreeing->consents_len && st == CS_OK; i++) {
		memcpy(agreeing->consents[i].form_hash, form_hash, CS_HASH_LEN);
		st = cs_store_consent_add(store, agreeing->id, &agreeing->consents[i],
					  agreeing->now);
	}
	if (st == CS_OK)
		st = cs_store_consents_each(store, agreeing->id, form_hash, text_agreed, agreed);
	for (size_t i = 0; i < ARRAY_SIZE(required_texts) && st == CS_OK; i++)
		if (!agreed[i])
			st = CS_E_STATE;
	return st == CS_OK ? happens_body(store, &change) : st;
}

enum cs_status
cs_order_consent(struct cs_orders *orders, const char *id, struct cs_consent *consents,
		 size_t consents_len, int64_t now)
{
	struct agreeing agreeing = {orders, id, consents, consents_len, now};

	return cs_store_tx(orders->store, consent_body, &agreeing);
}

enum cs_status
cs_orders_tick(struct cs_orders *orders, int64_t now, int *ret_count)
{
	char id[CS_ID_TEXT];
	int count = 0;
	enum cs_status st;

	while ((st = cs_store_order_due(orders->store, now, id)) == CS_OK) {
		const struct cs_happening time = {.id = id,
						  .event = CS_EVENT_TIME,
						  .actor = CS_ACTOR_SYSTEM,
						  .now = now,
						  .by = "clock"};

		st = cs_order_happens(orders, &time, NULL);
		/* Another node's clock was faster. */
		if (st != CS_OK && st != CS_E_CHANGED && st != CS_E_STATE)
			return st;
		count += st == CS_OK;
	}
	*ret_count = count;
	return st == CS_E_NOT_FOUND ? CS_OK : st;
}
