/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The certificates of the request that counts, signed now if they were not yet.  First the one for
 * signing: with it the key centre is shown whom the pair for encryption is for.
 */
#include "service/issue/inside.h"

#include "service/wire/client.h"

#include <string.h>

#define KMC_MS   5000
#define SPKI_MAX 2048

struct result {
	struct cs_issue_job *job;
	struct cs_issue_row row;
	struct cs_cert_row cert, enc;
	struct cs_blob public; /* of the pair for encryption: SubjectPublicKeyInfo */
	bool has_enc, wants_enc;
};

static void
result_clear(struct result *result)
{
	cs_issue_row_clear(&result->row);
	cs_cert_row_clear(&result->cert);
	cs_cert_row_clear(&result->enc);
	cs_blob_free(&result->public);
}

enum cs_status
cs_issue_good(const struct cs_issue_job *job, struct cs_cert_row *cert)
{
	struct cs_store *store = job->issuerd->store;
	enum cs_status st =
		cs_authority_sign(job->issuerd->authority, cs_blob_span(&cert->draft), &cert->cert);

	memcpy(cert->state, "good", 5);
	cert->changed = job->now;
	if (st == CS_OK)
		st = cs_store_cert_put(store, cert);
	if (st == CS_OK)
		st = cs_store_answer_due(store, cert->serial, job->now, cert->not_after);
	return st == CS_OK ? cs_issue_log(job, "sign", cert->order_id, cert->serial) : st;
}

enum cs_status
cs_issue_pair(const struct cs_issue_job *job, const struct cs_issue_row *row,
	      const struct cs_cert_row *cert, struct cs_cert_row *ret)
{
	return cs_store_cert_pair(job->issuerd->store, row->order_id, cert->serial, ret);
}

/* The order's certificate for signing, and the one for encryption if there is one already. */
static enum cs_status
signing_body(struct cs_store *store, void *ctx)
{
	struct result *result = ctx;
	const struct cs_issue_job *job = result->job;
	const char *order = cs_json_word(job->request, "order", CS_ID_TEXT - 1);
	enum cs_status st;

	result_clear(result); /* it may be run again */
	st = order != NULL ? cs_store_issue_get(store, order, &result->row) : CS_E_ARGUMENTS;
	if (st == CS_OK && strcmp(result->row.state, "ready") == 0)
		return CS_E_STATE;
	if (st == CS_OK)
		st = cs_store_cert_of(store, result->row.order_id, result->row.spki_hash,
				      &result->cert);
	if (st == CS_OK && strcmp(result->cert.state, "revoked") == 0)
		return CS_E_REVOKED;
	if (st == CS_OK)
		st = cs_issue_stands(job, &result->cert);
	if (st == CS_OK && strcmp(result->cert.state, "draft") == 0)
		st = cs_issue_good(job, &result->cert);
	if (st != CS_OK)
		return st;
	st = cs_issue_pair(job, &result->row, &result->cert, &result->enc);
	result->has_enc = st == CS_OK;
	if (st == CS_OK && strcmp(result->enc.state, "draft") == 0)
		st = cs_issue_good(job, &result->enc);
	return st == CS_E_NOT_FOUND ? CS_OK : st;
}

/* ---- the key centre ---- */

/* The pair is the order's and the signing key's: the same one however often it is asked for. */
static enum cs_status
pair_ask(struct result *result)
{
	json_t *question = json_pack("{s:s, s:s}", "op", "envelope", "order", result->row.order_id);
	CS_JSON *answer = NULL;
	enum cs_status st = CS_E_MEMORY;

	if (cs_json_put_hex(question, "cert", cs_blob_span(&result->cert.cert)))
		st = cs_ask(result->job->issuerd->kmc_socket, question, KMC_MS, &answer);
	else
		json_decref(question);
	if (st != CS_OK)
		return CS_E_UNAVAILABLE;
	if (!cs_json_blob(answer, "public", SPKI_MAX, &result->public) ||
	    !cs_json_blob(answer, "envelope", CS_DER_MAX, &result->enc.envelope) ||
	    (json_object_get(answer, "wrapped_key") != NULL &&
	     !cs_json_blob(answer, "wrapped_key", CS_DER_MAX, &result->enc.wrapped)))
		return CS_E_UNAVAILABLE;
	return CS_OK;
}

static void
pkey_drop(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static enum cs_status
enc_draft(struct result *result)
{
	const struct cs_issue_job *job = result->job;
	const unsigned char *at = result->public.ptr;
	UK_CLEANUP(pkey_drop)
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)result->public.len);
	struct cs_draft draft = {.subject = cs_blob_span(&result->row.subject),
				 .code = result->row.code,
				 .key = key,
				 .encrypts = true,
				 .not_after = result->cert.not_after};
	struct cs_cert_row *enc = &result->enc;
	CS_X509 *sign = NULL;
	enum cs_status st = cs_key_good(key) ? CS_OK : CS_E_UNAVAILABLE;

	if (st == CS_OK)
		st = cs_cert_read(cs_blob_span(&result->cert.cert), &sign);
	if (st == CS_OK)
		st = cs_cert_begin(sign, &draft.not_before);
	if (st == CS_OK)
		st = cs_draft_make(job->issuerd->authority, &draft, &enc->draft, enc->serial);
	if (st == CS_OK)
		st = cs_spki_hash(key, enc->spki_hash);
	memcpy(enc->order_id, result->row.order_id, sizeof(enc->order_id));
	memcpy(enc->pair, result->cert.serial, sizeof(enc->pair));
	memcpy(enc->state, "draft", 6);
	enc->not_after = result->cert.not_after;
	enc->changed = job->now;
	return st;
}

/* Stored, unless another request has taken the place of this one while the key centre was asked. */
static enum cs_status
enc_body(struct cs_store *store, void *ctx)
{
	const struct result *result = ctx;
	CS_CERT_ROW cert = {.ver = 0};
	enum cs_status st = cs_store_cert_by_serial(store, result->cert.serial, &cert);

	if (st == CS_OK && strcmp(cert.state, "revoked") == 0)
		return CS_E_REVOKED;
	if (st == CS_OK)
		st = cs_store_cert_add(store, &result->enc);
	return st == CS_OK ? cs_issue_log(result->job, "draft-enc", result->enc.order_id,
					  result->enc.serial)
			   : st;
}

static enum cs_status
encrypt(struct result *result)
{
	enum cs_status st = pair_ask(result);

	if (st == CS_OK)
		st = enc_draft(result);
	if (st == CS_OK)
		st = cs_store_tx(result->job->issuerd->store, enc_body, result);
	/* Another node was faster: its draft counts. Either way it is signed now. */
	if (st == CS_OK || st == CS_E_EXISTS)
		st = cs_store_tx(result->job->issuerd->store, signing_body, result);
	return st == CS_OK && !result->has_enc ? CS_E_INTERNAL : st;
}

static enum cs_status
answer_put(const struct result *result)
{
	json_t *answer = result->job->answer;

	if (!cs_json_put_hex(answer, "sign_cert", cs_blob_span(&result->cert.cert)) ||
	    json_object_set(answer, "chain", result->job->issuerd->authority->chain) != 0)
		return CS_E_MEMORY;
	if (!result->has_enc)
		return CS_OK;
	if (!cs_json_put_hex(answer, "enc_cert", cs_blob_span(&result->enc.cert)) ||
	    !cs_json_put_hex(answer, "envelope", cs_blob_span(&result->enc.envelope)) ||
	    (result->enc.wrapped.len > 0 &&
	     !cs_json_put_hex(answer, "wrapped_key", cs_blob_span(&result->enc.wrapped))))
		return CS_E_MEMORY;
	return CS_OK;
}

enum cs_status
cs_issue_result(struct cs_issue_job *job)
{
	UK_CLEANUP(result_clear) struct result result = {.job = job};
	const struct cs_issuerd *issuerd = job->issuerd;
	enum cs_status st = cs_store_tx(issuerd->store, signing_body, &result);

	if (st == CS_E_NOT_FOUND && issuerd->upstream != NULL && result.row.csr.len > 0) {
		st = cs_issue_upstream(job, &result.row);
		if (st == CS_OK || st == CS_E_EXISTS)
			st = cs_store_tx(issuerd->store, signing_body, &result);
	}
	/* One that was confirmed without has to do without. */
	if (st == CS_OK && !result.has_enc && issuerd->kmc_socket != NULL &&
	    issuerd->upstream == NULL && strcmp(result.row.state, "issued") == 0)
		st = encrypt(&result);
	return st == CS_OK ? answer_put(&result) : st;
}

/* The key centre looks at everything again; from here comes what the CA certified on the token. */
enum cs_status
cs_issue_recover(struct cs_issue_job *job)
{
	static const char *const members[] = {"order",     "enc_cert",  "to", "notify",
					      "signature", "approvals", NULL};
	UK_CLEANUP(result_clear) struct result result = {.job = job};
	json_t *question = json_pack("{s:s}", "op", "recover");
	json_t *got = NULL;
	enum cs_status st = cs_store_tx(job->issuerd->store, signing_body, &result);

	for (size_t i = 0; st == CS_OK && members[i] != NULL; i++) {
		json_t *member = json_object_get(job->request, members[i]);

		if (member != NULL)
			(void)json_object_set(question, members[i], member);
	}
	if (st == CS_OK && job->issuerd->kmc_socket == NULL)
		st = CS_E_UNAVAILABLE;
	/* The token that the certificate was made for, by our own record. */
	if (st == CS_OK &&
	    (!cs_json_put_hex(question, "cert", cs_blob_span(&result.cert.cert)) ||
	     json_object_set_new(question, "sn", json_string(result.row.key_sn)) != 0))
		st = CS_E_MEMORY;
	if (st != CS_OK) {
		json_decref(question);
		return st;
	}
	st = cs_ask(job->issuerd->kmc_socket, question, KMC_MS, &got);
	if (st == CS_OK) {
		st = json_object_update(job->answer, got) == 0 ? CS_OK : CS_E_MEMORY;
		json_decref(got);
	}
	return st;
}
