/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates: approved, requested, fetched, confirmed. openukey-issuerd decides each time. */
#include "service/certd/api.h"

#include "service/store/payments.h"

#include <string.h>

static enum cs_status
pass_on(struct cs_desk *desk, const struct cs_http_request *http, const struct cs_order_row *row,
	const char *op, json_t *answer)
{
	static const char *const members[] = {
		"subject", "code",     "years",  "paid",  "old_cert",  "approvals", "csr",
		"proof",   "csr_hash", "token",  "certs", "signature", "reason",    "transfer",
		"payment", "enc_cert", "notify", "to",    NULL};

	if (desk->certd->issue_socket == NULL)
		return CS_E_UNAVAILABLE;
	return cs_api_pass_on(desk->certd->issue_socket, http, row, op, members, answer);
}

/* What the provider sent when money came, as it came: the issuer looks at it itself. */
static enum cs_status
payment_add(struct cs_desk *desk, const struct cs_order_row *row, json_t *request)
{
	CS_KEPT_NOTICE notice = {.provider = ""};
	CS_JSON *payment = NULL;
	enum cs_status st = cs_store_notice_of(desk->orders.store, row->id, &notice);

	if (st != CS_OK)
		return st == CS_E_NOT_FOUND ? CS_OK : st;
	payment = json_pack("{s:s, s:s, s:s, s:s}", "provider", notice.provider, "timestamp",
			    notice.stamp, "body", (const char *)notice.body.ptr, "signature",
			    notice.signature);
	/* One that is no text was none of a provider's that issuers know. */
	if (payment == NULL)
		return CS_OK;
	return json_object_set(request, "payment", payment) == 0 ? CS_OK : CS_E_MEMORY;
}

/* A key that was reported lost has been replaced: its certificates are revoked, the report is over.
 */
static enum cs_status
loss_end(struct cs_desk *desk, const struct cs_order_row *row)
{
	char loss[CS_ID_TEXT];
	enum cs_status st;

	if (strcmp(row->kind, "lost") != 0 && strcmp(row->kind, "damaged") != 0)
		return CS_OK;
	st = cs_store_key_block_order(desk->orders.store, row->key_sn, "lost", loss);
	if (st != CS_OK)
		return st == CS_E_NOT_FOUND ? CS_OK : st;
	return cs_api_follow(desk, loss, CS_EVENT_REPLACE_DONE, "issuerd", 0);
}

/* The operators' signatures are over what is to be issued: no other proof is asked for. */
enum cs_status
cs_api_prepare(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	CS_JSON *request = json_deep_copy(http->json);
	struct cs_http_request more = *http;
	enum cs_status st = cs_store_order_by_number(desk->orders.store, http->parts[0], &row);

	more.json = request;
	if (st == CS_OK)
		st = payment_add(desk, &row, request);
	if (st == CS_OK)
		st = pass_on(desk, &more, &row, "prepare", answer);
	if (st == CS_E_NOT_FOUND)
		return CS_E_PROOF;
	/* Prepared before, and the answer was lost. */
	if (st == CS_OK || st == CS_E_EXISTS)
		st = cs_api_follow(desk, row.id, CS_EVENT_PREPARED, "issuerd", 0);
	return st == CS_OK ? loss_end(desk, &row) : st;
}

/* The order goes on first: that a key was lost is known here. The issuer looks at the request. */
enum cs_status
cs_api_csr(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK && strcmp(row.state, "confirmed") != 0)
		st = cs_api_step(desk, &row, CS_EVENT_REQUEST);
	return st == CS_OK ? pass_on(desk, http, &row, "request", answer) : st;
}

enum cs_status
cs_api_result(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(ctx, http, &row);

	/* Not yet asked for, or given up: nothing leaves. */
	if (st == CS_OK && strcmp(row.state, "issued") != 0 && strcmp(row.state, "confirmed") != 0)
		return CS_E_STATE;
	return st == CS_OK ? pass_on(ctx, http, &row, "result", answer) : st;
}

enum cs_status
cs_api_confirm(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	int64_t not_after = 0;
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK)
		st = pass_on(desk, http, &row, "confirm", answer);
	if (st == CS_OK && !cs_json_number(answer, "not_after", &not_after))
		st = CS_E_INTERNAL;
	return st == CS_OK ? cs_api_follow(desk, row.id, CS_EVENT_CONFIRM, "issuerd", not_after)
			   : st;
}

/* ---- what operators ask for: the issuer looks at their signatures ---- */

static enum cs_status
operator_pass(struct cs_desk *desk, const struct cs_http_request *http, const char *op,
	      struct cs_order_row *row, json_t *answer)
{
	enum cs_status st = cs_store_order_by_number(desk->orders.store, http->parts[0], row);

	if (st == CS_OK)
		st = pass_on(desk, http, row, op, answer);
	/* Without a signature nobody learns which numbers there are. */
	return st == CS_E_NOT_FOUND ? CS_E_PROOF : st;
}

/* A new key's request, which operators have signed for; what it gets is the answer. */
enum cs_status
cs_api_operator_request(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = operator_pass(ctx, http, "request", &row, answer);

	return st == CS_OK ? pass_on(ctx, http, &row, "result", answer) : st;
}

/* The new key's own signature is what is looked at. */
enum cs_status
cs_api_operator_confirm(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	CS_ORDER_ROW row = {.ver = 0};

	return operator_pass(ctx, http, "confirm", &row, answer);
}

enum cs_status
cs_api_operator_recover(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	CS_ORDER_ROW row = {.ver = 0};

	return operator_pass(ctx, http, "recover", &row, answer);
}

/* Of the certificates; the order itself is released by an act of its own. */
enum cs_status
cs_api_operator_release(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	CS_ORDER_ROW row = {.ver = 0};

	return operator_pass(ctx, http, "release", &row, answer);
}

enum cs_status
cs_api_operator_revoke(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = operator_pass(ctx, http, "revoke", &row, answer);

	return st == CS_OK ? cs_api_follow(ctx, row.id, CS_EVENT_REVOKE_DONE, "issuerd", 0) : st;
}
