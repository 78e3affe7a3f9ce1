/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * S12: a unit's orders, by its code and a text message to its handler; and another handler, by one
 * to the legal representative.  The first step does the same whether the unit exists or not: what
 * differs happens later, in the worker.
 */
#include "service/certd/api.h"

#include "service/certd/contacts.h"
#include "service/store/audit.h"
#include "service/store/contacts.h"
#include "service/store/outbox.h"

#include <stdio.h>
#include <string.h>

#define GRANT_LIFE   (10 * CS_MINUTE)
#define UNIT_A_DAY   5
#define CLIENT_A_DAY 20
#define BUCKET_ROOM  112
#define NAME_MAX_LEN 64

struct querying {
	struct cs_desk *desk;
	const char *client, *topic;
	const char *handler; /* JSON, or NULL for a query */
	struct cs_grant grant;
	char grant_id[CS_HASH_TEXT];
};

static enum cs_status
limited(struct cs_store *store, const char *what, const char *who, int64_t most)
{
	char bucket[BUCKET_ROOM];
	const struct cs_limit limit = {bucket, most, CS_DAY};

	(void)snprintf(bucket, sizeof(bucket), "%s/%s", what, who);
	return cs_store_limit(store, &limit, cs_now());
}

static enum cs_status
handler_seal(struct cs_store *store, const struct querying *querying, struct cs_grant *grant)
{
	const struct cs_vault *vault = querying->desk->orders.vault;
	CS_PERSON person = {.id = ""};
	enum cs_status st = cs_person_new(vault, store, cs_now(), &person);

	if (st == CS_OK)
		st = cs_seal(&person, "handler", uk_span_str(querying->handler), &grant->body);
	memcpy(grant->person, person.id, sizeof(grant->person));
	return st;
}

/* Over the limit the answer is the same, and nothing is sent. */
static enum cs_status
query_body(struct cs_store *store, void *ctx)
{
	const struct querying *querying = ctx;
	CS_GRANT grant = querying->grant;
	char hash[CS_HASH_TEXT], client[CS_HASH_TEXT];
	enum cs_status st =
		cs_vault_mark(querying->desk->orders.vault, "client", querying->client, client);

	if (st == CS_OK)
		st = limited(store, "query-client", client, CLIENT_A_DAY);
	if (st == CS_OK)
		st = limited(store, querying->topic, grant.unit_mark, UNIT_A_DAY);
	if (st == CS_E_LIMIT)
		return CS_OK;
	cs_hex(uk_span_of(grant.hash, CS_HASH_LEN), hash);
	if (st == CS_OK && querying->handler != NULL)
		st = handler_seal(store, querying, &grant);
	if (st == CS_OK)
		st = cs_store_grant_add(store, &grant);
	return st == CS_OK
		       ? cs_store_post(store, querying->topic, hash, cs_now(), uk_span_str(hash))
		       : st;
}

static enum cs_status
grant_make(struct querying *querying, const char *unit, json_t *answer)
{
	const struct cs_orders *orders = &querying->desk->orders;
	uint8_t secret[32];
	enum cs_status st = cs_random(secret, sizeof(secret));

	cs_hex(uk_span_of(secret, sizeof(secret)), querying->grant_id);
	querying->grant.until = cs_now() + GRANT_LIFE;
	if (st == CS_OK)
		st = cs_hash(uk_span_str(querying->grant_id), querying->grant.hash);
	if (st == CS_OK)
		st = cs_random(querying->grant.code_hash, CS_HASH_LEN); /* no code yet */
	if (st == CS_OK)
		st = cs_vault_mark(orders->vault, "unit", unit, querying->grant.unit_mark);
	if (st == CS_OK)
		st = cs_store_tx(orders->store, query_body, querying);
	if (st == CS_OK &&
	    json_object_set_new(answer, "grant", json_string(querying->grant_id)) != 0)
		st = CS_E_MEMORY;
	uk_wipe(querying->grant_id, sizeof(querying->grant_id));
	return st;
}

enum cs_status
cs_api_query(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	const char *unit = cs_json_text(http->json, "uscc", 32);
	const char *phone = cs_json_text_or_empty(http->json, "phone", CS_PHONE_TEXT - 1);
	struct querying querying = {.desk = desk, .client = http->client, .topic = "query"};
	enum cs_status st = unit != NULL && phone != NULL ? CS_OK : CS_E_ARGUMENTS;

	if (st == CS_OK && phone[0] != '\0')
		st = cs_vault_mark(desk->orders.vault, "phone", phone, querying.grant.contact_mark);
	return st == CS_OK ? grant_make(&querying, unit, answer) : st;
}

static bool
phone_good(const char *phone)
{
	size_t len = phone != NULL ? strlen(phone) : 0;

	return len >= 5 && len < CS_PHONE_TEXT && strspn(phone, "+0123456789") == len;
}

enum cs_status
cs_api_handler(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	const char *unit = cs_json_text(http->json, "uscc", 32);
	const char *name = cs_json_text(http->json, "name", NAME_MAX_LEN);
	const char *phone = cs_json_text(http->json, "phone", CS_PHONE_TEXT - 1);
	const char *email = cs_json_text_or_empty(http->json, "email", CS_EMAIL_TEXT - 1);
	struct querying querying = {.desk = ctx, .client = http->client, .topic = "handler"};
	CS_JSON *json = NULL;
	char *text;
	enum cs_status st;

	if (unit == NULL || name == NULL || email == NULL || !phone_good(phone))
		return CS_E_ARGUMENTS;
	json = json_pack("{s:s, s:s, s:s}", "name", name, "phone", phone, "email", email);
	text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	if (text == NULL)
		return CS_E_MEMORY;
	querying.handler = text;
	st = grant_make(&querying, unit, answer);
	uk_wipe(text, strlen(text));
	free(text);
	return st;
}

enum cs_status
cs_grant_code_mac(const struct cs_vault *vault, const uint8_t grant[CS_HASH_LEN], const char *code,
		  uint8_t ret[CS_HASH_LEN])
{
	char text[CS_HASH_TEXT];

	cs_hex(uk_span_of(grant, CS_HASH_LEN), text);
	return cs_code_mac(vault, text, code, ret);
}

static enum cs_status
guess_body(struct cs_store *store, void *ctx)
{
	struct cs_grant *grant = ctx;
	enum cs_status st = cs_store_grant_get(store, grant->hash, grant);

	if (st != CS_OK)
		return st;
	if (grant->tries >= CS_GUESSES)
		return CS_E_CODE_DEAD;
	if (cs_now() > grant->until)
		return CS_E_EXPIRED;
	grant->tries++;
	return cs_store_grant_put(store, grant);
}

/* handler: whether it must be a grant for another handler, or must not. */
static enum cs_status
grant_check(struct cs_desk *desk, const struct cs_http_request *http, bool handler,
	    struct cs_grant *grant)
{
	const char *code = cs_json_text(http->json, "code", 8);
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st =
		code != NULL ? cs_hash(uk_span_str(http->parts[0]), grant->hash) : CS_E_ARGUMENTS;

	if (st == CS_OK)
		st = cs_store_tx(desk->orders.store, guess_body, grant);
	/* A grant that was never one answers like one whose code is wrong. */
	if (st == CS_E_NOT_FOUND || (st == CS_OK && handler != (grant->person[0] != '\0')))
		return CS_E_CODE_WRONG;
	if (st == CS_OK)
		st = cs_grant_code_mac(desk->orders.vault, grant->hash, code, hash);
	if (st == CS_OK && !cs_equal_secret(uk_span_of(hash, sizeof(hash)),
					    uk_span_of(grant->code_hash, CS_HASH_LEN)))
		st = CS_E_CODE_WRONG;
	return st;
}

static enum cs_status
id_add(const struct cs_order_row *row, void *ctx)
{
	return json_array_append_new(ctx, json_string(row->id)) == 0 ? CS_OK : CS_E_MEMORY;
}

/* Only what has this handler: others made orders for the unit too, or pretend to. */
static enum cs_status
ids_of_handler(struct cs_desk *desk, const struct cs_grant *grant, json_t *ids)
{
	CS_JSON *all = json_array();
	enum cs_status st =
		cs_store_orders_of_unit(desk->orders.store, grant->unit_mark, id_add, all);

	for (size_t i = 0; st == CS_OK && i < json_array_size(all); i++) {
		const char *id = json_string_value(json_array_get(all, i));
		CS_CONTACT contact = {.codes_from = 0};
		CS_ORDER_ROW row = {.ver = 0};
		enum cs_status found = cs_handler_of(desk, id, &contact, &row);

		if (found == CS_OK && strcmp(contact.mark, grant->contact_mark) == 0 &&
		    json_array_append_new(ids, json_string(id)) != 0)
			st = CS_E_MEMORY;
	}
	return st;
}

enum cs_status
cs_api_list(struct cs_desk *desk, const json_t *ids, json_t *answer)
{
	json_t *list = json_array();

	if (json_object_set_new(answer, "orders", list) != 0)
		return CS_E_MEMORY;
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		json_t *shown = json_object();
		char cap[CS_CAP_TEXT];
		enum cs_status st = json_array_append_new(list, shown) == 0 ? CS_OK : CS_E_MEMORY;

		if (st == CS_OK)
			st = cs_api_show(desk, id, shown);
		if (st == CS_OK)
			st = cs_order_cap_new(&desk->orders, id, cs_now(), cap);
		if (st != CS_OK)
			return st;
		(void)json_object_set_new(shown, "capability", json_string(cap));
		uk_wipe(cap, sizeof(cap));
	}
	return CS_OK;
}

enum cs_status
cs_api_query_code(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_GRANT grant = {.tries = 0};
	CS_JSON *ids = json_array();
	enum cs_status st = grant_check(desk, http, false, &grant);

	if (st != CS_OK)
		return st;
	grant.tries = CS_GUESSES; /* a code is good once */
	grant.passed = cs_now();
	st = cs_store_grant_put(desk->orders.store, &grant);
	if (st == CS_OK)
		st = ids_of_handler(desk, &grant, ids);
	return st == CS_OK ? cs_api_list(desk, ids, answer) : st;
}

struct changing {
	struct cs_desk *desk;
	struct cs_grant *grant;
	int64_t now;
};

/* The old one is told, whoever it was that asked. */
static enum cs_status
old_told(const struct changing *changing)
{
	static const char text[] = "您单位数字证书业务的经办人已变更，新号码24小时后生效。如非本单"
				   "位办理，请立即联系我们。";
	CS_CONTACT contact = {.codes_from = 0};
	CS_ORDER_ROW row = {.ver = 0};
	char id[CS_ID_TEXT], once[CS_HASH_TEXT + 16], hash[CS_HASH_TEXT];
	const struct cs_message message = {"sms", contact.phone, once, text};
	enum cs_status st = cs_unit_newest(changing->desk, changing->grant->unit_mark, "", id);

	if (st == CS_OK)
		st = cs_handler_of(changing->desk, id, &contact, &row);
	cs_hex(uk_span_of(changing->grant->hash, CS_HASH_LEN), hash);
	(void)snprintf(once, sizeof(once), "handler-old/%.64s", hash);
	return st == CS_OK ? cs_message_post(changing->desk, row.person, &message, changing->now)
			   : st;
}

static enum cs_status
change_body(struct cs_store *store, void *ctx)
{
	const struct changing *changing = ctx;
	struct cs_grant *grant = changing->grant;
	CS_HANDLER old = {.since = 0};
	/* borrowed from the grant */
	struct cs_handler handler = {.body = grant->body, .since = changing->now};
	enum cs_status st = old_told(changing);

	if (st == CS_OK)
		st = cs_store_handler_get(store, grant->unit_mark, &old);
	if (st == CS_OK)
		st = cs_store_person_erase(store, old.person);
	if (st != CS_OK && st != CS_E_NOT_FOUND)
		return st;
	memcpy(handler.person, grant->person, sizeof(handler.person));
	st = cs_store_handler_put(store, grant->unit_mark, &handler);
	grant->tries = CS_GUESSES;
	grant->passed = changing->now;
	return st == CS_OK ? cs_store_grant_put(store, grant) : st;
}

enum cs_status
cs_api_handler_code(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_GRANT grant = {.tries = 0};
	struct changing changing = {desk, &grant, cs_now()};
	enum cs_status st = grant_check(desk, http, true, &grant);

	if (st == CS_OK)
		st = cs_store_tx(desk->orders.store, change_body, &changing);
	if (st == CS_OK &&
	    json_object_set_new(answer, "since", json_integer(changing.now + CS_DAY)) != 0)
		st = CS_E_MEMORY;
	return st;
}
