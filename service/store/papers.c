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

enum cs_status
cs_store_consent_find(struct cs_store *store, const char *order_id, const char *text_id,
		      const uint8_t form_hash[CS_HASH_LEN])
{
	static const char sql[] = "SELECT agreed FROM consents WHERE ca = $1 AND order_id = $2"
				  " AND text_id = $3 AND form_hash = $4 AND voided = 0";
	struct cs_statement ask =
		CS_STATEMENT(sql, NULL, NULL, cs_text(store->ca), cs_text(order_id),
			     cs_text(text_id), cs_bytes(uk_span_of(form_hash, CS_HASH_LEN)));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_consents_void(struct cs_store *store, const char *order_id, int64_t now)
{
	static const char sql[] = "UPDATE consents SET voided = $1"
				  " WHERE ca = $2 AND order_id = $3 AND voided = 0";

	return CS_EXECUTE(store, sql, NULL, cs_int(now), cs_text(store->ca), cs_text(order_id));
}
