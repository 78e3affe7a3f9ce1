/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/kmc/inside.h"

#include "service/audit/audit.h"
#include "service/base/clock.h"

#include <string.h>

#define SLACK (5 * CS_MINUTE) /* between the clocks of two machines */

enum cs_status
cs_kmc_log(const struct cs_kmcd *kmcd, const char *event, const char *order_id,
	   const uint8_t public_hash[CS_HASH_LEN])
{
	char hash[CS_HASH_TEXT];
	const struct cs_audit_pair pairs[] = {
		{"event", event}, {"order", order_id}, {"public", hash}};

	cs_hex(uk_span_of(public_hash, CS_HASH_LEN), hash);
	return cs_audit_log(kmcd->store, kmcd->chain, kmcd->clock(), pairs, ARRAY_SIZE(pairs));
}

enum cs_status
cs_kmc_signer(const struct cs_kmcd *kmcd, const json_t *request, X509 **ret)
{
	CS_BLOB der = {NULL, 0};
	CS_X509 *cert = NULL;
	int64_t begin = 0, end = 0, now = kmcd->clock();
	enum cs_status st;

	if (!cs_json_blob(request, "cert", CS_KMC_DER_MAX, &der))
		return CS_E_ARGUMENTS;
	st = cs_own_cert_read(kmcd->ca, cs_blob_span(&der), &cert);
	if (st == CS_OK)
		st = cs_cert_begin(cert, &begin);
	if (st == CS_OK)
		st = cs_cert_end(cert, &end);
	if (st != CS_OK)
		return st;
	if (!cs_cert_signs(cert) || begin > now + SLACK || end < now ||
	    !cs_key_good(X509_get0_pubkey(cert)))
		return CS_E_PROOF;
	*ret = cert;
	cert = NULL;
	return CS_OK;
}

enum cs_status
cs_kmc_put(json_t *answer, struct uk_span envelope, struct uk_span wrapped)
{
	if (!cs_json_put_hex(answer, "envelope", envelope) ||
	    (wrapped.len > 0 && !cs_json_put_hex(answer, "wrapped_key", wrapped)))
		return CS_E_MEMORY;
	return CS_OK;
}

struct giving {
	struct cs_kmcd *kmcd;
	struct cs_pair_row *row;
	bool spare;
};

static enum cs_status
give_body(struct cs_store *store, void *ctx)
{
	const struct giving *giving = ctx;
	struct cs_pair_row *row = giving->row;
	int64_t ver = row->ver;
	enum cs_status st =
		giving->spare ? cs_store_pair_give(store, row) : cs_store_pair_add(store, row);

	row->ver = ver; /* the transaction may be run again */
	return st == CS_OK ? cs_kmc_log(giving->kmcd, "give", row->order_id, row->public_hash) : st;
}

/* A pair for the order's signing key: one that lies ready, or a new one. */
static enum cs_status
pair_give(struct cs_kmcd *kmcd, const char *order, EVP_PKEY *signer, struct cs_pair_row *row)
{
	const char *alg = cs_kmc_alg(signer);
	struct giving giving = {kmcd, row, true};
	CS_ENVELOPE envelope = {.sealed = {NULL, 0}};
	enum cs_status st =
		alg != NULL ? cs_store_pair_spare(kmcd->store, alg, row) : CS_E_ARGUMENTS;

	if (st == CS_E_NOT_FOUND) {
		giving.spare = false;
		st = cs_kmc_pair_make(kmcd, alg, row);
	}
	if (st == CS_OK)
		st = cs_kmc_pair_close(kmcd, row, signer, &envelope);
	if (st == CS_OK)
		st = cs_spki_hash(signer, row->signer_hash);
	if (st != CS_OK)
		return st;
	memcpy(row->order_id, order, strlen(order) + 1);
	memcpy(row->state, "given", 6);
	row->envelope = envelope.sealed;
	row->wrapped = envelope.wrapped;
	envelope = (struct cs_envelope){.sealed = {NULL, 0}};
	return cs_store_tx(kmcd->store, give_body, &giving);
}

/* One pair for each signing key of an order, however often and by how many it is asked for. */
enum cs_status
cs_kmc_envelope(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_kmcd *kmcd = ctx;
	const char *order = cs_json_word(request, "order", CS_ID_TEXT - 1);
	CS_X509 *cert = NULL;
	uint8_t signer[CS_HASH_LEN];
	enum cs_status st;

	if (order == NULL || order[0] == '\0')
		return CS_E_ARGUMENTS;
	st = cs_kmc_signer(kmcd, request, &cert);
	if (st == CS_OK)
		st = cs_spki_hash(X509_get0_pubkey(cert), signer);
	if (st != CS_OK)
		return st;
	for (int attempt = 0; attempt < 5; attempt++) {
		CS_PAIR_ROW row = {.ver = 0}, made = {.ver = 0};

		st = cs_store_pair_of(kmcd->store, order, signer, &row);
		if (st == CS_OK && !cs_json_put_hex(answer, "public", cs_blob_span(&row.spki)))
			return CS_E_MEMORY;
		if (st == CS_OK)
			return cs_kmc_put(answer, cs_blob_span(&row.envelope),
					  cs_blob_span(&row.wrapped));
		if (st == CS_E_NOT_FOUND)
			st = pair_give(kmcd, order, X509_get0_pubkey(cert), &made);
		/* Another node gave this one, or took the spare. */
		if (st != CS_OK && st != CS_E_EXISTS && st != CS_E_CHANGED)
			return st;
	}
	return CS_E_BUSY;
}

enum cs_status
cs_kmc_tick(struct cs_kmcd *kmcd)
{
	CS_PAIR_ROW row = {.ver = 0};
	int64_t count = 0;
	enum cs_status st;

	if (kmcd->spares == 0)
		return CS_OK;
	st = cs_store_pair_spares(kmcd->store, "rsa", &count);
	if (st != CS_OK || count >= kmcd->spares)
		return st;
	st = cs_kmc_pair_make(kmcd, "rsa", &row);
	return st == CS_OK ? cs_store_pair_add(kmcd->store, &row) : st;
}

json_t *
cs_kmc_answer(void *kmcd, const json_t *request, uid_t peer)
{
	static const struct cs_op ops[] = {
		{"envelope", cs_kmc_envelope},
		{"recover", cs_kmc_recover},
	};

	return cs_dispatch(ops, ARRAY_SIZE(ops), kmcd, request);
}
