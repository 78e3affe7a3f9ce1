/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/issue/inside.h"

#include "service/audit/audit.h"

#include <string.h>

/* Reasons are those of RFC 5280. */
static const struct cs_issue_rule rules[] = {
	{CS_KIND_NEW, false, false, false, false, 0},
	{CS_KIND_RENEWAL, true, true, false, false, 4},
	{CS_KIND_CHANGE, true, true, true, false, 3},
	{CS_KIND_OPEN, true, true, true, false, 0},
	{CS_KIND_LOST, true, false, true, true, 1},
	{CS_KIND_DAMAGED, true, false, true, true, 4},
};

const struct cs_issue_rule *
cs_issue_rule_find(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (strcmp(cs_kind_word(rules[i].kind), kind) == 0)
			return &rules[i];
	return NULL;
}

enum cs_status
cs_issue_log(const struct cs_issue_job *job, const char *event, const char *order_id,
	     const char *serial)
{
	const struct cs_audit_pair pairs[] = {
		{"event", event}, {"order", order_id}, {"serial", serial}};

	return cs_audit_log(job->issuerd->store, job->issuerd->chain, job->now, pairs,
			    ARRAY_SIZE(pairs));
}

enum cs_status
cs_issue_hash_text(struct uk_span bytes, char ret[CS_HASH_TEXT])
{
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st;

	if (bytes.len == 0) {
		memcpy(ret, "-", 2);
		return CS_OK;
	}
	st = cs_hash(bytes, hash);
	if (st == CS_OK)
		cs_hex(uk_span_of(hash, sizeof(hash)), ret);
	return st;
}

enum cs_status
cs_issue_approved(const struct cs_issue_job *job, const char *body)
{
	return cs_approved(job->issuerd->operators, json_object_get(job->request, "approvals"),
			   uk_span_str(body), CS_PEOPLE);
}

static enum cs_status
in_tx(void *ctx, const json_t *request, json_t *answer, cs_tx_fn body)
{
	struct cs_issuerd *issuerd = ctx;
	struct cs_issue_job job = {issuerd, request, answer, issuerd->clock()};

	return cs_store_tx(issuerd->store, body, &job);
}

static enum cs_status
op_prepare(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, cs_issue_prepare);
}

static enum cs_status
op_request(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, cs_issue_request);
}

static enum cs_status
op_result(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_issuerd *issuerd = ctx;
	struct cs_issue_job job = {issuerd, request, answer, issuerd->clock()};

	return cs_issue_result(&job);
}

static enum cs_status
op_confirm(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, cs_issue_confirm);
}

static enum cs_status
op_revoke(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, cs_issue_revoke);
}

static enum cs_status
op_suspend(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, cs_issue_suspend);
}

static enum cs_status
op_release(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, cs_issue_release);
}

static enum cs_status
op_held(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, cs_issue_held);
}

static enum cs_status
op_recover(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_issuerd *issuerd = ctx;
	struct cs_issue_job job = {issuerd, request, answer, issuerd->clock()};

	return cs_issue_recover(&job);
}

json_t *
cs_issue_answer(void *issuerd, const json_t *request, uid_t peer)
{
	static const struct cs_op ops[] = {
		{"prepare", op_prepare}, {"request", op_request}, {"result", op_result},
		{"confirm", op_confirm}, {"revoke", op_revoke},   {"suspend", op_suspend},
		{"release", op_release}, {"held", op_held},       {"recover", op_recover}};

	return cs_dispatch(ops, ARRAY_SIZE(ops), issuerd, request);
}
