/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders: opened, read, carried on by their owner. */
#include "service/certd/api.h"

#include "service/wire/client.h"

#include <stdio.h>
#include <string.h>

#define FORM_MAX   16384
#define ASK_MS     5000
#define EVENT_TEXT 24

enum cs_status
cs_api_own(struct cs_desk *desk, const struct cs_http_request *request, struct cs_order_row *ret)
{
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_order_by_cap(&desk->orders, request->capability, &row);

	if (st != CS_OK)
		return st;
	if (strcmp(row.id, request->parts[0]) != 0)
		return CS_E_NOT_FOUND;
	cs_order_row_clear(ret);
	*ret = row;
	row.body = (struct cs_blob){NULL, 0};
	return CS_OK;
}

enum cs_status
cs_api_step(struct cs_desk *desk, const struct cs_order_row *row, enum cs_event event)
{
	const struct cs_happening what = {.id = row->id,
					  .event = event,
					  .actor = cs_event_actor(event),
					  .now = cs_now(),
					  .known = row};

	return cs_order_happens(&desk->orders, &what, NULL);
}

enum cs_status
cs_api_happen(struct cs_desk *desk, const struct cs_order_row *row, enum cs_event event,
	      json_t *answer)
{
	enum cs_status st = cs_api_step(desk, row, event);

	return st == CS_OK ? cs_api_show(desk, row->id, answer) : st;
}

/* What the client says of its key. It harms itself only by lying: the issuer looks again. */
static void
facts_read(const json_t *json, struct cs_key_facts *ret)
{
	int64_t not_after;
	const struct {
		const char *name;
		bool *fact;
	} flags[] = {{"locked", &ret->locked},
		     {"name_changed", &ret->name_changed},
		     {"code_changed", &ret->code_changed}};

	if (cs_json_number(json, "not_after", &not_after))
		ret->not_after = not_after;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		*flags[i].fact = json_is_true(json_object_get(json, flags[i].name));
}

static enum cs_status
request_read(const struct cs_http_request *http, struct cs_order_request *ret)
{
	const char *kind = cs_json_text(http->json, "kind", CS_WORD_TEXT - 1);
	const char *method = cs_json_text_or_empty(http->json, "method", 8);
	const json_t *token = json_object_get(http->json, "token");

	/* It becomes a line of what operators sign. */
	ret->key_sn = cs_json_word(token, "sn", CS_SN_TEXT - 1);
	ret->unit_code = cs_json_text(http->json, "unit_code", 32);
	if (kind == NULL || method == NULL || ret->key_sn == NULL || ret->unit_code == NULL ||
	    ret->unit_code[0] == '\0' || !cs_kind_read(kind, &ret->kind) ||
	    !json_is_object(json_object_get(http->json, "form")))
		return CS_E_ARGUMENTS;
	if ((ret->kind == CS_KIND_NEW) != (ret->key_sn[0] == '\0'))
		return CS_E_ARGUMENTS;
	ret->method = strcmp(method, "memo") == 0 ? CS_METHOD_MEMO : CS_METHOD_SMS;
	facts_read(token, &ret->facts);
	ret->idempotency = http->idempotency;
	return cs_hash(http->body, ret->body_hash);
}

/* The form with the unit's code in it, sealed as one text. */
static enum cs_status
form_text(const struct cs_http_request *http, const char *unit_code, char **ret)
{
	CS_JSON *form = json_copy(json_object_get(http->json, "form"));
	char *text;

	if (form == NULL || json_object_set_new(form, "unit_code", json_string(unit_code)) != 0)
		return CS_E_MEMORY;
	text = json_dumps(form, JSON_COMPACT);
	if (text == NULL)
		return CS_E_MEMORY;
	if (strlen(text) > FORM_MAX) {
		free(text);
		return CS_E_TOO_LARGE;
	}
	*ret = text;
	return CS_OK;
}

static void
text_wipe(char **text)
{
	if (*text != NULL)
		uk_wipe(*text, strlen(*text));
	free(*text);
}

enum cs_status
cs_api_order_new(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	struct cs_order_request request = {.profile = desk->certd->profile.name};
	struct cs_order_made made;
	UK_CLEANUP(text_wipe) char *form = NULL;
	enum cs_status st = request_read(http, &request);

	if (st == CS_OK)
		st = form_text(http, request.unit_code, &form);
	if (st != CS_OK)
		return st;
	request.form = uk_span_str(form);
	st = cs_order_new(&desk->orders, &request, cs_now(), &made);
	if (st == CS_OK && (json_object_set_new(answer, "order", json_string(made.id)) != 0 ||
			    json_object_set_new(answer, "number", json_string(made.number)) != 0 ||
			    json_object_set_new(answer, "capability", json_string(made.cap)) != 0))
		st = CS_E_MEMORY;
	uk_wipe(&made, sizeof(made));
	return st;
}

/* The sandbox's identity provider: a list of units and who represents them. */
static bool
sandbox_knows(const struct cs_desk *desk, const json_t *form)
{
	static const char *const members[] = {"unit", "legal_name", "legal_phone"};
	const char *unit = cs_json_text_or_empty(form, "unit_code", 32);
	const json_t *known = json_object_get(desk->certd->identities, unit != NULL ? unit : "");

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *told = cs_json_text(form, members[i], 128);
		const char *wanted = cs_json_text(known, members[i], 128);

		if (told == NULL || wanted == NULL || strcmp(told, wanted) != 0)
			return false;
	}
	return true;
}

/* CS_E_DENIED: the provider does not know them so. */
static enum cs_status
identity_check(const struct cs_desk *desk, const struct cs_order_row *row, const json_t *form)
{
	static const char *const members[] = {"unit", "unit_code", "legal_name", "legal_phone"};
	const json_t *driver = cs_driver(&desk->certd->drivers, "identity", NULL, NULL);
	CS_JSON *values = json_object();

	if (driver == NULL)
		return sandbox_knows(desk, form) ? CS_OK : CS_E_DENIED;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *told = cs_json_text(form, members[i], 128);

		if (told == NULL || json_object_set_new(values, members[i], json_string(told)) != 0)
			return CS_E_DENIED;
	}
	return cs_driver_ask(driver, values, row->id, NULL);
}

/* Before anybody is asked for anything: can this key be unlocked from afar at all? */
static enum cs_status
unlock_begin(const struct cs_desk *desk, const struct cs_order_row *row)
{
	json_t *answer = NULL;
	enum cs_status st;

	if (desk->certd->unlock_socket == NULL)
		return CS_E_COUNTER;
	st = cs_ask(desk->certd->unlock_socket,
		    json_pack("{s:s, s:s, s:s, s:s}", "op", "begin", "order", row->id, "sn",
			      row->key_sn, "method", row->method),
		    ASK_MS, &answer);
	if (st == CS_OK)
		json_decref(answer);
	/* Sent before, and the answer was lost. */
	return st == CS_E_EXISTS ? CS_OK : st;
}

enum cs_status
cs_api_submit(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	CS_BLOB form = {NULL, 0};
	CS_JSON *json = NULL;
	enum cs_status st = cs_api_own(desk, http, &row), unlock = CS_OK;

	if (st == CS_OK && strcmp(row.state, "draft") == 0)
		st = cs_api_step(desk, &row, CS_EVENT_SUBMIT);
	/* The same request came twice at once: it is gone on with. */
	if (st == CS_OK || st == CS_E_STATE)
		st = cs_order_read(&desk->orders, row.id, &row, &form);
	if (st != CS_OK)
		return st;
	if (strcmp(row.state, "submitted") != 0)
		return cs_api_show(desk, row.id, answer); /* the request came twice */
	json = cs_json_read(cs_blob_span(&form));
	st = json != NULL ? identity_check(desk, &row, json) : CS_E_CORRUPT;
	if (st != CS_OK && st != CS_E_DENIED)
		return st;
	if (st == CS_OK && (strcmp(row.kind, "unlock") == 0 || strcmp(row.kind, "loss") == 0))
		unlock = unlock_begin(desk, &row);
	if (unlock != CS_OK && unlock != CS_E_COUNTER)
		return unlock;
	return cs_api_happen(desk, &row,
			     st == CS_OK && unlock == CS_OK ? CS_EVENT_IDENTITY_OK
							    : CS_EVENT_IDENTITY_FAILED,
			     answer);
}

enum cs_status
cs_api_edit(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	struct cs_happening what = {
		.event = CS_EVENT_EDIT, .actor = CS_ACTOR_USER, .now = cs_now()};
	CS_ORDER_ROW row = {.ver = 0};
	CS_BLOB old = {NULL, 0};
	CS_JSON *form = NULL;
	UK_CLEANUP(text_wipe) char *text = NULL;
	const char *unit;
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK)
		st = cs_order_read(&desk->orders, row.id, &row, &old);
	if (st != CS_OK)
		return st;
	/* The unit is what was checked: it does not change with an edit. */
	form = cs_json_read(cs_blob_span(&old));
	unit = cs_json_text(form, "unit_code", 32);
	if (unit == NULL || !json_is_object(json_object_get(http->json, "form")))
		return CS_E_ARGUMENTS;
	st = form_text(http, unit, &text);
	if (st != CS_OK)
		return st;
	what.id = row.id;
	what.known = &row;
	what.form = uk_span_str(text);
	st = cs_order_happens(&desk->orders, &what, NULL);
	return st == CS_OK ? cs_api_show(desk, row.id, answer) : st;
}

/* Steps that need nothing but to be wanted. */
enum cs_status
cs_api_event(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	static const struct {
		const char *name;
		enum cs_event event;
	} steps[] = {{"hand-in", CS_EVENT_HAND_IN},
		     {"cancel", CS_EVENT_CANCEL},
		     {"to-paper", CS_EVENT_TO_PAPER}};
	struct cs_desk *desk = ctx;
	const char *name = cs_json_text(http->json, "event", EVENT_TEXT);
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK && name == NULL)
		st = CS_E_ARGUMENTS;
	if (st == CS_OK && strcmp(name, "pay-offline") == 0)
		return cs_api_pay_offline(desk, http, &row, answer);
	if (st == CS_OK && strcmp(name, "hand-in") == 0)
		st = cs_documents_complete(desk, &row);
	for (size_t i = 0; st == CS_OK && i < ARRAY_SIZE(steps); i++)
		if (strcmp(steps[i].name, name) == 0)
			return cs_api_happen(desk, &row, steps[i].event, answer);
	return st == CS_OK ? CS_E_ARGUMENTS : st;
}
