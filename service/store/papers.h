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
/* CS_E_NOT_FOUND when that text was not agreed to for that form, or it has been voided. */
UK_CHECKED enum cs_status cs_store_consent_find(struct cs_store *store, const char *order_id,
						const char *text_id,
						const uint8_t form_hash[CS_HASH_LEN]);
UK_CHECKED enum cs_status cs_store_consents_void(struct cs_store *store, const char *order_id,
						 int64_t now);

#endif
