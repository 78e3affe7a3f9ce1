/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request binds the order to a key; its certificate is a draft on the disk before it is signed.
 */
#include "service/issue/inside.h"

#include "service/base/clock.h"
#include "service/pki/cmp.h"

#include <stdio.h>
#include <string.h>

#define SLACK (5 * CS_MINUTE) /* good at once on a machine whose clock is a little behind */

/* Renewal proof: the old key signs order, key, request and old certificate. */
static enum cs_status
proof_check(const struct cs_issue_job *job, const struct cs_issue_row *row, struct uk_span csr)
{
	CS_BLOB proof = {NULL, 0};
	CS_X509 *old = NULL;
	char csr_text[CS_HASH_TEXT], serial[CS_SERIAL_TEXT], body[CS_BODY_ROOM];
	enum cs_status st = cs_issue_old(job, row, &old);

	if (st == CS_OK && !cs_json_blob(job->request, "proof", CS_PROOF_MAX, &proof))
		st = CS_E_PROOF;
	if (st == CS_OK)
		st = cs_issue_hash_text(csr, csr_text);
	if (st == CS_OK)
		st = cs_cert_serial(old, serial, sizeof(serial));
	if (st != CS_OK)
		return st;
	(void)snprintf(body, sizeof(body), "order=%s\nsn=%s\ncsr=%s\nold=%s\n", row->order_id,
		       row->key_sn, csr_text, serial);
	return cs_verify(X509_get0_pubkey(old), CS_PURPOSE_RENEW, uk_span_str(body),
			 cs_blob_span(&proof));
}

/*
 * There is no old key that could sign: operators have, for this request on that token, with the
 * order or now.  Otherwise whoever passes requests on could have an approved order's certificate
 * for a key of its own.
 */
static enum cs_status
operators_check(const struct cs_issue_job *job, struct cs_issue_row *row, struct uk_span csr)
{
	const char *token = cs_json_word(job->request, "token", CS_SN_TEXT - 1);
	char text[CS_HASH_TEXT], body[CS_BODY_ROOM];
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st = cs_hash(csr, hash);

	if (st != CS_OK)
		return st;
	if (memcmp(hash, row->csr_hash, sizeof(hash)) == 0)
		return CS_OK;
	if (token == NULL || token[0] == '\0')
		return CS_E_PROOF;
	cs_hex(uk_span_of(hash, sizeof(hash)), text);
	(void)snprintf(body, sizeof(body), "request\norder=%s\ntoken=%s\ncsr=%s\n", row->order_id,
		       token, text);
	st = cs_issue_approved(job, body);
	if (st != CS_OK)
		return st;
	memcpy(row->csr_hash, hash, sizeof(hash));
	memcpy(row->key_sn, token, strlen(token) + 1);
	return CS_OK;
}

static bool
request_signed_for(const struct cs_issue_row *row)
{
	static const uint8_t none[CS_HASH_LEN];

	return memcmp(row->csr_hash, none, sizeof(none)) != 0;
}

/* What asks for a certificate: the new key, and its request unless it came by CMP. */
struct asked {
	X509_REQ *request;
	struct cs_cmp_request cmp;
	struct cs_blob csr;
	EVP_PKEY *key; /* of one of them */
};

static void
asked_clear(struct asked *asked)
{
	X509_REQ_free(asked->request);
	cs_cmp_request_clear(&asked->cmp);
	cs_blob_free(&asked->csr);
}

/*
 * A message of CMP that the old key has signed is proof enough; from then on it is the order's only
 * one.  Where operators have signed for a request already, it must be in there.
 */
static enum cs_status
message_read(const struct cs_issue_job *job, struct cs_issue_row *row, struct asked *asked)
{
	CS_BLOB message = {NULL, 0};
	CS_X509 *old = NULL;
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st = cs_issue_old(job, row, &old);

	if (st == CS_OK && !cs_json_blob(job->request, "cmp", CS_CMP_MAX, &message))
		st = CS_E_ARGUMENTS;
	if (st == CS_OK)
		st = cs_cmp_request_read(cs_blob_span(&message), old, &asked->cmp);
	if (st != CS_OK)
		return st;
	asked->key = asked->cmp.key;
	st = cs_blob_set(&asked->csr, cs_blob_span(&asked->cmp.csr));
	if (st == CS_OK)
		st = cs_spki_hash(asked->key, hash);
	/* Sent again, in a message of its own. */
	if (st != CS_OK || memcmp(hash, row->spki_hash, sizeof(hash)) == 0)
		return st;
	st = cs_hash(asked->csr.len > 0 ? cs_blob_span(&asked->csr) : cs_blob_span(&message), hash);
	if (st == CS_OK && request_signed_for(row) &&
	    memcmp(hash, row->csr_hash, sizeof(hash)) != 0)
		return CS_E_PROOF;
	memcpy(row->csr_hash, hash, sizeof(hash));
	return st;
}

static enum cs_status
request_read(const struct cs_issue_job *job, struct cs_issue_row *row, struct asked *asked)
{
	const struct cs_issue_rule *rule = cs_issue_rule_find(row->kind);
	enum cs_status st;

	if (rule == NULL)
		return CS_E_CORRUPT;
	if (json_object_get(job->request, "cmp") != NULL)
		return rule->proof ? message_read(job, row, asked) : CS_E_ARGUMENTS;
	if (!cs_json_blob(job->request, "csr", CS_DER_MAX, &asked->csr))
		return CS_E_ARGUMENTS;
	st = cs_request_read(cs_blob_span(&asked->csr), &asked->request);
	if (st != CS_OK)
		return st;
	asked->key = X509_REQ_get0_pubkey(asked->request);
	if (rule->proof && !request_signed_for(row))
		return proof_check(job, row, cs_blob_span(&asked->csr));
	return operators_check(job, row, cs_blob_span(&asked->csr));
}

/* A draft with a serial number of its own, on the disk before the CA's key is used. */
static enum cs_status
draft_add(const struct cs_issue_job *job, const struct cs_issue_row *row, EVP_PKEY *key)
{
	struct cs_draft draft = {.subject = cs_blob_span(&row->subject),
				 .code = row->code,
				 .key = key,
				 .not_before = job->now - SLACK};
	CS_CERT_ROW cert = {.state = "draft", .changed = job->now};
	enum cs_status st = cs_issue_end(job, row, &draft.not_after);

	if (st != CS_OK || job->issuerd->upstream != NULL)
		return st;
	st = cs_draft_make(job->issuerd->authority, &draft, &cert.draft, cert.serial);
	memcpy(cert.order_id, row->order_id, sizeof(cert.order_id));
	memcpy(cert.spki_hash, row->spki_hash, sizeof(cert.spki_hash));
	cert.not_after = draft.not_after;
	if (st == CS_OK)
		st = cs_store_cert_add(job->issuerd->store, &cert);
	return st == CS_OK ? cs_issue_log(job, "draft", row->order_id, cert.serial) : st;
}

/* Another key than before: it counts from now on, and what others got is taken back. */
static enum cs_status
key_bind(const struct cs_issue_job *job, struct cs_issue_row *row, struct uk_span csr,
	 EVP_PKEY *key, const uint8_t spki[CS_HASH_LEN])
{
	enum cs_status st;

	if (strcmp(row->state, "confirmed") == 0 || row->requests >= CS_ISSUE_REQUESTS)
		return CS_E_STATE;
	memcpy(row->spki_hash, spki, CS_HASH_LEN);
	st = cs_blob_set(&row->csr, csr);
	memcpy(row->state, "issued", 7);
	row->requests++;
	row->changed = job->now;
	if (st == CS_OK)
		st = cs_store_issue_put(job->issuerd->store, row);
	if (st == CS_OK)
		st = cs_issue_take_others(job, row);
	return st == CS_OK ? draft_add(job, row, key) : st;
}

/* The request is accepted: one that came before gets what it got, another one takes its place. */
enum cs_status
cs_issue_request(struct cs_store *store, void *ctx)
{
	const struct cs_issue_job *job = ctx;
	const char *order = cs_json_word(job->request, "order", CS_ID_TEXT - 1);
	CS_ISSUE_ROW row = {.ver = 0};
	UK_CLEANUP(asked_clear) struct asked asked = {.key = NULL};
	uint8_t spki[CS_HASH_LEN];
	enum cs_status st = order != NULL ? cs_store_issue_get(store, order, &row) : CS_E_ARGUMENTS;

	if (st == CS_OK)
		st = request_read(job, &row, &asked);
	if (st == CS_OK)
		st = cs_spki_hash(asked.key, spki);
	if (st != CS_OK)
		return st;
	if (memcmp(spki, row.spki_hash, sizeof(spki)) == 0)
		return CS_OK;
	return key_bind(job, &row, cs_blob_span(&asked.csr), asked.key, spki);
}
