/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What operators have signed for: what is to be issued, and from when until when. */
#include "service/issue/inside.h"

#include <stdio.h>
#include <string.h>

#define SUBJECT_MAX 1024

/* How many bytes a text that grows by lines has; too many make it useless. */
static void
line_add(char body[CS_BODY_ROOM], const char *name, const char *value)
{
	size_t len = strlen(body);

	(void)snprintf(body + len, CS_BODY_ROOM - len, "%s=%s\n", name, value);
}

/* The lines that operators sign: everything that makes a difference to what is issued. */
static enum cs_status
body_make(const struct cs_issue_job *job, const struct cs_issue_row *row, int64_t paid,
	  char ret[CS_BODY_ROOM])
{
	const char *transfer = cs_json_word(job->request, "transfer", 64);
	char subject[CS_HASH_TEXT], old[CS_HASH_TEXT], csr[CS_HASH_TEXT];
	enum cs_status st = cs_issue_hash_text(cs_blob_span(&row->subject), subject);

	if (st == CS_OK)
		st = cs_issue_hash_text(cs_blob_span(&row->old_cert), old);
	if (st != CS_OK || transfer == NULL)
		return st == CS_OK ? CS_E_ARGUMENTS : st;
	(void)snprintf(ret, CS_BODY_ROOM,
		       "issue\norder=%s\nkind=%s\nsn=%s\nsubject=%s\ncode=%s\nyears=%ld\nold=%s\n"
		       "paid=%ld\n",
		       row->order_id, row->kind, row->key_sn, subject, row->code, (long)row->years,
		       old, (long)paid);
	if (transfer[0] != '\0')
		line_add(ret, "transfer", transfer);
	if (json_object_get(job->request, "csr_hash") != NULL) {
		cs_hex(uk_span_of(row->csr_hash, CS_HASH_LEN), csr);
		line_add(ret, "csr", csr);
	}
	return CS_OK;
}

static enum cs_status
row_read(const struct cs_issue_job *job, struct cs_issue_row *row)
{
	const json_t *request = job->request;
	const char *order = cs_json_word(request, "order", CS_ID_TEXT - 1);
	const char *kind = cs_json_word(request, "kind", CS_WORD_TEXT - 1);
	const char *sn = cs_json_word(request, "sn", CS_SN_TEXT - 1);
	const char *code = cs_json_word(request, "code", CS_SN_TEXT - 1);

	if (order == NULL || order[0] == '\0' || kind == NULL || sn == NULL || code == NULL ||
	    !cs_json_number(request, "years", &row->years) ||
	    !cs_json_blob(request, "subject", SUBJECT_MAX, &row->subject) ||
	    row->subject.len == 0 ||
	    (json_object_get(request, "old_cert") != NULL &&
	     !cs_json_blob(request, "old_cert", CS_DER_MAX, &row->old_cert)) ||
	    (json_object_get(request, "csr_hash") != NULL &&
	     !cs_json_hex(request, "csr_hash", row->csr_hash, CS_HASH_LEN)))
		return CS_E_ARGUMENTS;
	memcpy(row->order_id, order, strlen(order) + 1);
	memcpy(row->kind, kind, strlen(kind) + 1);
	memcpy(row->key_sn, sn, strlen(sn) + 1);
	memcpy(row->code, code, strlen(code) + 1);
	return CS_OK;
}

/* A suspended one may be replaced, not renewed; one that this order has revoked is its own doing.
 */
static enum cs_status
old_revoked(const struct cs_issue_job *job, const struct cs_issue_row *row, const char *serial)
{
	const struct cs_issue_rule *rule = cs_issue_rule_find(row->kind);
	struct cs_revocation_row revocation = {.at = 0};
	enum cs_status st = cs_store_revocation_get(job->issuerd->store, serial, &revocation);

	if (st == CS_E_NOT_FOUND)
		return CS_OK;
	if (st != CS_OK)
		return st;
	if (strcmp(revocation.order_id, row->order_id) == 0 ||
	    (rule != NULL && rule->lost && strcmp(revocation.state, "held") == 0))
		return CS_OK;
	return CS_E_REVOKED;
}

enum cs_status
cs_issue_old(const struct cs_issue_job *job, const struct cs_issue_row *row, X509 **ret)
{
	CS_X509 *cert = NULL;
	char serial[CS_SERIAL_TEXT];
	enum cs_status st = cs_own_cert_read(job->issuerd->authority->cert,
					     cs_blob_span(&row->old_cert), &cert);

	if (st == CS_OK)
		st = cs_cert_serial(cert, serial, sizeof(serial));
	if (st == CS_OK)
		st = old_revoked(job, row, serial);
	if (st != CS_OK)
		return st;
	*ret = cert;
	cert = NULL;
	return CS_OK;
}

enum cs_status
cs_issue_end(const struct cs_issue_job *job, const struct cs_issue_row *row, int64_t *ret)
{
	const struct cs_issue_rule *rule = cs_issue_rule_find(row->kind);
	const struct cs_terms *terms = job->issuerd->terms;
	struct cs_key_facts facts = {.not_after = 0};
	CS_X509 *old = NULL;
	enum cs_status st;

	if (rule == NULL)
		return CS_E_CORRUPT;
	if (!rule->old)
		return cs_new_end(terms, job->now, (int)row->years, ret);
	st = cs_issue_old(job, row, &old);
	if (st == CS_OK)
		st = cs_cert_end(old, &facts.not_after);
	if (st == CS_OK)
		st = cs_need(terms, rule->kind, &facts, job->now);
	if (st != CS_OK)
		return st;
	if (rule->keep_end) {
		*ret = facts.not_after;
		return job->now > facts.not_after ? CS_E_EXPIRED : CS_OK;
	}
	return cs_renewed_end(terms, facts.not_after, job->now, (int)row->years, ret);
}

/* An old certificate is one that its key signs with, not the one for encryption beside it. */
static enum cs_status
old_use(const struct cs_issue_job *job, const struct cs_issue_row *row)
{
	CS_X509 *old = NULL;
	enum cs_status st;

	if (row->old_cert.len == 0)
		return CS_OK;
	st = cs_issue_old(job, row, &old);
	return st == CS_OK && cs_cert_encrypts(old) ? CS_E_ARGUMENTS : st;
}

enum cs_status
cs_issue_prepare(struct cs_store *store, void *ctx)
{
	const struct cs_issue_job *job = ctx;
	CS_ISSUE_ROW row = {.state = "ready", .changed = job->now};
	const struct cs_issue_rule *rule;
	char body[CS_BODY_ROOM];
	int64_t end, paid = 0;
	enum cs_status st = row_read(job, &row);

	if (st != CS_OK)
		return st;
	rule = cs_issue_rule_find(row.kind);
	if (rule == NULL || rule->old != (row.old_cert.len > 0) ||
	    !cs_json_number(job->request, "paid", &paid))
		return CS_E_ARGUMENTS;
	st = body_make(job, &row, paid, body);
	if (st == CS_OK)
		st = cs_issue_approved(job, body);
	if (st == CS_OK)
		st = old_use(job, &row);
	if (st == CS_OK)
		st = cs_issue_end(job, &row, &end);
	if (st == CS_OK)
		st = cs_issue_paid(job, &row, paid);
	if (st == CS_OK)
		st = cs_store_issue_add(store, &row);
	if (st == CS_OK && rule->lost)
		st = cs_issue_take_old(job, &row, job->now);
	return st == CS_OK ? cs_issue_log(job, "prepare", row.order_id, "-") : st;
}
