/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/audit/audit.h"
#include "service/audit/chain.h"
#include "service/base/signed.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HASHED_MAX (64 + CS_CA_TEXT + CS_CHAIN_TEXT + 16 + CS_HASH_LEN + CS_AUDIT_BODY_MAX)

static void
put_number(struct uk_writer *out, int64_t number)
{
	uk_put_u32(out, UK_BIG_ENDIAN, (uint32_t)((uint64_t)number >> 32));
	uk_put_u32(out, UK_BIG_ENDIAN, (uint32_t)number);
}

static void
put_name(struct uk_writer *out, const char *name)
{
	uk_put(out, uk_span_of(name, strlen(name) + 1));
}

enum cs_status
cs_audit_hash(const char *ca, const struct cs_audit_row *row, uint8_t ret[CS_HASH_LEN])
{
	uint8_t hashed[HASHED_MAX];
	struct uk_writer out = uk_writer_of(hashed, sizeof(hashed));

	put_name(&out, "OpenUKey-audit-v1");
	put_name(&out, ca);
	put_name(&out, row->chain);
	put_number(&out, row->seq);
	put_number(&out, row->at);
	uk_put(&out, row->hash);
	uk_put(&out, row->body);
	if (out.overflow || row->hash.len != CS_HASH_LEN)
		return CS_E_CORRUPT;
	return cs_hash(uk_writer_span(&out), ret);
}

static bool
value_allowed(const char *value)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ._:-";

	return strspn(value, allowed) == strlen(value) && strlen(value) <= 128;
}

static enum cs_status
body_make(const struct cs_audit_pair *pairs, size_t pairs_len, struct uk_writer *out)
{
	for (size_t i = 0; i < pairs_len; i++) {
		if (!value_allowed(pairs[i].name) || !value_allowed(pairs[i].value))
			return CS_E_ARGUMENTS;
		uk_put(out, uk_span_str(pairs[i].name));
		uk_put(out, uk_span_str("="));
		uk_put(out, uk_span_str(pairs[i].value));
		uk_put(out, uk_span_str("\n"));
	}
	return out->overflow ? CS_E_TOO_LARGE : CS_OK;
}

struct addition {
	const char *chain;
	int64_t now;
	struct uk_span body;
};

static enum cs_status
add_body(struct cs_store *store, void *ctx)
{
	const struct addition *addition = ctx;
	struct cs_audit_head head;
	struct cs_audit_row row = {.chain = addition->chain, .at = addition->now};
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st = cs_store_audit_head(store, addition->chain, &head);

	if (st != CS_OK)
		return st;
	row.seq = head.seq + 1;
	row.body = addition->body;
	row.hash = uk_span_of(head.hash, CS_HASH_LEN);
	st = cs_audit_hash(cs_store_ca(store), &row, hash);
	if (st != CS_OK)
		return st;
	row.hash = uk_span_of(hash, CS_HASH_LEN);
	return cs_store_audit_add(store, &row);
}

enum cs_status
cs_audit_log(struct cs_store *store, const char *chain, int64_t now,
	     const struct cs_audit_pair *pairs, size_t pairs_len)
{
	uint8_t body[CS_AUDIT_BODY_MAX];
	struct uk_writer out = uk_writer_of(body, sizeof(body));
	struct addition addition = {.chain = chain, .now = now};
	enum cs_status st = body_make(pairs, pairs_len, &out);

	if (st != CS_OK)
		return st;
	addition.body = uk_writer_span(&out);
	if (cs_store_in_tx(store))
		return add_body(store, &addition);
	return cs_store_tx(store, add_body, &addition);
}

void
cs_text_add(struct cs_text *text, const char *format, ...)
{
	va_list args;
	int len;

	if (text->room - text->len < 256 && !text->failed) {
		char *room = realloc(text->ptr, text->room + 4096);

		text->failed = room == NULL;
		if (room == NULL)
			return;
		text->ptr = room;
		text->room += 4096;
	}
	if (text->failed)
		return;
	va_start(args, format);
	len = vsnprintf(text->ptr + text->len, text->room - text->len, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= text->room - text->len)
		text->failed = true;
	else
		text->len += (size_t)len;
}

void
cs_text_free(struct cs_text *text)
{
	free(text->ptr);
	*text = (struct cs_text){.ptr = NULL};
}

static enum cs_status
head_line(const struct cs_audit_head *head, void *ctx)
{
	char hash[CS_HASH_TEXT];

	cs_hex(uk_span_of(head->hash, CS_HASH_LEN), hash);
	cs_text_add(ctx, "%s %ld %s\n", head->chain, (long)head->seq, hash);
	return CS_OK;
}

struct signing {
	EVP_PKEY *key;
	int64_t now;
};

static enum cs_status
sign_body(struct cs_store *store, void *ctx)
{
	const struct signing *signing = ctx;
	UK_CLEANUP(cs_text_free) struct cs_text text = {.ptr = NULL};
	CS_BLOB signature = {NULL, 0};
	struct uk_span body;
	enum cs_status st;

	cs_text_add(&text, "openukey audit heads 1\nca %s\nat %ld\n", cs_store_ca(store),
		    (long)signing->now);
	st = cs_store_audit_heads(store, head_line, &text);
	if (st != CS_OK)
		return st;
	if (text.failed)
		return CS_E_MEMORY;
	body = uk_span_of(text.ptr, text.len);
	st = cs_sign(signing->key, CS_PURPOSE_AUDIT, body, &signature);
	if (st != CS_OK)
		return st;
	return cs_store_signed_add(store, signing->now, body, cs_blob_span(&signature));
}

enum cs_status
cs_audit_sign(struct cs_store *store, EVP_PKEY *key, int64_t now)
{
	struct signing signing = {key, now};

	return cs_store_tx(store, sign_body, &signing);
}
