/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The new key says that it has its certificate; what it takes the place of goes. */
#include "service/issue/inside.h"

#include "service/base/clock.h"

#include <stdio.h>
#include <string.h>

/*
 * A machine that asked by EST or CMP cannot sign such a confirmation.  The only request its order
 * may have is signed for, so nothing else could be confirmed in its place.
 */
static bool
delivered(const struct cs_issue_job *job, const struct cs_issue_row *row)
{
	static const uint8_t none[CS_HASH_LEN];

	return json_is_true(json_object_get(job->request, "delivered")) &&
	       memcmp(row->csr_hash, none, sizeof(none)) != 0;
}

static enum cs_status
confirm_check(const struct cs_issue_job *job, const struct cs_issue_row *row,
	      const struct cs_cert_row *cert)
{
	CS_X509 *parsed = NULL;
	CS_BLOB signature = {NULL, 0};
	char text[CS_HASH_TEXT], body[CS_BODY_ROOM];
	enum cs_status st = cs_cert_read(cs_blob_span(&cert->cert), &parsed);

	if (st == CS_OK)
		st = cs_issue_hash_text(cs_blob_span(&cert->cert), text);
	if (st != CS_OK)
		return CS_E_CORRUPT;
	if (!cs_json_blob(job->request, "signature", CS_PROOF_MAX, &signature))
		return CS_E_PROOF;
	(void)snprintf(body, sizeof(body), "order=%s\ncert=%s\n", row->order_id, text);
	return cs_verify(X509_get0_pubkey(parsed), CS_PURPOSE_CONFIRM, uk_span_str(body),
			 cs_blob_span(&signature));
}

static enum cs_status
confirmed(const struct cs_issue_job *job, struct cs_cert_row *cert)
{
	if (strcmp(cert->state, "good") != 0)
		return CS_E_STATE;
	memcpy(cert->state, "confirmed", 10);
	cert->changed = job->now;
	return cs_store_cert_put(job->issuerd->store, cert);
}

/* S7, and the CA's policy for renewals: revoked at once, some days later, or left to expire. */
static enum cs_status
old_take(const struct cs_issue_job *job, const struct cs_issue_row *row)
{
	const struct cs_issue_rule *rule = cs_issue_rule_find(row->kind);
	int64_t days = job->issuerd->supersede_days;

	if (rule == NULL || !rule->old || rule->reason == 0 || rule->lost)
		return CS_OK;
	if (rule->kind == CS_KIND_CHANGE)
		return cs_issue_take_old(job, row, job->now);
	return days >= 0 ? cs_issue_take_old(job, row, job->now + days * CS_DAY) : CS_OK;
}

static enum cs_status
confirm_all(const struct cs_issue_job *job, struct cs_issue_row *row, struct cs_cert_row *cert)
{
	CS_CERT_ROW enc = {.ver = 0};
	enum cs_status st = cs_issue_pair(job, row, cert, &enc), found = st;

	if (st == CS_E_NOT_FOUND)
		st = CS_OK;
	if (st == CS_OK)
		st = confirmed(job, cert);
	if (st == CS_OK && found == CS_OK)
		st = confirmed(job, &enc);
	memcpy(row->state, "confirmed", 10);
	row->changed = job->now;
	if (st == CS_OK)
		st = cs_store_issue_put(job->issuerd->store, row);
	if (st == CS_OK)
		st = old_take(job, row);
	return st == CS_OK ? cs_issue_log(job, "confirm", row->order_id, cert->serial) : st;
}

enum cs_status
cs_issue_confirm(struct cs_store *store, void *ctx)
{
	const struct cs_issue_job *job = ctx;
	const char *order = cs_json_word(job->request, "order", CS_ID_TEXT - 1);
	CS_ISSUE_ROW row = {.ver = 0};
	CS_CERT_ROW cert = {.ver = 0};
	enum cs_status st = order != NULL ? cs_store_issue_get(store, order, &row) : CS_E_ARGUMENTS;

	if (st == CS_OK)
		st = cs_store_cert_of(store, row.order_id, row.spki_hash, &cert);
	if (st == CS_OK && cert.cert.len == 0)
		return CS_E_STATE;
	if (st == CS_OK)
		st = cs_issue_stands(job, &cert);
	if (st == CS_OK && !delivered(job, &row))
		st = confirm_check(job, &row, &cert);
	if (st == CS_OK &&
	    json_object_set_new(job->answer, "not_after", json_integer(cert.not_after)) != 0)
		st = CS_E_MEMORY;
	if (st != CS_OK || strcmp(row.state, "confirmed") == 0)
		return st; /* again: the answer had been lost */
	return confirm_all(job, &row, &cert);
}
