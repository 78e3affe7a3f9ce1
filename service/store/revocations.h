/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What openukey-issuerd has taken back, and what it publishes about it. */
#ifndef CS_STORE_REVOCATIONS_H
#define CS_STORE_REVOCATIONS_H

#include "service/store/issues.h"

struct cs_revocation_row {
	char serial[CS_SERIAL_TEXT];
	char order_id[CS_ID_TEXT];
	char state[CS_WORD_TEXT]; /* revoked; held: until it is released */
	int64_t reason;           /* CRLReason of RFC 5280 */
	int64_t at, not_after;    /* from when on; the certificate's end */
};

/* CS_E_NOT_FOUND: nothing was done to it. */
UK_CHECKED enum cs_status cs_store_revocation_get(struct cs_store *store, const char *serial,
						  struct cs_revocation_row *ret);
/* In place of what there was. */
UK_CHECKED enum cs_status cs_store_revocation_put(struct cs_store *store,
						  const struct cs_revocation_row *row);
/* A held one is no longer. */
UK_CHECKED enum cs_status cs_store_revocation_lift(struct cs_store *store, const char *serial);

/* Those in force at that time, of certificates that have not ended by then. */
typedef enum cs_status (*cs_revocation_fn)(const struct cs_revocation_row *row, void *ctx);
UK_CHECKED enum cs_status cs_store_revocations(struct cs_store *store, int64_t now,
					       cs_revocation_fn each, void *ctx);

/* Those that an order has suspended. */
UK_CHECKED enum cs_status cs_store_held_by(struct cs_store *store, const char *order_id,
					   cs_revocation_fn each, void *ctx);

/* The answer about that certificate is to be made at `due`. */
UK_CHECKED enum cs_status cs_store_answer_due(struct cs_store *store, const char *serial,
					      int64_t due, int64_t not_after);
struct cs_answer_row {
	char serial[CS_SERIAL_TEXT];
	int64_t due, not_after;
};
/* At most `most` of those that are due, of certificates that have not ended; how many. */
UK_CHECKED enum cs_status cs_store_answers(struct cs_store *store, int64_t now,
					   struct cs_answer_row *ret, size_t most,
					   size_t *ret_count);
/* It was made; not when it became due anew in the meantime. */
UK_CHECKED enum cs_status cs_store_answer_made(struct cs_store *store,
					       const struct cs_answer_row *row, int64_t due);

/* A number that only grows. */
UK_CHECKED enum cs_status cs_store_count(struct cs_store *store, const char *name, int64_t *ret);
UK_CHECKED enum cs_status cs_store_counter(struct cs_store *store, const char *name, int64_t *ret);

/* CS_E_EXISTS: that payment has paid for another order. */
UK_CHECKED enum cs_status cs_store_receipt_add(struct cs_store *store, const char *provider,
					       const char *reference, const char *order_id,
					       int64_t now);

#endif
