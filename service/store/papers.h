/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person agreed to, and the papers that were uploaded. */
#ifndef CS_STORE_PAPERS_H
#define CS_STORE_PAPERS_H

#include "service/store/orders.h"

struct cs_consent {
	const char *text_id, *version;  /* of the profile's text */
	uint8_t text_hash[CS_HASH_LEN]; /* of the words as they were shown */
	uint8_t form_hash[CS_HASH_LEN]; /* of the form as it was then */
};

UK_CHECKED enum cs_status cs_store_consent_add(struct cs_store *store, const char *order_id,
					       const struct cs_consent *consent, int64_t now);
/* The texts that were agreed to for that form, and have not been voided. */
typedef enum cs_status (*cs_text_fn)(const char *text_id, void *ctx);
UK_CHECKED enum cs_status cs_store_consents_each(struct cs_store *store, const char *order_id,
						 const uint8_t form_hash[CS_HASH_LEN],
						 cs_text_fn each, void *ctx);
UK_CHECKED enum cs_status cs_store_consents_void(struct cs_store *store, const char *order_id,
						 int64_t now);

#define CS_REASON_TEXT 97
#define CS_SLOT_TEXT   33

/* An image that was uploaded for one of the profile's slots; the image itself is a file. */
struct cs_document {
	char slot[CS_SLOT_TEXT];
	uint8_t hash[CS_HASH_LEN];   /* of the sealed file, whose name it is */
	char type[CS_WORD_TEXT];     /* as it was uploaded: gif, jpeg, png */
	int64_t size;                /* of the image as it is kept, bytes */
	char state[CS_WORD_TEXT];    /* new, rejected, accepted */
	char reason[CS_REASON_TEXT]; /* why it was rejected; no personal data */
	int64_t uploaded;
};

/* In place of what was there for that slot. */
UK_CHECKED enum cs_status cs_store_document_put(struct cs_store *store, const char *order_id,
						const struct cs_document *document);
/* CS_E_NOT_FOUND */
UK_CHECKED enum cs_status cs_store_document_get(struct cs_store *store, const char *order_id,
						const char *slot, struct cs_document *ret);
typedef enum cs_status (*cs_document_fn)(const struct cs_document *document, void *ctx);
UK_CHECKED enum cs_status cs_store_documents(struct cs_store *store, const char *order_id,
					     cs_document_fn each, void *ctx);
#endif
