/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The station at the counter, with the key and whoever brought it.  Nobody there has the order's
 * capability: an operator signs for this key and this moment, and openukey-unlockd looks at that
 * and at the two signatures that the order has.
 */
#include "service/certd/api.h"

#include "service/audit/audit.h"
#include "service/store/asks.h"

#include <stdio.h>
#include <string.h>

#define BODY_ROOM 256

static enum cs_status
approval_add(const char *name, struct uk_span signature, void *ctx)
{
	json_t *approvals = ctx, *approval = json_pack("{s:s}", "operator", name);

	if (approval == NULL || !cs_json_put_hex(approval, "signature", signature) ||
	    json_array_append_new(approvals, approval) != 0)
		return CS_E_MEMORY;
	return CS_OK;
}

enum cs_status
cs_ask_approvals(struct cs_desk *desk, const struct cs_ask_row *ask, json_t **ret)
{
	CS_JSON *all = json_array();
	json_t *good = json_array();
	enum cs_status st = cs_store_ask_signed(desk->orders.store, ask->id, approval_add, all);

	for (size_t i = 0; st == CS_OK && i < json_array_size(all); i++) {
		json_t *approval = json_array_get(all, i);

		if (cs_approval_check(&desk->certd->operators, approval,
				      cs_blob_span(&ask->body)) == CS_OK &&
		    json_array_append(good, approval) != 0)
			st = CS_E_MEMORY;
	}
	if (st == CS_OK)
		*ret = good;
	else
		json_decref(good);
	return st;
}

/* The newest that was carried out; the store is not to be asked while it answers. */
static enum cs_status
done_id(const struct cs_ask_row *ask, void *ctx)
{
	char *id = ctx;

	if (id[0] == '\0' && strcmp(ask->act, "unlock") == 0 && strcmp(ask->state, "done") == 0)
		memcpy(id, ask->id, CS_ID_TEXT);
	return CS_OK;
}

static enum cs_status
approvals_get(struct cs_desk *desk, const struct cs_order_row *row, json_t **ret)
{
	CS_ASK_ROW ask = {.ver = 0};
	char id[CS_ID_TEXT] = "";
	enum cs_status st = cs_store_asks_of_order(desk->orders.store, row->id, done_id, id);

	if (st == CS_OK && id[0] == '\0')
		return CS_E_STATE; /* not approved, or not by two yet */
	if (st == CS_OK)
		st = cs_store_ask_get(desk->orders.store, id, &ask);
	return st == CS_OK ? cs_ask_approvals(desk, &ask, ret) : st;
}

/* Who is no operator, or says another key, learns nothing of the order. */
static enum cs_status
admit(struct cs_desk *desk, const struct cs_http_request *http, struct cs_order_row *ret)
{
	const char *sn = cs_json_word(http->json, "sn", CS_SN_TEXT - 1);
	const char *once = cs_json_word(http->json, "once", CS_ID_TEXT - 1);
	const json_t *station = json_object_get(http->json, "station");
	char body[BODY_ROOM];
	int64_t at = 0;
	enum cs_status st;

	if (sn == NULL || once == NULL || strlen(http->parts[0]) >= CS_NUMBER_TEXT ||
	    !cs_json_number(http->json, "at", &at))
		return CS_E_ARGUMENTS;
	(void)snprintf(body, sizeof(body), "station\nnumber=%s\nsn=%s\nat=%ld\nonce=%s\n",
		       http->parts[0], sn, (long)at, once);
	st = cs_approval_check(&desk->certd->operators, station, uk_span_str(body));
	if (st != CS_OK)
		return st;
	st = cs_store_order_by_number(desk->orders.store, http->parts[0], ret);
	if (st == CS_E_NOT_FOUND ||
	    (st == CS_OK && (strcmp(ret->kind, "unlock") != 0 || strcmp(ret->key_sn, sn) != 0)))
		return CS_E_PROOF;
	return st;
}

static enum cs_status
grant_ask(struct cs_desk *desk, const struct cs_http_request *http, const struct cs_order_row *row,
	  json_t *answer)
{
	static const char *const members[] = {"approvals", "number", "at", "once", "station", NULL};
	CS_JSON *json = json_copy((json_t *)(uintptr_t)http->json);
	struct cs_http_request mine = {.method = "POST", .json = json};
	json_t *approvals = NULL;
	enum cs_status st = approvals_get(desk, row, &approvals);

	if (st != CS_OK)
		return st;
	if (json_object_set_new(json, "approvals", approvals) != 0 ||
	    json_object_set_new(json, "number", json_string(row->number)) != 0)
		return CS_E_MEMORY;
	if (desk->certd->unlock_socket == NULL)
		return CS_E_UNAVAILABLE;
	return cs_api_pass_on(desk->certd->unlock_socket, &mine, row, "counter", members, answer);
}

enum cs_status
cs_api_station(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	char cap[CS_CAP_TEXT];
	enum cs_status st = admit(desk, http, &row);
	const struct cs_audit_pair pairs[] = {
		{"event", "station"},
		{"order", row.number},
		{"by", cs_json_text_or_empty(json_object_get(http->json, "station"), "operator",
					     CS_OPERATOR_TEXT - 1)}};

	if (st == CS_OK)
		st = grant_ask(desk, http, &row, answer);
	if (st == CS_OK)
		st = cs_audit_log(desk->orders.store, desk->chain, cs_now(), pairs,
				  ARRAY_SIZE(pairs));
	if (st == CS_OK)
		st = cs_api_show(desk, row.id, answer);
	if (st == CS_OK)
		st = cs_order_cap_new(&desk->orders, row.id, cs_now(), cap);
	if (st != CS_OK) {
		(void)json_object_clear(answer);
		return st;
	}
	st = json_object_set_new(answer, "capability", json_string(cap)) == 0 ? CS_OK : CS_E_MEMORY;
	uk_wipe(cap, sizeof(cap));
	return st;
}
