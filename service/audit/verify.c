/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/audit/audit.h"
#include "service/audit/chain.h"
#include "service/base/signed.h"

#include <stdio.h>
#include <string.h>

/* What some signed head says of a chain at a number. */
struct claim {
	char chain[CS_CHAIN_TEXT];
	int64_t seq;
	uint8_t hash[CS_HASH_LEN];
	bool met;
};

struct verify {
	struct cs_store *store;
	EVP_PKEY *key;
	struct cs_audit_fault fault;
	struct claim *claims;
	size_t claims_len;
	/* where the walk is */
	char chain[CS_CHAIN_TEXT];
	int64_t seq;
	uint8_t hash[CS_HASH_LEN];
};

static enum cs_status
wrong(struct verify *verify, const char *what, const char *chain, int64_t seq)
{
	if (verify->fault.text[0] == '\0')
		(void)snprintf(verify->fault.text, sizeof(verify->fault.text),
			       "%s: chain %s, entry %ld", what, chain, (long)seq);
	return CS_E_CORRUPT;
}

static enum cs_status
claim_add(struct verify *verify, const struct claim *claim)
{
	struct claim *room =
		reallocarray(verify->claims, verify->claims_len + 1, sizeof(*verify->claims));

	if (room == NULL)
		return CS_E_MEMORY;
	verify->claims = room;
	verify->claims[verify->claims_len++] = *claim;
	return CS_OK;
}

/* One line of signed heads: chain, number, hash. */
static enum cs_status
claim_read(struct verify *verify, char *line)
{
	struct claim claim = {.met = false};
	char *rest = line, *end;
	const char *chain = strsep(&rest, " "), *seq = strsep(&rest, " ");

	if (seq == NULL || rest == NULL || strlen(chain) >= CS_CHAIN_TEXT)
		return wrong(verify, "a signed head cannot be read", "?", 0);
	memcpy(claim.chain, chain, strlen(chain) + 1);
	claim.seq = strtoll(seq, &end, 10);
	if (*end != '\0' || !cs_hex_read(rest, claim.hash, CS_HASH_LEN))
		return wrong(verify, "a signed head cannot be read", claim.chain, claim.seq);
	return claim_add(verify, &claim);
}

/* Checks the signature, then notes what the text claims. */
static enum cs_status
heads_read(struct verify *verify, struct uk_span body, struct uk_span signature)
{
	CS_BLOB copy = {NULL, 0};
	char *rest, *line, first[CS_CA_TEXT + 32];
	enum cs_status st = cs_verify(verify->key, CS_PURPOSE_AUDIT, body, signature);

	if (st == CS_E_PROOF)
		return wrong(verify, "a signed head has a bad signature", "-", 0);
	if (st == CS_OK)
		st = cs_blob_set(&copy, body);
	if (st != CS_OK)
		return st;
	verify->fault.heads++;
	rest = (char *)copy.ptr;
	(void)strsep(&rest, "\n");
	(void)snprintf(first, sizeof(first), "ca %s", cs_store_ca(verify->store));
	line = strsep(&rest, "\n");
	if (line == NULL || strcmp(line, first) != 0)
		return wrong(verify, "a signed head is another authority's", "-", 0);
	(void)strsep(&rest, "\n");
	while (st == CS_OK && (line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			st = claim_read(verify, line);
	return st;
}

static enum cs_status
signed_one(int64_t at, struct uk_span body, struct uk_span signature, void *ctx)
{
	return heads_read(ctx, body, signature);
}

static void
claims_meet(struct verify *verify)
{
	for (size_t i = 0; i < verify->claims_len; i++) {
		struct claim *claim = &verify->claims[i];

		if (claim->seq == verify->seq && strcmp(claim->chain, verify->chain) == 0)
			claim->met = memcmp(claim->hash, verify->hash, CS_HASH_LEN) == 0;
	}
}

static enum cs_status
entry_check(const struct cs_audit_row *row, void *ctx)
{
	struct verify *verify = ctx;
	struct cs_audit_row again = *row;
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st;

	if (strcmp(row->chain, verify->chain) != 0) {
		(void)snprintf(verify->chain, sizeof(verify->chain), "%s", row->chain);
		verify->seq = 0;
		memcpy(verify->hash, (const uint8_t[CS_HASH_LEN]){0}, CS_HASH_LEN);
	}
	if (row->seq != verify->seq + 1)
		return wrong(verify, "an entry is missing", row->chain, verify->seq + 1);
	again.hash = uk_span_of(verify->hash, CS_HASH_LEN);
	st = cs_audit_hash(cs_store_ca(verify->store), &again, hash);
	if (st != CS_OK || !uk_span_equal(row->hash, uk_span_of(hash, CS_HASH_LEN)))
		return wrong(verify, "an entry was changed", row->chain, row->seq);
	memcpy(verify->hash, hash, CS_HASH_LEN);
	verify->seq = row->seq;
	verify->fault.entries++;
	claims_meet(verify);
	return CS_OK;
}

/* The heads as they are stored are claims too: entries cut off at the end are found by them. */
static enum cs_status
head_claim(const struct cs_audit_head *head, void *ctx)
{
	struct claim claim = {.seq = head->seq, .met = false};

	memcpy(claim.chain, head->chain, sizeof(claim.chain));
	memcpy(claim.hash, head->hash, sizeof(claim.hash));
	return claim_add(ctx, &claim);
}

/* An exported head: the signature in hex on the first line, then the body. */
static enum cs_status
exported_read(struct verify *verify, struct uk_span exported)
{
	struct uk_span line, body = exported, signature;
	CS_BLOB hex = {NULL, 0}, bytes = {NULL, 0};
	const uint8_t *end = exported.len > 0 ? memchr(exported.ptr, '\n', exported.len) : NULL;
	uint8_t newline;
	enum cs_status st;

	if (end == NULL || !uk_take(&body, (size_t)(end - exported.ptr), &line) ||
	    !uk_take_u8(&body, &newline))
		return wrong(verify, "the exported head cannot be read", "-", 0);
	st = cs_blob_set(&hex, line);
	if (st == CS_OK)
		st = cs_blob_room(&bytes, line.len / 2);
	if (st != CS_OK)
		return st;
	if (!cs_hex_read((const char *)hex.ptr, bytes.ptr, bytes.len))
		return wrong(verify, "the exported head cannot be read", "-", 0);
	signature = cs_blob_span(&bytes);
	return heads_read(verify, body, signature);
}

static enum cs_status
verify_body(struct cs_store *store, void *ctx)
{
	struct verify *verify = ctx;
	enum cs_status st = cs_store_audit_heads(store, head_claim, verify);

	if (st == CS_OK)
		st = cs_store_signed_each(store, signed_one, verify);
	if (st == CS_OK)
		st = cs_store_audit_each(store, entry_check, verify);
	for (size_t i = 0; i < verify->claims_len && st == CS_OK; i++)
		if (!verify->claims[i].met)
			st = wrong(verify, "the chain is not the one whose head was kept",
				   verify->claims[i].chain, verify->claims[i].seq);
	return st;
}

enum cs_status
cs_audit_verify(struct cs_store *store, EVP_PKEY *key, struct uk_span exported,
		struct cs_audit_fault *ret_fault)
{
	struct verify verify = {.store = store, .key = key};
	enum cs_status st = CS_OK;

	if (exported.len > 0)
		st = exported_read(&verify, exported);
	if (st == CS_OK)
		st = cs_store_view(store, verify_body, &verify);
	free(verify.claims);
	*ret_fault = verify.fault;
	return st;
}

struct newest {
	struct cs_blob body, signature;
};

static enum cs_status
newest_take(int64_t at, struct uk_span body, struct uk_span signature, void *ctx)
{
	struct newest *newest = ctx;
	enum cs_status st = cs_blob_set(&newest->body, body);

	return st == CS_OK ? cs_blob_set(&newest->signature, signature) : st;
}

enum cs_status
cs_audit_export(struct cs_store *store, struct cs_blob *ret)
{
	struct newest newest = {{NULL, 0}, {NULL, 0}};
	enum cs_status st = cs_store_signed_each(store, newest_take, &newest);
	size_t hex_len = 2 * newest.signature.len;

	if (st == CS_OK && newest.body.len == 0)
		st = CS_E_NOT_FOUND;
	if (st == CS_OK)
		st = cs_blob_room(ret, hex_len + 1 + newest.body.len);
	if (st == CS_OK) {
		cs_hex(cs_blob_span(&newest.signature), (char *)ret->ptr);
		ret->ptr[hex_len] = '\n';
		memcpy(ret->ptr + hex_len + 1, newest.body.ptr, newest.body.len);
	}
	cs_blob_free(&newest.body);
	cs_blob_free(&newest.signature);
	return st;
}
