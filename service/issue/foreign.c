/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates that somebody else's CA makes for our orders: looked at before they are passed on.
 */
#include "service/issue/inside.h"

#include <stdio.h>
#include <string.h>

#define ID_ROOM (CS_ID_TEXT + 20)

struct foreign {
	const struct cs_issue_job *job;
	const struct cs_issue_row *row;
	struct cs_upstream_result got;
	struct cs_cert_row sign, enc;
};

static void
foreign_clear(struct foreign *foreign)
{
	cs_upstream_result_clear(&foreign->got);
	cs_cert_row_clear(&foreign->sign);
	cs_cert_row_clear(&foreign->enc);
}

static enum cs_status
row_fill(const struct foreign *foreign, struct uk_span der, X509 **ret_cert,
	 struct cs_cert_row *ret)
{
	EVP_PKEY *key;
	enum cs_status st = cs_own_cert_read(foreign->job->issuerd->authority->cert, der, ret_cert);

	if (st != CS_OK)
		return CS_E_PROOF;
	key = X509_get0_pubkey(*ret_cert);
	st = cs_cert_serial(*ret_cert, ret->serial, sizeof(ret->serial));
	if (st == CS_OK)
		st = cs_cert_end(*ret_cert, &ret->not_after);
	if (st == CS_OK)
		st = key != NULL ? cs_spki_hash(key, ret->spki_hash) : CS_E_PROOF;
	if (st == CS_OK)
		st = cs_blob_set(&ret->cert, der);
	memcpy(ret->order_id, foreign->row->order_id, sizeof(ret->order_id));
	memcpy(ret->state, "good", 5);
	ret->changed = foreign->job->now;
	return st;
}

/* It is the CA's, for the key of the request and for signing; the other one for encryption. */
static enum cs_status
result_check(struct foreign *foreign)
{
	const struct cs_upstream_result *got = &foreign->got;
	CS_X509 *sign = NULL, *enc = NULL;
	enum cs_status st = row_fill(foreign, cs_blob_span(&got->sign_cert), &sign, &foreign->sign);

	if (st == CS_OK &&
	    (memcmp(foreign->sign.spki_hash, foreign->row->spki_hash, CS_HASH_LEN) != 0 ||
	     !cs_cert_signs(sign)))
		st = CS_E_PROOF;
	if (st != CS_OK || got->enc_cert.len == 0)
		return st;
	st = row_fill(foreign, cs_blob_span(&got->enc_cert), &enc, &foreign->enc);
	if (st == CS_OK && (!cs_cert_encrypts(enc) || got->envelope.len == 0))
		st = CS_E_PROOF;
	memcpy(foreign->enc.pair, foreign->sign.serial, sizeof(foreign->enc.pair));
	if (st == CS_OK)
		st = cs_blob_set(&foreign->enc.envelope, cs_blob_span(&got->envelope));
	return st == CS_OK ? cs_blob_set(&foreign->enc.wrapped, cs_blob_span(&got->wrapped)) : st;
}

static enum cs_status
foreign_body(struct cs_store *store, void *ctx)
{
	const struct foreign *foreign = ctx;
	CS_ISSUE_ROW row = {.ver = 0};
	enum cs_status st = cs_store_issue_get(store, foreign->row->order_id, &row);

	/* Superseded while the CA was asked: another answer is waited for. */
	if (st == CS_OK && memcmp(row.spki_hash, foreign->row->spki_hash, CS_HASH_LEN) != 0)
		return CS_E_CHANGED;
	if (st == CS_OK)
		st = cs_store_cert_add(store, &foreign->sign);
	if (st == CS_OK && foreign->enc.cert.len > 0)
		st = cs_store_cert_add(store, &foreign->enc);
	return st == CS_OK ? cs_issue_log(foreign->job, "upstream", foreign->sign.order_id,
					  foreign->sign.serial)
			   : st;
}

enum cs_status
cs_issue_upstream(const struct cs_issue_job *job, const struct cs_issue_row *row)
{
	const struct cs_issuerd *issuerd = job->issuerd;
	UK_CLEANUP(foreign_clear) struct foreign foreign = {.job = job, .row = row};
	char id[ID_ROOM], key[17];
	struct cs_upstream_job ask = {.id = id,
				      .kind = row->kind,
				      .key_sn = row->key_sn,
				      .code = row->code,
				      .years = row->years,
				      .subject = cs_blob_span(&row->subject),
				      .csr = cs_blob_span(&row->csr),
				      .old_cert = cs_blob_span(&row->old_cert)};
	enum cs_status st = cs_issue_end(job, row, &ask.not_after);

	cs_hex(uk_span_of(row->spki_hash, 8), key);
	(void)snprintf(id, sizeof(id), "%s-%s", row->order_id, key);
	if (st == CS_OK)
		st = issuerd->upstream->issue(issuerd->upstream_ctx, &ask, &foreign.got);
	if (st == CS_OK)
		st = result_check(&foreign);
	return st == CS_OK ? cs_store_tx(issuerd->store, foreign_body, &foreign) : st;
}
