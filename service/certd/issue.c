/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates: approved, requested, fetched, confirmed. openukey-issuerd decides each time. */
#include "service/certd/api.h"

#include <string.h>

static enum cs_status
pass_on(struct cs_desk *desk, const struct cs_http_request *http, const struct cs_order_row *row,
	const char *op, json_t *answer)
{
	static const char *const members[] = {"subject",   "code", "years", "paid",      "old_cert",
					      "approvals", "csr",  "proof", "signature", NULL};

	if (desk->certd->issue_socket == NULL)
		return CS_E_UNAVAILABLE;
	return cs_api_pass_on(desk->certd->issue_socket, http, row, op, members, answer);
}

/* The operators' signatures are over what is to be issued: no other proof is asked for. */
enum cs_status
cs_api_prepare(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_store_order_by_number(desk->orders.store, http->parts[0], &row);

	if (st == CS_OK)
		st = pass_on(desk, http, &row, "prepare", answer);
	if (st == CS_E_NOT_FOUND)
		return CS_E_PROOF;
	/* Prepared before, and the answer was lost. */
	if (st == CS_OK || st == CS_E_EXISTS)
		st = cs_api_follow(desk, row.id, CS_EVENT_PREPARED, "issuerd", 0);
	return st;
}

/* The order goes on first: that a key was lost is known here. The issuer looks at the request. */
enum cs_status
cs_api_csr(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK && strcmp(row.state, "confirmed") != 0)
		st = cs_api_happen(desk, row.id, CS_EVENT_REQUEST, answer);
	(void)json_object_clear(answer);
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
