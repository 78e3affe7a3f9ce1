/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures are asked for, come in one by one, and are carried out. */
#include "service/counter/counter.h"

#include "service/audit/audit.h"
#include "service/wire/client.h"

#include <stdio.h>
#include <string.h>

#define ASK_MS        5000
#define SIGNATURE_MAX 512
#define WHERE_ROOM    48
#define ANSWERS_MAX   16

bool
cs_counter_is(const struct cs_counter *counter, unsigned int roles)
{
	return (counter->who.roles & roles) != 0;
}

static enum cs_status
log_ask(struct cs_desk *desk, const char *event, const char *number, const char *act,
	const char *by)
{
	const struct cs_audit_pair pairs[] = {
		{"event", event}, {"order", number}, {"act", act}, {"by", by}};

	return cs_audit_log(desk->orders.store, desk->chain, cs_now(), pairs, ARRAY_SIZE(pairs));
}

static const char *
members_where(const char *id, char room[WHERE_ROOM])
{
	(void)snprintf(room, WHERE_ROOM, "ask/%s", id);
	return room;
}

static enum cs_status
members_seal(struct cs_desk *desk, const struct cs_order_row *row, const json_t *members,
	     struct cs_ask_row *ask)
{
	char *text = json_dumps(members, JSON_COMPACT);
	char where[WHERE_ROOM];
	CS_PERSON person = {.id = ""};
	enum cs_status st = text != NULL ? cs_person_load(desk->orders.vault, desk->orders.store,
							  row->person, &person)
					 : CS_E_MEMORY;

	if (st == CS_OK)
		st = cs_seal(&person, members_where(ask->id, where), uk_span_str(text),
			     &ask->members);
	if (text != NULL)
		uk_wipe(text, strlen(text));
	free(text);
	return st;
}

static json_t *
members_open(struct cs_desk *desk, const struct cs_order_row *row, const struct cs_ask_row *ask)
{
	CS_PERSON person = {.id = ""};
	CS_BLOB plain = {NULL, 0};
	char where[WHERE_ROOM];

	if (cs_person_load(desk->orders.vault, desk->orders.store, row->person, &person) != CS_OK ||
	    cs_unseal(&person, members_where(ask->id, where), cs_blob_span(&ask->members),
		      &plain) != CS_OK)
		return NULL;
	return cs_json_read(cs_blob_span(&plain));
}

/* A member that says nothing is none: processes make no line of one that is missing. */
static void
empty_drop(json_t *members)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(members, next, name, value)
	{
		if (json_is_string(value) && json_string_length(value) == 0)
			(void)json_object_del(members, name);
	}
}

struct same {
	const char *body;
	char id[CS_ID_TEXT];
};

static enum cs_status
same_body(const struct cs_ask_row *ask, void *ctx)
{
	struct same *same = ctx;

	if (strcmp(ask->state, "open") == 0 &&
	    uk_span_equal(cs_blob_span(&ask->body), uk_span_str(same->body)))
		memcpy(same->id, ask->id, sizeof(same->id));
	return CS_OK;
}

enum cs_status
cs_counter_ask(const struct cs_counter *counter, const char *number, const char *act,
	       const json_t *members, char ret_id[CS_ID_TEXT])
{
	struct cs_desk *desk = counter->desk;
	CS_ORDER_ROW row = {.ver = 0};
	CS_ASK_ROW ask = {.state = "open", .made = cs_now(), .changed = cs_now()};
	CS_JSON *own = members != NULL ? json_copy((json_t *)(uintptr_t)members) : json_object();
	char body[CS_ASK_BODY];
	struct same same = {.body = body};
	enum cs_status st = cs_store_order_by_number(desk->orders.store, number, &row);

	empty_drop(own);
	if (st == CS_OK && !cs_ask_possible(&row, act))
		st = CS_E_STATE;
	if (st == CS_OK)
		st = cs_ask_body(desk, &row, act, own, body);
	if (st == CS_OK && !cs_counter_is(counter, cs_act_of(uk_span_str(body)).roles))
		st = CS_E_DENIED;
	if (st == CS_OK)
		st = cs_store_asks_of_order(desk->orders.store, row.id, same_body, &same);
	if (st != CS_OK || same.id[0] != '\0') {
		memcpy(ret_id, same.id, sizeof(same.id));
		return st;
	}
	st = cs_id_new(ask.id);
	memcpy(ask.order_id, row.id, sizeof(ask.order_id));
	(void)snprintf(ask.act, sizeof(ask.act), "%s", act);
	memcpy(ask.by, counter->who.name, sizeof(ask.by));
	if (st == CS_OK)
		st = cs_blob_set(&ask.body, uk_span_str(body));
	if (st == CS_OK)
		st = members_seal(desk, &row, own, &ask);
	if (st == CS_OK)
		st = cs_store_ask_add(desk->orders.store, &ask);
	if (st == CS_OK)
		memcpy(ret_id, ask.id, sizeof(ask.id));
	return st == CS_OK ? log_ask(desk, "ask", number, act, counter->who.name) : st;
}

static enum cs_status
state_put(struct cs_desk *desk, struct cs_ask_row *ask, const char *state)
{
	(void)snprintf(ask->state, sizeof(ask->state), "%s", state);
	ask->changed = cs_now();
	return cs_store_ask_put(desk->orders.store, ask);
}

enum cs_status
cs_counter_drop(const struct cs_counter *counter, const char *id)
{
	struct cs_desk *desk = counter->desk;
	CS_ASK_ROW ask = {.ver = 0};
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_store_ask_get(desk->orders.store, id, &ask);

	if (st == CS_OK && !cs_counter_is(counter, cs_act_of(cs_blob_span(&ask.body)).roles))
		st = CS_E_DENIED;
	if (st == CS_OK && strcmp(ask.state, "open") != 0)
		st = CS_E_STATE;
	if (st == CS_OK)
		st = cs_store_order_get(desk->orders.store, ask.order_id, &row);
	if (st == CS_OK)
		st = state_put(desk, &ask, "dropped");
	return st == CS_OK ? log_ask(desk, "ask-dropped", row.number, ask.act, counter->who.name)
			   : st;
}

/* "a,b" as openukey-certd takes it: a list. */
static enum cs_status
slots_split(json_t *members)
{
	const char *text = json_string_value(json_object_get(members, "slots"));
	json_t *list;

	if (text == NULL)
		return CS_OK;
	list = json_array();
	while (*text != '\0') {
		size_t len = strcspn(text, ",");

		(void)json_array_append_new(list, json_stringn(text, len));
		text += len + (text[len] == ',' ? 1 : 0);
	}
	return json_object_set_new(members, "slots", list) == 0 ? CS_OK : CS_E_MEMORY;
}

/* The text's own process is asked, with its op. */
static enum cs_status
ask_process(const char *socket, const char *op, const struct cs_order_row *row, json_t *members,
	    json_t *ret)
{
	json_t *request = json_copy(members), *got = NULL;
	enum cs_status st;

	if (socket == NULL || request == NULL) {
		json_decref(request);
		return CS_E_UNAVAILABLE;
	}
	(void)json_object_set_new(request, "op", json_string(op));
	(void)json_object_set_new(request, "order", json_string(row->id));
	(void)json_object_set_new(request, "sn", json_string(row->key_sn));
	st = cs_ask(socket, request, ASK_MS, &got);
	if (st == CS_OK)
		(void)json_object_update(ret, got);
	json_decref(got);
	return st;
}

static enum cs_status
run_act(struct cs_desk *desk, const struct cs_order_row *row, const char *act, json_t *members)
{
	struct cs_http_request request = {.method = "POST", .json = members};
	CS_JSON *answer = json_object();
	enum cs_status st;

	memcpy(request.parts[0], row->number, sizeof(row->number));
	if (strcmp(act, "issue") == 0)
		return cs_api_prepare(desk, &request, answer);
	if (strcmp(act, "found") == 0 || strcmp(act, "again") == 0)
		return ask_process(desk->certd->unlock_socket, act, row, members, answer);
	if (strcmp(act, "revoke") == 0)
		return cs_api_operator_revoke(desk, &request, answer);
	if (strcmp(act, "request") == 0)
		return ask_process(desk->certd->issue_socket, "request", row, members, answer);
	if (strcmp(act, "reinstate") == 0)
		return cs_api_operator_release(desk, &request, answer);
	if (strcmp(act, "unlock") != 0) {
		(void)json_object_set_new(members, "act", json_string(act));
		st = slots_split(members);
		return st == CS_OK ? cs_api_operator(desk, &request, answer) : st;
	}
	/* What openukey-unlockd would send a code by; here no code is sent. */
	(void)json_object_set_new(
		members, "method",
		json_string(strcmp(row->method, CS_AT_COUNTER) == 0 ? "sms" : row->method));
	return cs_api_counter(desk, &request, answer);
}

/* Only what may be otherwise in a while is tried again; anything else makes the signatures void. */
static bool
stale(enum cs_status st)
{
	static const enum cs_status passing[] = {CS_E_BUSY,   CS_E_UNAVAILABLE, CS_E_MEMORY,
						 CS_E_CRYPTO, CS_E_INTERNAL,    CS_E_LIMIT};

	for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
		if (passing[i] == st)
			return false;
	return st != CS_OK;
}

static enum cs_status
log_outcome(struct cs_desk *desk, const struct cs_ask_row *ask, const char *number,
	    enum cs_status outcome)
{
	const struct cs_audit_pair pairs[] = {
		{"event", outcome == CS_OK ? "ask-done" : "ask-stale"},
		{"order", number},
		{"act", ask->act},
		{"by", ask->by},
		{"why", cs_status_code(outcome)},
	};

	return cs_audit_log(desk->orders.store, desk->chain, cs_now(), pairs, ARRAY_SIZE(pairs));
}

/* ret_tried: there were enough signatures, so that a failure is whoever's carries it out. */
static enum cs_status
carry_out(struct cs_desk *desk, struct cs_ask_row *ask, const struct cs_order_row *row,
	  bool *ret_tried)
{
	CS_JSON *members = NULL;
	json_t *approvals = NULL;
	enum cs_status st = cs_ask_approvals(desk, ask, &approvals), put;

	*ret_tried = false;
	if (st == CS_OK &&
	    json_array_size(approvals) < cs_act_of(cs_blob_span(&ask->body)).people) {
		json_decref(approvals);
		return CS_E_PROOF;
	}
	*ret_tried = true;
	members = st == CS_OK ? members_open(desk, row, ask) : NULL;
	if (members == NULL || json_object_set(members, "approvals", approvals) != 0)
		st = st == CS_OK ? CS_E_CORRUPT : st;
	json_decref(approvals);
	if (st == CS_OK)
		st = run_act(desk, row, ask->act, members);
	if (st == CS_OK)
		cs_walk_in_follow(desk, row->id, ask->by);
	if (st != CS_OK && !stale(st))
		return st;
	put = state_put(desk, ask, st == CS_OK ? "done" : "stale");
	if (put == CS_OK)
		put = log_outcome(desk, ask, row->number, st);
	return st == CS_OK && put == CS_E_CHANGED ? CS_OK : st;
}

enum cs_status
cs_counter_carry_out(struct cs_desk *desk, const char *id)
{
	CS_ASK_ROW ask = {.ver = 0};
	CS_ORDER_ROW row = {.ver = 0};
	bool tried;
	enum cs_status st = cs_store_ask_get(desk->orders.store, id, &ask);

	if (st == CS_OK)
		st = cs_store_order_get(desk->orders.store, ask.order_id, &row);
	if (st != CS_OK)
		return st;
	return strcmp(ask.state, "open") == 0 ? carry_out(desk, &ask, &row, &tried) : CS_E_STATE;
}

/* ---- the paper ---- */

struct papering {
	const struct cs_counter *counter;
	const struct cs_order_row *row;
	json_t *items;
};

static enum cs_status
has_signed(const char *name, struct uk_span signature, void *ctx)
{
	const char **wanted = ctx;

	if (*wanted != NULL && strcmp(*wanted, name) == 0)
		*wanted = NULL;
	return CS_OK;
}

struct ids {
	char list[ANSWERS_MAX][CS_ID_TEXT];
	size_t len;
};

/* The store is not to be asked while it answers. */
static enum cs_status
open_id(const struct cs_ask_row *ask, void *ctx)
{
	struct ids *ids = ctx;

	if (strcmp(ask->state, "open") == 0 && ids->len < ANSWERS_MAX)
		memcpy(ids->list[ids->len++], ask->id, CS_ID_TEXT);
	return CS_OK;
}

static enum cs_status
item_add(const struct papering *papering, const char *id)
{
	static const char *const shown[] = {"subject", "old_cert"};
	struct cs_desk *desk = papering->counter->desk;
	const char *wanted = papering->counter->who.name;
	CS_ASK_ROW ask = {.ver = 0};
	CS_JSON *members = NULL;
	json_t *item;
	enum cs_status st = cs_store_ask_get(desk->orders.store, id, &ask);

	if (st == CS_OK)
		st = cs_store_ask_signed(desk->orders.store, id, has_signed, &wanted);
	if (st != CS_OK || wanted == NULL ||
	    !cs_counter_is(papering->counter, cs_act_of(cs_blob_span(&ask.body)).roles))
		return st;
	members = members_open(desk, papering->row, &ask);
	item = json_pack("{s:s}", "body", (const char *)ask.body.ptr);
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		if (json_object_get(members, shown[i]) != NULL)
			(void)json_object_set(item, shown[i], json_object_get(members, shown[i]));
	return json_array_append_new(papering->items, item) == 0 ? CS_OK : CS_E_MEMORY;
}

enum cs_status
cs_counter_paper(const struct cs_counter *counter, const char *number, json_t *ret)
{
	CS_ORDER_ROW row = {.ver = 0};
	CS_JSON *items = json_array();
	const struct papering papering = {counter, &row, items};
	struct ids ids = {.len = 0};
	enum cs_status st = cs_store_order_by_number(counter->desk->orders.store, number, &row);

	if (st == CS_OK)
		st = cs_store_asks_of_order(counter->desk->orders.store, row.id, open_id, &ids);
	for (size_t i = 0; i < ids.len && st == CS_OK; i++)
		st = item_add(&papering, ids.list[i]);
	if (st != CS_OK)
		return st;
	if (json_array_size(items) == 0)
		return CS_E_NOT_FOUND;
	if (json_object_set_new(ret, "openukey-approval", json_integer(1)) != 0 ||
	    json_object_set_new(ret, "operator", json_string(counter->who.name)) != 0 ||
	    json_object_set_new(ret, "number", json_string(row.number)) != 0 ||
	    json_object_set(ret, "items", items) != 0)
		return CS_E_MEMORY;
	return CS_OK;
}

/* ---- what comes back ---- */

struct answering {
	struct cs_desk *desk;
	const struct cs_order_row *row;
	const json_t *answer;
	json_t *ret;
	int64_t taken, done;
	enum cs_status refused; /* why something that was signed by enough was not done */
};

/* The signature in the answer over that text, as an approval; NULL. The caller drops it. */
static json_t *
approval_for(const struct answering *answering, const struct cs_ask_row *ask)
{
	const char *name = cs_json_text(answering->answer, "operator", CS_OPERATOR_TEXT - 1);
	const json_t *signatures = json_object_get(answering->answer, "signatures");
	uint8_t hash[CS_HASH_LEN], told[CS_HASH_LEN];

	if (name == NULL || cs_hash(cs_blob_span(&ask->body), hash) != CS_OK)
		return NULL;
	for (size_t i = 0; i < json_array_size(signatures) && i < ANSWERS_MAX; i++) {
		const json_t *row = json_array_get(signatures, i);
		const char *signature = cs_json_text(row, "signature", 2 * SIGNATURE_MAX);

		if (signature != NULL && cs_json_hex(row, "body", told, sizeof(told)) &&
		    memcmp(told, hash, sizeof(hash)) == 0)
			return json_pack("{s:s, s:s}", "operator", name, "signature", signature);
	}
	return NULL;
}

static enum cs_status
signature_take(struct answering *answering, struct cs_ask_row *ask, const json_t *approval)
{
	struct cs_desk *desk = answering->desk;
	const char *name = json_string_value(json_object_get(approval, "operator"));
	CS_BLOB signature = {NULL, 0};
	bool tried = false;
	enum cs_status st =
		cs_approval_check(&desk->certd->operators, approval, cs_blob_span(&ask->body));

	if (st == CS_OK && !cs_json_blob(approval, "signature", SIGNATURE_MAX, &signature))
		st = CS_E_PROOF;
	if (st == CS_OK)
		st = cs_store_ask_sign(desk->orders.store, ask->id, name, cs_blob_span(&signature),
				       cs_now());
	if (st == CS_OK)
		st = log_ask(desk, "signed", answering->row->number, ask->act, name);
	if (st != CS_OK)
		return st;
	answering->taken++;
	st = carry_out(desk, ask, answering->row, &tried);
	if (st == CS_OK)
		answering->done++;
	else if (tried && answering->refused == CS_OK)
		answering->refused = st;
	/* Not enough yet, or not just now: the signature is kept. */
	return CS_OK;
}

enum cs_status
cs_counter_answer(struct cs_desk *desk, const char *number, const json_t *answer, json_t *ret)
{
	CS_ORDER_ROW row = {.ver = 0};
	struct answering answering = {desk, &row, answer, ret, 0, 0, CS_OK};
	struct ids ids = {.len = 0};
	enum cs_status st = cs_store_order_by_number(desk->orders.store, number, &row);

	if (st == CS_OK)
		st = cs_store_asks_of_order(desk->orders.store, row.id, open_id, &ids);
	for (size_t i = 0; i < ids.len && st == CS_OK; i++) {
		CS_ASK_ROW ask = {.ver = 0};
		CS_JSON *approval = NULL;

		st = cs_store_ask_get(desk->orders.store, ids.list[i], &ask);
		if (st == CS_OK)
			approval = approval_for(&answering, &ask);
		if (approval != NULL)
			st = signature_take(&answering, &ask, approval);
	}
	if (st == CS_OK && answering.taken == 0)
		st = CS_E_PROOF;
	if (st == CS_OK && (json_object_set_new(ret, "taken", json_integer(answering.taken)) != 0 ||
			    json_object_set_new(ret, "done", json_integer(answering.done)) != 0))
		st = CS_E_MEMORY;
	if (st == CS_OK && answering.refused != CS_OK &&
	    (json_object_set_new(ret, "refused", json_string(cs_status_code(answering.refused))) !=
		     0 ||
	     json_object_set_new(ret, "kept", json_boolean(!stale(answering.refused))) != 0))
		st = CS_E_MEMORY;
	return st == CS_E_NOT_FOUND ? CS_E_PROOF : st;
}
