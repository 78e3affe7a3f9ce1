/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of openukey-kmcd: pairs of encryption keys, whom they were made for, and who recovered one.
 */
#ifndef CS_STORE_PAIRS_H
#define CS_STORE_PAIRS_H

#include "service/store/orders.h"

struct cs_pair_row {
	uint8_t public_hash[CS_HASH_LEN]; /* of the SubjectPublicKeyInfo */
	uint8_t signer_hash[CS_HASH_LEN]; /* of the signing key it is for; a spare one: its own */
	char order_id[CS_ID_TEXT];
	char alg[CS_WORD_TEXT];   /* sm2, rsa */
	char state[CS_WORD_TEXT]; /* spare, given */
	int64_t ver, made;
	struct cs_blob spki;
	struct cs_blob sealed; /* PKCS #8 under the HSM's key */
	struct cs_blob envelope, wrapped;
};

static inline void
cs_pair_row_clear(struct cs_pair_row *row)
{
	cs_blob_free(&row->spki);
	cs_blob_free(&row->sealed);
	cs_blob_free(&row->envelope);
	cs_blob_free(&row->wrapped);
}

#define CS_PAIR_ROW UK_CLEANUP(cs_pair_row_clear) struct cs_pair_row

/* CS_E_EXISTS: there is one for that order and signing key. */
UK_CHECKED enum cs_status cs_store_pair_add(struct cs_store *store, const struct cs_pair_row *row);
/* The pair that was given to an order's signing key. */
UK_CHECKED enum cs_status cs_store_pair_of(struct cs_store *store, const char *order_id,
					   const uint8_t signer_hash[CS_HASH_LEN],
					   struct cs_pair_row *ret);
UK_CHECKED enum cs_status cs_store_pair_get(struct cs_store *store,
					    const uint8_t public_hash[CS_HASH_LEN],
					    struct cs_pair_row *ret);
/* One that waits; CS_E_NOT_FOUND. */
UK_CHECKED enum cs_status cs_store_pair_spare(struct cs_store *store, const char *alg,
					      struct cs_pair_row *ret);
UK_CHECKED enum cs_status cs_store_pair_spares(struct cs_store *store, const char *alg,
					       int64_t *ret_count);
/* A spare one is given: order, signing key, state, envelope; compare-and-swap by ver. */
UK_CHECKED enum cs_status cs_store_pair_give(struct cs_store *store, struct cs_pair_row *row);

struct cs_recovery_row {
	uint8_t public_hash[CS_HASH_LEN], signer_hash[CS_HASH_LEN];
	char order_id[CS_ID_TEXT];
	int64_t at;
	struct cs_blob envelope, wrapped;
};

static inline void
cs_recovery_row_clear(struct cs_recovery_row *row)
{
	cs_blob_free(&row->envelope);
	cs_blob_free(&row->wrapped);
}

#define CS_RECOVERY_ROW UK_CLEANUP(cs_recovery_row_clear) struct cs_recovery_row

/* CS_E_EXISTS: that pair was recovered to that signing key before. */
UK_CHECKED enum cs_status cs_store_recovery_add(struct cs_store *store,
						const struct cs_recovery_row *row);
UK_CHECKED enum cs_status cs_store_recovery_get(struct cs_store *store,
						const uint8_t public_hash[CS_HASH_LEN],
						const uint8_t signer_hash[CS_HASH_LEN],
						struct cs_recovery_row *ret);

#endif
