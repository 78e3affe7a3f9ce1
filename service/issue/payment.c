/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * That money came: the provider's own words with the provider's own signature, passed on as they
 * came, or a bank transfer that the operators signed for by its reference.
 */
#include "service/issue/inside.h"

#include "service/base/daemon.h"
#include "service/receipts/receipts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM 512

/* The bytes that are signed: "timestamp", a newline and the body, as the provider sent it. */
struct notice {
	char provider[CS_WORD_TEXT], stamp[CS_NOTICE_STAMP_TEXT];
	struct cs_blob body, signature, signed_bytes;
};

static void
notice_clear(struct notice *notice)
{
	cs_blob_free(&notice->body);
	cs_blob_free(&notice->signature);
	cs_blob_free(&notice->signed_bytes);
}

static enum cs_status
notice_read(const json_t *json, struct notice *ret)
{
	const char *provider = cs_json_word(json, "provider", CS_WORD_TEXT - 1);
	const char *stamp = cs_json_word(json, "timestamp", CS_NOTICE_STAMP_TEXT - 1);
	const char *body = cs_json_text(json, "body", CS_NOTICE_MAX);
	struct uk_writer out;
	enum cs_status st;

	/* The name becomes part of a path. */
	if (provider == NULL || provider[0] == '\0' || strchr(provider, '.') != NULL ||
	    stamp == NULL || body == NULL ||
	    !cs_json_blob(json, "signature", CS_PROOF_MAX, &ret->signature))
		return CS_E_PROOF;
	memcpy(ret->provider, provider, strlen(provider) + 1);
	memcpy(ret->stamp, stamp, strlen(stamp) + 1);
	st = cs_blob_set(&ret->body, uk_span_str(body));
	if (st == CS_OK)
		st = cs_blob_room(&ret->signed_bytes, strlen(stamp) + 1 + strlen(body));
	if (st != CS_OK)
		return st;
	out = uk_writer_of(ret->signed_bytes.ptr, ret->signed_bytes.len);
	uk_put(&out, uk_span_str(stamp));
	uk_put_u8(&out, '\n');
	uk_put(&out, uk_span_str(body));
	return CS_OK;
}

static void
pkey_drop(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static enum cs_status
public_check(const char *path, const struct notice *notice)
{
	UK_CLEANUP(pkey_drop) EVP_PKEY *key = cs_public_key_read(path);

	if (key == NULL)
		return CS_E_UNAVAILABLE;
	return cs_verify_sha256(key, cs_blob_span(&notice->signed_bytes),
				cs_blob_span(&notice->signature));
}

/* The sandbox's: whoever can check it can make it. For rehearsals. */
static enum cs_status
shared_check(const char *path, const struct notice *notice)
{
	UK_SECRET key = {.len = 0};
	uint8_t mac[CS_HASH_LEN];
	enum cs_status st = cs_daemon_secret(path, &key);

	if (st == CS_OK)
		st = cs_hmac(uk_secret_peek(&key), cs_blob_span(&notice->signed_bytes), mac);
	if (st != CS_OK)
		return st;
	return cs_equal_secret(uk_span_of(mac, sizeof(mac)), cs_blob_span(&notice->signature))
		       ? CS_OK
		       : CS_E_PROOF;
}

/* What a notice in our own form says. */
static enum cs_status
body_read(const struct notice *notice, struct cs_receipt *ret)
{
	CS_JSON *body = cs_json_read(cs_blob_span(&notice->body));
	const char *reference = cs_json_word(body, "reference", sizeof(ret->reference) - 1);

	if (reference == NULL || reference[0] == '\0' ||
	    !cs_json_number(body, "amount", &ret->amount))
		return CS_E_PROOF;
	memcpy(ret->reference, reference, strlen(reference) + 1);
	return CS_OK;
}

/* By the provider's rules (receipts/README.md), its public key, or a key that is shared with it. */
static enum cs_status
notice_check(const char *folder, const struct notice *notice, struct cs_receipt *ret)
{
	const struct cs_notice_told told = {notice->stamp, cs_blob_span(&notice->signature),
					    cs_blob_span(&notice->body)};
	char path[PATH_ROOM];
	enum cs_status st;

	(void)snprintf(path, sizeof(path), "%s/%s.json", folder, notice->provider);
	if (access(path, F_OK) == 0) {
		st = cs_receipt_read(path, &told, ret);
		return st == CS_E_STATE ? CS_E_PROOF : st;
	}
	(void)snprintf(path, sizeof(path), "%s/%s.pem", folder, notice->provider);
	if (access(path, F_OK) == 0) {
		st = public_check(path, notice);
	} else {
		(void)snprintf(path, sizeof(path), "%s/%s.key", folder, notice->provider);
		st = access(path, F_OK) == 0 ? shared_check(path, notice) : CS_E_PROOF;
	}
	return st == CS_OK ? body_read(notice, ret) : st;
}

/* What has paid for one order proves nothing for another. */
static enum cs_status
receipt_use(const struct cs_issue_job *job, const struct cs_issue_row *row, const char *provider,
	    const char *reference)
{
	enum cs_status st = cs_store_receipt_add(job->issuerd->store, provider, reference,
						 row->order_id, job->now);

	return st == CS_E_EXISTS ? CS_E_PROOF : st;
}

enum cs_status
cs_issue_paid(const struct cs_issue_job *job, const struct cs_issue_row *row, int64_t paid)
{
	const struct cs_issue_rule *rule = cs_issue_rule_find(row->kind);
	const char *transfer = cs_json_word(job->request, "transfer", 64);
	UK_CLEANUP(notice_clear) struct notice notice = {.provider = ""};
	struct cs_receipt receipt = {.amount = 0};
	int64_t price;
	enum cs_status st;

	if (rule == NULL || job->issuerd->payments == NULL)
		return CS_OK;
	price = cs_price(job->issuerd->terms, rule->kind, (int)row->years);
	if (price == 0)
		return CS_OK;
	if (paid < price)
		return CS_E_PROOF;
	if (transfer != NULL && transfer[0] != '\0')
		return receipt_use(job, row, "transfer", transfer);
	st = notice_read(json_object_get(job->request, "payment"), &notice);
	if (st == CS_OK)
		st = notice_check(job->issuerd->payments, &notice, &receipt);
	if (st == CS_OK && receipt.amount < price)
		st = CS_E_PROOF;
	return st == CS_OK ? receipt_use(job, row, notice.provider, receipt.reference) : st;
}
