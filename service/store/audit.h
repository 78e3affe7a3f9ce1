/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the log and of the keys that persons' data is sealed with. */
#ifndef CS_STORE_AUDIT_H
#define CS_STORE_AUDIT_H

#include "service/base/blob.h"
#include "service/base/random.h"
#include "service/store/store.h"

#define CS_CHAIN_TEXT 33

struct cs_audit_head {
	char chain[CS_CHAIN_TEXT];
	int64_t seq; /* of the last entry; 0: none */
	uint8_t hash[CS_HASH_LEN];
};

struct cs_audit_row {
	const char *chain;
	int64_t seq, at;
	struct uk_span body, hash;
};

/* An unknown chain has seq 0 and a hash of zeros. */
UK_CHECKED enum cs_status cs_store_audit_head(struct cs_store *store, const char *chain,
					      struct cs_audit_head *ret);
/* Adds the entry and moves the head from seq - 1; CS_E_BUSY when somebody was faster. */
UK_CHECKED enum cs_status cs_store_audit_add(struct cs_store *store,
					     const struct cs_audit_row *row);

typedef enum cs_status (*cs_audit_fn)(const struct cs_audit_row *row, void *ctx);
/* Sorted by chain and number. */
UK_CHECKED enum cs_status cs_store_audit_each(struct cs_store *store, cs_audit_fn each, void *ctx);
typedef enum cs_status (*cs_head_fn)(const struct cs_audit_head *head, void *ctx);
UK_CHECKED enum cs_status cs_store_audit_heads(struct cs_store *store, cs_head_fn each, void *ctx);

UK_CHECKED enum cs_status cs_store_signed_add(struct cs_store *store, int64_t at,
					      struct uk_span body, struct uk_span signature);
typedef enum cs_status (*cs_signed_fn)(int64_t at, struct uk_span body, struct uk_span signature,
				       void *ctx);
UK_CHECKED enum cs_status cs_store_signed_each(struct cs_store *store, cs_signed_fn each,
					       void *ctx);

UK_CHECKED enum cs_status cs_store_person_add(struct cs_store *store, const char *id,
					      struct uk_span sealed_key, int64_t now);
UK_CHECKED enum cs_status cs_store_person_get(struct cs_store *store, const char *id,
					      struct cs_blob *ret_sealed_key);
/* CS_E_NOT_FOUND when there is none, or no longer. */
UK_CHECKED enum cs_status cs_store_person_erase(struct cs_store *store, const char *id);

#endif
