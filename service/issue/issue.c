/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/issue/issue.h"

#include "service/audit/audit.h"
#include "service/base/signed.h"

#include <stdio.h>
#include <string.h>

#define DER_MAX   8192
#define BODY_ROOM 1024
#define PROOF_MAX 512
#define SLACK     (5 * CS_MINUTE) /* good at once on a machine whose clock is a little behind */

/* What each kind of order issues. */
static const struct rule {
	enum cs_kind kind;
	bool old;      /* there is an old certificate */
	bool proof;    /* its key signs for the new one */
	bool keep_end; /* S7, S8: the end stays */
} rules[] = {
	{CS_KIND_NEW, false, false, false}, {CS_KIND_RENEWAL, true, true, false},
	{CS_KIND_CHANGE, true, true, true}, {CS_KIND_OPEN, true, true, true},
	{CS_KIND_LOST, true, false, true},  {CS_KIND_DAMAGED, true, false, true},
};

static const struct rule *
rule_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (strcmp(cs_kind_word(rules[i].kind), word) == 0)
			return &rules[i];
	return NULL;
}

struct job {
	struct cs_issuerd *issuerd;
	const json_t *request;
	json_t *answer;
	int64_t now;
};

static void
x509_drop(X509 **cert)
{
	X509_free(*cert);
}

static void
req_drop(X509_REQ **request)
{
	X509_REQ_free(*request);
}

#define CERT UK_CLEANUP(x509_drop) X509
#define REQ  UK_CLEANUP(req_drop) X509_REQ

static enum cs_status
log_it(const struct job *job, const char *event, const char *order_id, const char *serial)
{
	const struct cs_audit_pair pairs[] = {
		{"event", event}, {"order", order_id}, {"serial", serial}};

	return cs_audit_log(job->issuerd->store, job->issuerd->chain, job->now, pairs,
			    ARRAY_SIZE(pairs));
}

/* Letters, digits and a few marks: what goes into a signed line or a certificate. */
static const char *
word(const json_t *request, const char *name, size_t most)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ._:-";
	const char *text = cs_json_text_or_empty(request, name, most);

	return text != NULL && strspn(text, allowed) == strlen(text) ? text : NULL;
}

/* The lines that operators sign: everything that makes a difference to what is issued. */
static enum cs_status
body_make(const json_t *request, const struct cs_issue_row *row, char ret[BODY_ROOM])
{
	uint8_t hash[CS_HASH_LEN];
	char subject[CS_HASH_TEXT], old[CS_HASH_TEXT] = "-";
	int64_t paid;
	enum cs_status st = cs_hash(cs_blob_span(&row->subject), hash);

	cs_hex(uk_span_of(hash, sizeof(hash)), subject);
	if (st == CS_OK && row->old_cert.len > 0) {
		st = cs_hash(cs_blob_span(&row->old_cert), hash);
		cs_hex(uk_span_of(hash, sizeof(hash)), old);
	}
	if (st != CS_OK || !cs_json_number(request, "paid", &paid))
		return st == CS_OK ? CS_E_ARGUMENTS : st;
	(void)snprintf(ret, BODY_ROOM,
		       "issue\norder=%s\nkind=%s\nsn=%s\nsubject=%s\ncode=%s\nyears=%ld\nold=%s\n"
		       "paid=%ld\n",
		       row->order_id, row->kind, row->key_sn, subject, row->code, (long)row->years,
		       old, (long)paid);
	return CS_OK;
}

static enum cs_status
prepare_read(const struct job *job, struct cs_issue_row *row)
{
	const json_t *request = job->request;
	const char *order = word(request, "order", CS_ID_TEXT - 1);
	const char *kind = word(request, "kind", CS_WORD_TEXT - 1);
	const char *sn = word(request, "sn", CS_SN_TEXT - 1);
	const char *code = word(request, "code", CS_SN_TEXT - 1);

	if (order == NULL || order[0] == '\0' || kind == NULL || sn == NULL || code == NULL ||
	    !cs_json_number(request, "years", &row->years) ||
	    !cs_json_blob(request, "subject", 1024, &row->subject) || row->subject.len == 0 ||
	    (json_object_get(request, "old_cert") != NULL &&
	     !cs_json_blob(request, "old_cert", DER_MAX, &row->old_cert)))
		return CS_E_ARGUMENTS;
	memcpy(row->order_id, order, strlen(order) + 1);
	memcpy(row->kind, kind, strlen(kind) + 1);
	memcpy(row->key_sn, sn, strlen(sn) + 1);
	memcpy(row->code, code, strlen(code) + 1);
	return CS_OK;
}

/* The old certificate is one of ours and has not been revoked. */
static enum cs_status
old_check(const struct cs_issuerd *issuerd, const struct cs_issue_row *row, X509 **ret)
{
	CS_CERT_ROW stored = {.ver = 0};
	CERT *cert = NULL;
	char serial[CS_SERIAL_TEXT];
	enum cs_status st =
		cs_own_cert_read(issuerd->authority, cs_blob_span(&row->old_cert), &cert);

	if (st == CS_OK)
		st = cs_cert_serial(cert, serial, sizeof(serial));
	if (st == CS_OK)
		st = cs_store_cert_by_serial(issuerd->store, serial, &stored);
	if (st == CS_OK && strcmp(stored.state, "revoked") == 0)
		return CS_E_REVOKED;
	/* Issued before this database was begun: the CA's signature is enough. */
	if (st != CS_OK && st != CS_E_NOT_FOUND)
		return st;
	*ret = cert;
	cert = NULL;
	return CS_OK;
}

/* S5: computed at the time of issue. */
static enum cs_status
end_of(const struct job *job, const struct cs_issue_row *row, const struct rule *rule, int64_t *ret)
{
	const struct cs_terms *terms = job->issuerd->terms;
	struct cs_key_facts facts = {.not_after = 0};
	CERT *old = NULL;
	enum cs_status st;

	if (!rule->old)
		return cs_new_end(terms, job->now, (int)row->years, ret);
	st = old_check(job->issuerd, row, &old);
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

static enum cs_status
prepare_body(struct cs_store *store, void *ctx)
{
	const struct job *job = ctx;
	CS_ISSUE_ROW row = {.state = "ready", .changed = job->now};
	const struct rule *rule;
	char body[BODY_ROOM];
	int64_t end;
	enum cs_status st = prepare_read(job, &row);

	if (st != CS_OK)
		return st;
	rule = rule_find(row.kind);
	if (rule == NULL || rule->old != (row.old_cert.len > 0))
		return CS_E_ARGUMENTS;
	st = body_make(job->request, &row, body);
	if (st == CS_OK)
		st = cs_approved(job->issuerd->operators,
				 json_object_get(job->request, "approvals"), uk_span_str(body), 2);
	if (st == CS_OK)
		st = end_of(job, &row, rule, &end);
	if (st == CS_OK)
		st = cs_store_issue_add(store, &row);
	return st == CS_OK ? log_it(job, "prepare", row.order_id, "-") : st;
}

/* Renewal proof: the old key signs order, key, request and old certificate. */
static enum cs_status
proof_check(const struct job *job, const struct cs_issue_row *row, struct uk_span csr)
{
	CS_BLOB proof = {NULL, 0};
	CERT *old = NULL;
	uint8_t hash[CS_HASH_LEN];
	char csr_text[CS_HASH_TEXT], serial[CS_SERIAL_TEXT], body[BODY_ROOM];
	enum cs_status st = old_check(job->issuerd, row, &old);

	if (st == CS_OK && !cs_json_blob(job->request, "proof", PROOF_MAX, &proof))
		st = CS_E_PROOF;
	if (st == CS_OK)
		st = cs_hash(csr, hash);
	if (st == CS_OK)
		st = cs_cert_serial(old, serial, sizeof(serial));
	if (st != CS_OK)
		return st;
	cs_hex(uk_span_of(hash, sizeof(hash)), csr_text);
	(void)snprintf(body, sizeof(body), "order=%s\nsn=%s\ncsr=%s\nold=%s\n", row->order_id,
		       row->key_sn, csr_text, serial);
	return cs_verify(X509_get0_pubkey(old), CS_PURPOSE_RENEW, uk_span_str(body),
			 cs_blob_span(&proof));
}

/* A draft with a serial number of its own, on the disk before the CA's key is used. */
static enum cs_status
draft_add(const struct job *job, struct cs_issue_row *row, EVP_PKEY *key)
{
	const struct rule *rule = rule_find(row->kind);
	struct cs_draft draft = {.subject = cs_blob_span(&row->subject),
				 .code = row->code,
				 .key = key,
				 .not_before = job->now - SLACK};
	CS_CERT_ROW cert = {.state = "draft", .changed = job->now};
	const unsigned char *at;
	CERT *made = NULL;
	enum cs_status st = rule != NULL ? end_of(job, row, rule, &draft.not_after) : CS_E_CORRUPT;

	if (st == CS_OK)
		st = cs_draft_make(job->issuerd->authority, &draft, &cert.draft);
	if (st != CS_OK)
		return st;
	at = cert.draft.ptr;
	made = d2i_X509(NULL, &at, (long)cert.draft.len);
	st = made != NULL ? cs_cert_serial(made, cert.serial, sizeof(cert.serial)) : CS_E_INTERNAL;
	memcpy(cert.order_id, row->order_id, sizeof(cert.order_id));
	memcpy(cert.spki_hash, row->spki_hash, sizeof(cert.spki_hash));
	cert.not_after = draft.not_after;
	if (st == CS_OK)
		st = cs_store_cert_add(job->issuerd->store, &cert);
	return st == CS_OK ? log_it(job, "draft", row->order_id, cert.serial) : st;
}

/* The request is accepted: one that came before gets what it got, another one takes its place. */
static enum cs_status
request_body(struct cs_store *store, void *ctx)
{
	const struct job *job = ctx;
	const char *order = word(job->request, "order", CS_ID_TEXT - 1);
	CS_ISSUE_ROW row = {.ver = 0};
	CS_BLOB csr = {NULL, 0};
	REQ *request = NULL;
	EVP_PKEY *key;
	uint8_t spki[CS_HASH_LEN];
	const struct rule *rule;
	enum cs_status st;

	if (order == NULL || !cs_json_blob(job->request, "csr", DER_MAX, &csr))
		return CS_E_ARGUMENTS;
	st = cs_store_issue_get(store, order, &row);
	if (st == CS_OK)
		st = cs_request_read(cs_blob_span(&csr), &request);
	if (st != CS_OK)
		return st;
	key = X509_REQ_get0_pubkey(request);
	st = cs_spki_hash(key, spki);
	rule = rule_find(row.kind);
	if (st == CS_OK && rule != NULL && rule->proof)
		st = proof_check(job, &row, cs_blob_span(&csr));
	if (st != CS_OK)
		return st;
	if (memcmp(spki, row.spki_hash, sizeof(spki)) == 0)
		return CS_OK;
	if (strcmp(row.state, "confirmed") == 0 || row.requests >= CS_ISSUE_REQUESTS)
		return CS_E_STATE;
	memcpy(row.spki_hash, spki, sizeof(spki));
	memcpy(row.state, "issued", 7);
	row.requests++;
	row.changed = job->now;
	st = cs_store_issue_put(store, &row);
	if (st == CS_OK)
		st = cs_store_certs_revoke_others(store, row.order_id, spki, job->now);
	return st == CS_OK ? draft_add(job, &row, key) : st;
}

/* The certificate of the request that counts, signed now if it was not yet. */
static enum cs_status
result_body(struct cs_store *store, void *ctx)
{
	const struct job *job = ctx;
	const char *order = word(job->request, "order", CS_ID_TEXT - 1);
	CS_ISSUE_ROW row = {.ver = 0};
	CS_CERT_ROW cert = {.ver = 0};
	enum cs_status st = order != NULL ? cs_store_issue_get(store, order, &row) : CS_E_ARGUMENTS;

	if (st == CS_OK && strcmp(row.state, "ready") == 0)
		return CS_E_STATE;
	if (st == CS_OK)
		st = cs_store_cert_of(store, row.order_id, row.spki_hash, &cert);
	if (st == CS_OK && strcmp(cert.state, "revoked") == 0)
		return CS_E_REVOKED;
	if (st == CS_OK && strcmp(cert.state, "draft") == 0) {
		st = cs_draft_sign(job->issuerd->authority, cs_blob_span(&cert.draft), &cert.cert);
		memcpy(cert.state, "good", 5);
		cert.changed = job->now;
		if (st == CS_OK)
			st = cs_store_cert_put(store, &cert);
		if (st == CS_OK)
			st = log_it(job, "sign", row.order_id, cert.serial);
	}
	if (st == CS_OK && !cs_json_put_hex(job->answer, "sign_cert", cs_blob_span(&cert.cert)))
		st = CS_E_MEMORY;
	return st;
}

/* The new key says that it has its certificate. */
static enum cs_status
confirm_check(const struct job *job, const struct cs_issue_row *row, const struct cs_cert_row *cert)
{
	const unsigned char *at = cert->cert.ptr;
	CERT *parsed = d2i_X509(NULL, &at, (long)cert->cert.len);
	CS_BLOB signature = {NULL, 0};
	uint8_t hash[CS_HASH_LEN];
	char text[CS_HASH_TEXT], body[BODY_ROOM];
	enum cs_status st = cs_hash(cs_blob_span(&cert->cert), hash);

	if (st != CS_OK || parsed == NULL)
		return CS_E_CORRUPT;
	if (!cs_json_blob(job->request, "signature", PROOF_MAX, &signature))
		return CS_E_PROOF;
	cs_hex(uk_span_of(hash, sizeof(hash)), text);
	(void)snprintf(body, sizeof(body), "order=%s\ncert=%s\n", row->order_id, text);
	return cs_verify(X509_get0_pubkey(parsed), CS_PURPOSE_CONFIRM, uk_span_str(body),
			 cs_blob_span(&signature));
}

static enum cs_status
confirm_body(struct cs_store *store, void *ctx)
{
	const struct job *job = ctx;
	const char *order = word(job->request, "order", CS_ID_TEXT - 1);
	CS_ISSUE_ROW row = {.ver = 0};
	CS_CERT_ROW cert = {.ver = 0};
	enum cs_status st = order != NULL ? cs_store_issue_get(store, order, &row) : CS_E_ARGUMENTS;

	if (st == CS_OK)
		st = cs_store_cert_of(store, row.order_id, row.spki_hash, &cert);
	if (st == CS_OK && cert.cert.len == 0)
		return CS_E_STATE;
	if (st == CS_OK)
		st = confirm_check(job, &row, &cert);
	if (st == CS_OK &&
	    json_object_set_new(job->answer, "not_after", json_integer(cert.not_after)) != 0)
		st = CS_E_MEMORY;
	if (st != CS_OK || strcmp(row.state, "confirmed") == 0)
		return st; /* again: the answer had been lost */
	memcpy(row.state, "confirmed", 10);
	memcpy(cert.state, "confirmed", 10);
	row.changed = cert.changed = job->now;
	st = cs_store_issue_put(store, &row);
	if (st == CS_OK)
		st = cs_store_cert_put(store, &cert);
	return st == CS_OK ? log_it(job, "confirm", row.order_id, cert.serial) : st;
}

static enum cs_status
in_tx(void *ctx, const json_t *request, json_t *answer, cs_tx_fn body)
{
	struct cs_issuerd *issuerd = ctx;
	struct job job = {issuerd, request, answer, issuerd->clock()};

	return cs_store_tx(issuerd->store, body, &job);
}

static enum cs_status
op_prepare(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, prepare_body);
}

static enum cs_status
op_request(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, request_body);
}

static enum cs_status
op_result(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, result_body);
}

static enum cs_status
op_confirm(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, confirm_body);
}

json_t *
cs_issue_answer(void *issuerd, const json_t *request, uid_t peer)
{
	static const struct cs_op ops[] = {{"prepare", op_prepare},
					   {"request", op_request},
					   {"result", op_result},
					   {"confirm", op_confirm}};

	return cs_dispatch(ops, ARRAY_SIZE(ops), issuerd, request);
}
