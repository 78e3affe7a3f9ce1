/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Somebody stands at the counter.  The order is opened for them and says so in its method; that
 * identity and papers were looked at is a signature like any other.  What the person would do next
 * at home is then done here: nothing of it is worth anything without the approvals that follow.
 */
#include "service/counter/counter.h"

#include "service/audit/audit.h"

#include <stdio.h>
#include <string.h>

#define VALUE_MAX 200
#define STEPS_MAX 4
#define ONCE_ROOM 160

const char *const cs_walk_in_kinds[] = {"new", "unlock", "lost", "damaged", "revoke", NULL};

static const struct {
	const char *name;
	bool needed, kept; /* in the form under that name */
} fields[] = {
	{"unit", true, true},           {"unit_code", true, true},    {"legal_name", true, true},
	{"legal_phone", true, true},    {"handler_name", true, true}, {"handler_phone", true, true},
	{"id_number", true, false},     {"sn", false, false},         {"bank_account", false, true},
	{"handler_email", false, true},
};

/* A text without anything that could be another line; NULL when it is none, "" without. */
static const char *
value_of(const json_t *members, const char *name)
{
	const char *text = cs_json_text_or_empty(members, name, VALUE_MAX);

	for (const char *at = text; at != NULL && *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at == 0x7f)
			return NULL;
	return text;
}

static bool
kind_for_counter(const char *word, enum cs_kind *ret)
{
	for (size_t i = 0; word != NULL && cs_walk_in_kinds[i] != NULL; i++)
		if (strcmp(cs_walk_in_kinds[i], word) == 0)
			return cs_kind_read(word, ret);
	return false;
}

/* The form of the order: whoever is there has the document that was shown. */
static json_t *
form_of(const json_t *members, int years)
{
	const char digit[] = {(char)('0' + years), '\0'};
	json_t *form = json_object();
	bool good = form != NULL;

	for (size_t i = 0; good && i < ARRAY_SIZE(fields); i++) {
		const char *value = value_of(members, fields[i].name);

		good = value != NULL && (value[0] != '\0' || !fields[i].needed);
		if (good && fields[i].kept && value[0] != '\0')
			good = json_object_set_new(form, fields[i].name, json_string(value)) == 0;
	}
	if (good)
		good = json_object_set_new(form, "handler_id",
					   json_string(value_of(members, "id_number"))) == 0 &&
		       json_object_set_new(form, "years", json_string(digit)) == 0;
	if (good)
		return form;
	json_decref(form);
	return NULL;
}

static void
text_wipe(char **text)
{
	if (*text != NULL)
		uk_wipe(*text, strlen(*text));
	free(*text);
}

static enum cs_status
years_of(const json_t *members, enum cs_kind kind, int *ret)
{
	int64_t years = 1;

	if (json_object_get(members, "years") != NULL &&
	    (!cs_json_number(members, "years", &years) || years < 1 || years > CS_TERMS_MAX))
		return CS_E_ARGUMENTS;
	*ret = kind == CS_KIND_NEW ? (int)years : 1;
	return CS_OK;
}

static enum cs_status
order_make(const struct cs_counter *counter, const json_t *members, enum cs_kind kind,
	   struct cs_order_made *ret)
{
	UK_CLEANUP(text_wipe) char *text = NULL;
	CS_JSON *form = NULL;
	char once[ONCE_ROOM];
	const char *told = value_of(members, "once");
	struct cs_order_request request = {.kind = kind, .method = CS_METHOD_COUNTER};
	int years = 1;
	enum cs_status st = years_of(members, kind, &years);

	request.profile = counter->desk->certd->profile.name;
	request.key_sn = cs_json_word(members, "sn", CS_SN_TEXT - 1);
	request.facts.locked = kind == CS_KIND_UNLOCK;
	if (st == CS_OK && (told == NULL || request.key_sn == NULL ||
			    (kind == CS_KIND_NEW) != (request.key_sn[0] == '\0')))
		st = CS_E_ARGUMENTS;
	form = st == CS_OK ? form_of(members, years) : NULL;
	text = form != NULL ? json_dumps(form, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	if (text == NULL)
		return CS_E_ARGUMENTS;
	(void)snprintf(once, sizeof(once), "walk-in/%s/%.64s", counter->who.name, told);
	request.idempotency = once;
	request.unit_code = json_string_value(json_object_get(form, "unit_code"));
	request.form = uk_span_str(text);
	st = cs_hash(request.form, request.body_hash);
	return st == CS_OK ? cs_order_new(&counter->desk->orders, &request, cs_now(), ret) : st;
}

enum cs_status
cs_walk_in(const struct cs_counter *counter, const json_t *members, char ret_number[CS_NUMBER_TEXT])
{
	struct cs_desk *desk = counter->desk;
	const struct cs_audit_pair pairs[] = {
		{"event", "walk-in"}, {"order", ret_number}, {"by", counter->who.name}};
	const json_t *id_number = json_object_get(members, "id_number");
	CS_JSON *shown = json_object();
	struct cs_order_made made = {.first = false};
	const struct cs_happening submit = {.id = made.id,
					    .event = CS_EVENT_SUBMIT,
					    .actor = CS_ACTOR_USER,
					    .now = cs_now(),
					    .by = counter->who.name};
	enum cs_kind kind = CS_KIND_COUNT;
	char id[CS_ID_TEXT];
	enum cs_status st;

	if (!cs_counter_is(counter, CS_ROLE_BIT(CS_ROLE_COUNTER)))
		return CS_E_DENIED;
	if (!kind_for_counter(cs_json_text(members, "kind", CS_WORD_TEXT - 1), &kind))
		return CS_E_ARGUMENTS;
	st = order_make(counter, members, kind, &made);
	memcpy(ret_number, made.number, sizeof(made.number));
	uk_wipe(made.cap, sizeof(made.cap));
	if (st != CS_OK)
		return st;
	/* The same form once more may find it further on. */
	st = cs_order_happens(&desk->orders, &submit, NULL);
	if (st == CS_OK)
		st = cs_audit_log(desk->orders.store, desk->chain, cs_now(), pairs,
				  ARRAY_SIZE(pairs));
	if (st == CS_OK || st == CS_E_STATE)
		st = json_object_set(shown, "id_number", (json_t *)(uintptr_t)id_number) == 0
			     ? cs_counter_ask(counter, ret_number, "at-counter", shown, id)
			     : CS_E_MEMORY;
	return st == CS_E_STATE && !made.first ? CS_OK : st;
}

/* ---- what the person would do next ---- */

static enum cs_status
pay_at_counter(struct cs_desk *desk, const struct cs_order_row *row)
{
	struct cs_http_request http = {.method = "POST"};
	CS_ORDER_ROW again = {.ver = 0};
	CS_BLOB plain = {NULL, 0};
	CS_JSON *form = NULL, *scratch = json_object(), *years = NULL;
	const char *digit;
	enum cs_status st = cs_order_read(&desk->orders, row->id, &again, &plain);

	form = st == CS_OK ? cs_json_read(cs_blob_span(&plain)) : NULL;
	digit = cs_json_text(form, "years", 1);
	if (digit == NULL)
		return CS_E_CORRUPT;
	years = json_pack("{s:i}", "years", digit[0] - '0');
	http.json = years;
	return cs_api_pay_offline(desk, &http, row, scratch);
}

static enum cs_status
step(struct cs_desk *desk, const struct cs_order_row *row, const char *by)
{
	const struct cs_happening hand_in = {.id = row->id,
					     .event = CS_EVENT_HAND_IN,
					     .actor = CS_ACTOR_USER,
					     .now = cs_now(),
					     .by = by};
	enum cs_kind kind = CS_KIND_COUNT;
	enum cs_state state = CS_STATE_DRAFT, next;

	if (!cs_kind_read(row->kind, &kind) || !cs_state_read(row->state, &state))
		return CS_E_CORRUPT;
	if (state != CS_STATE_PAPER_IN && state != CS_STATE_PAID)
		return CS_E_STATE;
	if (cs_flow_next(kind, state, CS_EVENT_PAY_OFFLINE, &next) == CS_OK)
		return pay_at_counter(desk, row);
	return cs_order_happens(&desk->orders, &hand_in, NULL);
}

void
cs_walk_in_follow(struct cs_desk *desk, const char *id, const char *by)
{
	enum cs_status st = CS_OK;

	for (int i = 0; i < STEPS_MAX && st == CS_OK; i++) {
		CS_ORDER_ROW row = {.ver = 0};

		st = cs_store_order_get(desk->orders.store, id, &row);
		if (st == CS_OK && strcmp(row.method, CS_AT_COUNTER) != 0)
			return;
		if (st == CS_OK)
			st = step(desk, &row, by);
	}
}
