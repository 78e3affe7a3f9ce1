/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * S12: a unit's orders, by its code and a text message to its handler.  The first step does the
 * same whether the unit exists or not: what differs happens later, in the worker.
 */
#include "service/certd/api.h"

#include "service/store/outbox.h"
#include "service/store/payments.h"

#include <stdio.h>
#include <string.h>

#define GRANT_LIFE   (10 * CS_MINUTE)
#define GUESSES      5
#define UNIT_A_DAY   5
#define CLIENT_A_DAY 20
#define BUCKET_ROOM  112

struct querying {
	struct cs_desk *desk;
	const char *client;
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

/* Over the limit the answer is the same, and nothing is sent. */
static enum cs_status
query_body(struct cs_store *store, void *ctx)
{
	const struct querying *querying = ctx;
	char payload[CS_HASH_TEXT], hash[CS_HASH_TEXT], client[CS_HASH_TEXT];
	enum cs_status st =
		cs_vault_mark(querying->desk->orders.vault, "client", querying->client, client);

	if (st == CS_OK)
		st = limited(store, "query-client", client, CLIENT_A_DAY);
	if (st == CS_OK)
		st = limited(store, "query", querying->grant.unit_mark, UNIT_A_DAY);
	if (st == CS_E_LIMIT)
		return CS_OK;
	cs_hex(uk_span_of(querying->grant.hash, CS_HASH_LEN), hash);
	memcpy(payload, hash, sizeof(payload));
	if (st == CS_OK)
		st = cs_store_grant_add(store, &querying->grant);
	return st == CS_OK ? cs_store_post(store, "query", hash, cs_now(), uk_span_str(payload))
			   : st;
}

enum cs_status
cs_api_query(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	const char *unit = cs_json_text(http->json, "uscc", 32);
	struct querying querying = {.desk = desk, .client = http->client};
	uint8_t secret[32];
	enum cs_status st = unit != NULL ? cs_random(secret, sizeof(secret)) : CS_E_ARGUMENTS;

	if (st != CS_OK)
		return st;
	cs_hex(uk_span_of(secret, sizeof(secret)), querying.grant_id);
	querying.grant.until = cs_now() + GRANT_LIFE;
	st = cs_hash(uk_span_str(querying.grant_id), querying.grant.hash);
	if (st == CS_OK)
		st = cs_random(querying.grant.code_hash, CS_HASH_LEN); /* no code yet */
	if (st == CS_OK)
		st = cs_vault_mark(desk->orders.vault, "unit", unit, querying.grant.unit_mark);
	if (st == CS_OK)
		st = cs_store_tx(desk->orders.store, query_body, &querying);
	if (st == CS_OK &&
	    json_object_set_new(answer, "grant", json_string(querying.grant_id)) != 0)
		st = CS_E_MEMORY;
	return st;
}

/* Keyed, as eight digits are soon tried through by whoever has a copy of the database. */
enum cs_status
cs_query_code_mac(const struct cs_vault *vault, const uint8_t grant[CS_HASH_LEN], const char *code,
		  uint8_t ret[CS_HASH_LEN])
{
	char text[CS_HASH_TEXT + 16], mark[CS_HASH_TEXT];
	size_t len = CS_HASH_TEXT - 1;
	enum cs_status st;

	cs_hex(uk_span_of(grant, CS_HASH_LEN), text);
	(void)snprintf(text + len, sizeof(text) - len, "/%s", code);
	st = cs_vault_mark(vault, "query-code", text, mark);
	if (st == CS_OK && !cs_hex_read(mark, ret, CS_HASH_LEN))
		st = CS_E_INTERNAL;
	return st;
}

static enum cs_status
guess_body(struct cs_store *store, void *ctx)
{
	struct cs_grant *grant = ctx;
	enum cs_status st = cs_store_grant_get(store, grant->hash, grant);

	if (st != CS_OK)
		return st;
	if (grant->tries >= GUESSES)
		return CS_E_CODE_DEAD;
	if (cs_now() > grant->until)
		return CS_E_EXPIRED;
	grant->tries++;
	return cs_store_grant_put(store, grant);
}

struct listing {
	struct cs_desk *desk;
	json_t *list;
};

static enum cs_status
list_one(const struct cs_order_row *row, void *ctx)
{
	struct listing *listing = ctx;
	json_t *shown = json_object();
	enum cs_status st = shown != NULL ? cs_api_show(row, shown) : CS_E_MEMORY;

	if (st != CS_OK || json_object_set_new(shown, "order", json_string(row->id)) != 0) {
		json_decref(shown);
		return CS_E_MEMORY;
	}
	return json_array_append_new(listing->list, shown) == 0 ? CS_OK : CS_E_MEMORY;
}

/* A capability of its own for each of the orders, so that they can be gone on with. */
static enum cs_status
caps_add(struct cs_desk *desk, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *order = json_array_get(list, i);
		char cap[CS_CAP_TEXT];
		enum cs_status st = cs_order_cap_new(
			&desk->orders, json_string_value(json_object_get(order, "order")), cs_now(),
			cap);

		if (st != CS_OK)
			return st;
		if (json_object_set_new(order, "capability", json_string(cap)) != 0)
			return CS_E_MEMORY;
	}
	return CS_OK;
}

enum cs_status
cs_api_query_code(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	const char *code = cs_json_text(http->json, "code", 8);
	struct cs_grant grant = {.tries = 0};
	struct listing listing = {desk, NULL};
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st =
		code != NULL ? cs_hash(uk_span_str(http->parts[0]), grant.hash) : CS_E_ARGUMENTS;

	if (st == CS_OK)
		st = cs_store_tx(desk->orders.store, guess_body, &grant);
	/* A grant that was never one answers like one whose code is wrong. */
	if (st == CS_E_NOT_FOUND)
		return CS_E_CODE_WRONG;
	if (st == CS_OK)
		st = cs_query_code_mac(desk->orders.vault, grant.hash, code, hash);
	if (st == CS_OK && !cs_equal_secret(uk_span_of(hash, sizeof(hash)),
					    uk_span_of(grant.code_hash, CS_HASH_LEN)))
		st = CS_E_CODE_WRONG;
	if (st != CS_OK)
		return st;
	grant.tries = GUESSES; /* a code is good once */
	st = cs_store_grant_put(desk->orders.store, &grant);
	listing.list = json_array();
	if (json_object_set_new(answer, "orders", listing.list) != 0)
		return CS_E_MEMORY;
	if (st == CS_OK)
		st = cs_store_orders_of_unit(desk->orders.store, grant.unit_mark, list_one,
					     &listing);
	return st == CS_OK ? caps_add(desk, listing.list) : st;
}

enum cs_status
cs_api_health(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	const struct cs_desk *desk = ctx;

	return json_object_set_new(answer, "store",
				   json_string(cs_store_engine(desk->orders.store))) == 0
		       ? CS_OK
		       : CS_E_MEMORY;
}
