/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/papers.h"

#include "service/store/engine.h"

enum cs_status
cs_store_consent_add(struct cs_store *store, const char *order_id, const struct cs_consent *consent,
		     int64_t now)
{
	static const char sql[] =
		"INSERT INTO consents (ca, order_id, text_id, version, text_hash, form_hash, "
		"agreed)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (ca, order_id, text_id, agreed)"
		" DO UPDATE SET version = excluded.version, text_hash = excluded.text_hash,"
		" form_hash = excluded.form_hash, voided = 0";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(order_id),
			  cs_text(consent->text_id), cs_text(consent->version),
			  cs_bytes(uk_span_of(consent->text_hash, CS_HASH_LEN)),
			  cs_bytes(uk_span_of(consent->form_hash, CS_HASH_LEN)), cs_int(now));
}

struct consent_list {
	cs_text_fn each;
	void *ctx;
};

static enum cs_status
consent_row(const struct cs_row *row, void *ctx)
{
	const struct consent_list *list = ctx;
	char text_id[CS_WORD_TEXT];

	cs_row_text(row, 0, text_id, sizeof(text_id));
	return list->each(text_id, list->ctx);
}

enum cs_status
cs_store_consents_each(struct cs_store *store, const char *order_id,
		       const uint8_t form_hash[CS_HASH_LEN], cs_text_fn each, void *ctx)
{
	static const char sql[] = "SELECT text_id FROM consents WHERE ca = $1 AND order_id = $2"
				  " AND form_hash = $3 AND voided = 0";
	struct consent_list list = {each, ctx};
	struct cs_statement ask =
		CS_STATEMENT(sql, consent_row, &list, cs_text(store->ca), cs_text(order_id),
			     cs_bytes(uk_span_of(form_hash, CS_HASH_LEN)));

	return cs_run(store, &ask);
}

enum cs_status
cs_store_consents_void(struct cs_store *store, const char *order_id, int64_t now)
{
	static const char sql[] = "UPDATE consents SET voided = $1"
				  " WHERE ca = $2 AND order_id = $3 AND voided = 0";

	return CS_EXECUTE(store, sql, NULL, cs_int(now), cs_text(store->ca), cs_text(order_id));
}

#define DOCUMENT_FIELDS "slot, hash, type, size, state, reason, uploaded"

enum cs_status
cs_store_document_put(struct cs_store *store, const char *order_id,
		      const struct cs_document *document)
{
	static const char sql[] =
		"INSERT INTO documents (ca, order_id, " DOCUMENT_FIELDS ")"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (ca, order_id, slot)"
		" DO UPDATE SET hash = excluded.hash, type = excluded.type, size = excluded.size,"
		" state = excluded.state, reason = excluded.reason, uploaded = excluded.uploaded";

	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(order_id),
			  cs_text(document->slot),
			  cs_bytes(uk_span_of(document->hash, CS_HASH_LEN)),
			  cs_text(document->type), cs_int(document->size), cs_text(document->state),
			  cs_text(document->reason), cs_int(document->uploaded));
}

static enum cs_status
document_read(const struct cs_row *row, struct cs_document *ret)
{
	cs_row_text(row, 0, ret->slot, sizeof(ret->slot));
	cs_row_text(row, 2, ret->type, sizeof(ret->type));
	ret->size = row->number(row->row, 3);
	cs_row_text(row, 4, ret->state, sizeof(ret->state));
	cs_row_text(row, 5, ret->reason, sizeof(ret->reason));
	ret->uploaded = row->number(row->row, 6);
	return cs_row_fixed(row, 1, ret->hash, CS_HASH_LEN);
}

static enum cs_status
document_row(const struct cs_row *row, void *ctx)
{
	return document_read(row, ctx);
}

enum cs_status
cs_store_document_get(struct cs_store *store, const char *order_id, const char *slot,
		      struct cs_document *ret)
{
	static const char sql[] = "SELECT " DOCUMENT_FIELDS " FROM documents"
				  " WHERE ca = $1 AND order_id = $2 AND slot = $3";
	struct cs_statement ask = CS_STATEMENT(sql, document_row, ret, cs_text(store->ca),
					       cs_text(order_id), cs_text(slot));

	return cs_fetch(store, &ask);
}

struct document_list {
	cs_document_fn each;
	void *ctx;
};

static enum cs_status
documents_row(const struct cs_row *row, void *ctx)
{
	const struct document_list *list = ctx;
	struct cs_document document = {.size = 0};
	enum cs_status st = document_read(row, &document);

	return st == CS_OK ? list->each(&document, list->ctx) : st;
}

enum cs_status
cs_store_documents(struct cs_store *store, const char *order_id, cs_document_fn each, void *ctx)
{
	static const char sql[] = "SELECT " DOCUMENT_FIELDS " FROM documents"
				  " WHERE ca = $1 AND order_id = $2 ORDER BY slot";
	struct document_list list = {each, ctx};
	struct cs_statement ask =
		CS_STATEMENT(sql, documents_row, &list, cs_text(store->ca), cs_text(order_id));
	enum cs_status st = cs_fetch(store, &ask);

	return st == CS_E_NOT_FOUND && ask.rows == 0 ? CS_OK : st;
}
