/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images that belong to an order: taken, looked at by a reviewer, asked for again. */
#include "service/certd/api.h"

#include "service/papers/papers.h"
#include "service/papers/sniff.h"
#include "service/store/outbox.h"
#include "service/store/papers.h"

#include <stdio.h>
#include <string.h>

#define WORDS_ROOM    160
#define BUCKET_ROOM   64
#define UPLOADS_A_DAY 60

/* Until the review, and again when something is to be put right. */
static const char *const open_states[] = {"docs",          "consented", "wait-pay",
					  "wait-transfer", "paid",      "correct"};

static bool
uploads_open(const struct cs_order_row *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(open_states); i++)
		if (strcmp(row->state, open_states[i]) == 0)
			return true;
	return false;
}

static const json_t *
slot_find(const struct cs_desk *desk, const char *kind, const char *slot)
{
	const json_t *slots = cs_profile_documents(&desk->certd->profile, kind);

	for (size_t i = 0; i < json_array_size(slots); i++) {
		const char *name =
			json_string_value(json_object_get(json_array_get(slots, i), "slot"));

		if (name != NULL && strcmp(name, slot) == 0)
			return json_array_get(slots, i);
	}
	return NULL;
}

/* Before a single byte of the image is taken. */
enum cs_status
cs_api_document_admit(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st != CS_OK)
		return st;
	if (desk->certd->documents == NULL)
		return CS_E_UNAVAILABLE;
	if (slot_find(desk, row.kind, http->parts[1]) == NULL)
		return CS_E_NOT_FOUND;
	return uploads_open(&row) ? CS_OK : CS_E_STATE;
}

struct uploading {
	const char *order_id;
	struct cs_document document, old;
	bool replaced;
};

static enum cs_status
upload_body(struct cs_store *store, void *ctx)
{
	struct uploading *uploading = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_store_order_get(store, uploading->order_id, &row);

	/* It may have gone on to the review while the image was looked at. */
	if (st == CS_OK && !uploads_open(&row))
		st = CS_E_STATE;
	if (st != CS_OK)
		return st;
	st = cs_store_document_get(store, row.id, uploading->document.slot, &uploading->old);
	uploading->replaced = st == CS_OK;
	if (st != CS_OK && st != CS_E_NOT_FOUND)
		return st;
	return cs_store_document_put(store, row.id, &uploading->document);
}

/* What is no longer referred to need not stay; if it does, it goes with the person's key. */
static enum cs_status
upload_keep(struct cs_desk *desk, const struct cs_order_row *row, struct uk_span image,
	    struct uploading *uploading)
{
	const char *folder = desk->certd->documents;
	CS_PERSON person = {.id = ""};
	enum cs_status st =
		cs_person_load(desk->orders.vault, desk->orders.store, row->person, &person);

	if (st == CS_OK)
		st = cs_paper_keep(folder, &person, image, uploading->document.hash);
	if (st != CS_OK)
		return st;
	st = cs_store_tx(desk->orders.store, upload_body, uploading);
	if (st != CS_OK)
		(void)!cs_paper_drop(folder, uploading->document.hash);
	else if (uploading->replaced)
		(void)!cs_paper_drop(folder, uploading->old.hash);
	return st;
}

static enum cs_status
uploads_limit(struct cs_desk *desk, const char *order_id)
{
	char bucket[BUCKET_ROOM];
	const struct cs_limit limit = {bucket, UPLOADS_A_DAY, CS_DAY};

	(void)snprintf(bucket, sizeof(bucket), "upload/%s", order_id);
	return cs_store_limit(desk->orders.store, &limit, cs_now());
}

enum cs_status
cs_api_document(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	enum cs_image_type type = cs_image_sniff(http->body);
	CS_ORDER_ROW row = {.ver = 0};
	CS_BLOB image = {NULL, 0};
	struct uploading uploading = {.document = {.state = "new", .uploaded = cs_now()}};
	struct cs_document *document = &uploading.document;
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK)
		st = cs_api_document_admit(ctx, http, answer);
	if (st == CS_OK && http->body.len > CS_IMAGE_BYTES_MAX)
		st = CS_E_TOO_LARGE;
	if (st == CS_OK && type == CS_IMAGE_NONE)
		st = CS_E_ARGUMENTS;
	if (st == CS_OK)
		st = uploads_limit(desk, row.id);
	if (st == CS_OK)
		st = cs_papers_run(desk->certd->papers, "image", http->body, &image);
	if (st != CS_OK)
		return st;
	uploading.order_id = row.id;
	(void)snprintf(document->slot, sizeof(document->slot), "%.32s", http->parts[1]);
	(void)snprintf(document->type, sizeof(document->type), "%s", cs_image_word(type));
	document->size = (int64_t)image.len;
	st = upload_keep(desk, &row, cs_blob_span(&image), &uploading);
	if (st == CS_OK &&
	    (json_object_set_new(answer, "slot", json_string(document->slot)) != 0 ||
	     json_object_set_new(answer, "state", json_string(document->state)) != 0 ||
	     json_object_set_new(answer, "type", json_string(document->type)) != 0 ||
	     json_object_set_new(answer, "size", json_integer(document->size)) != 0))
		st = CS_E_MEMORY;
	return st;
}

enum cs_status
cs_documents_list(struct cs_desk *desk, const struct cs_order_row *row, json_t *list,
		  bool *ret_missing)
{
	const json_t *slots = cs_profile_documents(&desk->certd->profile, row->kind);

	for (size_t i = 0; i < json_array_size(slots); i++) {
		const json_t *slot = json_array_get(slots, i);
		const char *name = json_string_value(json_object_get(slot, "slot"));
		const char *title = json_string_value(json_object_get(slot, "title"));
		struct cs_document document = {.state = "missing"};
		enum cs_status st =
			cs_store_document_get(desk->orders.store, row->id, name, &document);
		json_t *shown;

		if (st != CS_OK && st != CS_E_NOT_FOUND)
			return st;
		if (st == CS_E_NOT_FOUND || strcmp(document.state, "rejected") == 0)
			*ret_missing = true;
		shown = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "slot", name, "title",
				  title != NULL ? title : name, "state", document.state, "reason",
				  document.reason, "type", document.type, "size",
				  (json_int_t)document.size);
		if (json_array_append_new(list, shown) != 0)
			return CS_E_MEMORY;
	}
	return CS_OK;
}

enum cs_status
cs_documents_complete(struct cs_desk *desk, const struct cs_order_row *row)
{
	CS_JSON *list = json_array();
	bool missing = false;
	enum cs_status st = cs_documents_list(desk, row, list, &missing);

	if (row->paper != 0 || st != CS_OK)
		return st;
	return missing ? CS_E_STATE : CS_OK;
}

static enum cs_status
judge_one(struct cs_desk *desk, const struct cs_order_row *row, const char *slot, const char *state,
	  const char *reason)
{
	struct cs_document document = {.state = ""};
	enum cs_status st = cs_store_document_get(desk->orders.store, row->id, slot, &document);

	if (st != CS_OK)
		return st == CS_E_NOT_FOUND ? CS_E_ARGUMENTS : st;
	(void)snprintf(document.state, sizeof(document.state), "%s", state);
	(void)snprintf(document.reason, sizeof(document.reason), "%s", reason);
	return cs_store_document_put(desk->orders.store, row->id, &document);
}

enum cs_status
cs_documents_reject(struct cs_desk *desk, const struct cs_order_row *row, const json_t *slots,
		    const char *reason)
{
	enum cs_status st = CS_OK;

	for (size_t i = 0; i < json_array_size(slots) && st == CS_OK; i++) {
		const char *slot = json_string_value(json_array_get(slots, i));

		st = slot != NULL ? judge_one(desk, row, slot, "rejected", reason) : CS_E_ARGUMENTS;
	}
	return st;
}

enum cs_status
cs_documents_accept(struct cs_desk *desk, const struct cs_order_row *row)
{
	const json_t *slots = cs_profile_documents(&desk->certd->profile, row->kind);
	enum cs_status st = CS_OK;

	for (size_t i = 0; i < json_array_size(slots) && st == CS_OK; i++) {
		const json_t *slot = json_object_get(json_array_get(slots, i), "slot");

		st = judge_one(desk, row, json_string_value(slot), "accepted", "");
		if (st == CS_E_ARGUMENTS) /* came by post */
			st = CS_OK;
	}
	return st;
}

/* A length (big-endian), the image, the words: what openukey-papers mark reads. */
static enum cs_status
mark(const struct cs_desk *desk, struct uk_span image, const char *words, struct cs_blob *ret)
{
	CS_BLOB in = {NULL, 0};
	struct uk_writer out;
	enum cs_status st = cs_blob_room(&in, 4 + image.len + strlen(words));

	if (st != CS_OK)
		return st;
	out = uk_writer_of(in.ptr, in.len);
	uk_put_u32(&out, UK_BIG_ENDIAN, (uint32_t)image.len);
	uk_put(&out, image);
	uk_put(&out, uk_span_str(words));
	return cs_papers_run(desk->certd->papers, "mark", uk_writer_span(&out), ret);
}

enum cs_status
cs_document_marked(struct cs_desk *desk, const struct cs_order_row *row, const char *slot,
		   const char *who, struct cs_blob *ret)
{
	struct cs_document document = {.state = ""};
	CS_PERSON person = {.id = ""};
	CS_BLOB image = {NULL, 0};
	char words[WORDS_ROOM], when[CS_TIME_TEXT];
	enum cs_status st = desk->certd->documents != NULL ? CS_OK : CS_E_UNAVAILABLE;

	if (st == CS_OK)
		st = cs_store_document_get(desk->orders.store, row->id, slot, &document);
	if (st == CS_OK)
		st = cs_person_load(desk->orders.vault, desk->orders.store, row->person, &person);
	if (st == CS_OK)
		st = cs_paper_open(desk->certd->documents, &person, document.hash, &image);
	if (st != CS_OK)
		return st;
	cs_time_text(cs_now(), when);
	(void)snprintf(words, sizeof(words), "仅供审核 %s %s %s", row->number, who, when);
	return mark(desk, cs_blob_span(&image), words, ret);
}
