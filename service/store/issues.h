/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of openukey-issuerd: what was approved, and every certificate. */
#ifndef CS_STORE_ISSUES_H
#define CS_STORE_ISSUES_H

#include "service/store/orders.h"

#define CS_SERIAL_TEXT 41

struct cs_issue_row {
	char order_id[CS_ID_TEXT];
	char kind[CS_WORD_TEXT], state[CS_WORD_TEXT]; /* ready, issued, confirmed */
	int64_t ver;
	char key_sn[CS_SN_TEXT];
	struct cs_blob subject; /* DER of the name */
	char code[CS_SN_TEXT];  /* the unit's */
	int64_t years;
	struct cs_blob old_cert;        /* DER; empty: there is none */
	uint8_t spki_hash[CS_HASH_LEN]; /* of the request that counts */
	int64_t requests, changed;
	struct cs_blob csr;            /* that counts; DER */
	uint8_t csr_hash[CS_HASH_LEN]; /* the only one that operators approved; zeros: not yet */
};

static inline void
cs_issue_row_clear(struct cs_issue_row *row)
{
	cs_blob_free(&row->subject);
	cs_blob_free(&row->old_cert);
	cs_blob_free(&row->csr);
}

#define CS_ISSUE_ROW UK_CLEANUP(cs_issue_row_clear) struct cs_issue_row

/* CS_E_EXISTS */
UK_CHECKED enum cs_status cs_store_issue_add(struct cs_store *store,
					     const struct cs_issue_row *row);
UK_CHECKED enum cs_status cs_store_issue_get(struct cs_store *store, const char *order_id,
					     struct cs_issue_row *ret);
/* State, key, request, count; compare-and-swap by ver. */
UK_CHECKED enum cs_status cs_store_issue_put(struct cs_store *store, struct cs_issue_row *row);
/* The old certificates that orders for that key were about. */
typedef enum cs_status (*cs_der_fn)(struct uk_span der, void *ctx);
UK_CHECKED enum cs_status cs_store_old_certs(struct cs_store *store, const char *key_sn,
					     cs_der_fn each, void *ctx);

struct cs_cert_row {
	char serial[CS_SERIAL_TEXT];
	char order_id[CS_ID_TEXT];
	uint8_t spki_hash[CS_HASH_LEN];
	char state[CS_WORD_TEXT]; /* draft, good, confirmed, revoked */
	int64_t ver, not_after, changed;
	struct cs_blob draft, cert;
	char pair[CS_SERIAL_TEXT]; /* for encryption: the serial of the one for signing; else "" */
	struct cs_blob envelope, wrapped;
};

static inline void
cs_cert_row_clear(struct cs_cert_row *row)
{
	cs_blob_free(&row->draft);
	cs_blob_free(&row->cert);
	cs_blob_free(&row->envelope);
	cs_blob_free(&row->wrapped);
}

#define CS_CERT_ROW UK_CLEANUP(cs_cert_row_clear) struct cs_cert_row

/* CS_E_EXISTS: the order has one for that key. */
UK_CHECKED enum cs_status cs_store_cert_add(struct cs_store *store, const struct cs_cert_row *row);
UK_CHECKED enum cs_status cs_store_cert_of(struct cs_store *store, const char *order_id,
					   const uint8_t spki_hash[CS_HASH_LEN],
					   struct cs_cert_row *ret);
UK_CHECKED enum cs_status cs_store_cert_by_serial(struct cs_store *store, const char *serial,
						  struct cs_cert_row *ret);
/* State and certificate; compare-and-swap by ver. */
UK_CHECKED enum cs_status cs_store_cert_put(struct cs_store *store, struct cs_cert_row *row);
/* The one for encryption that goes with a signing certificate of the order. */
UK_CHECKED enum cs_status cs_store_cert_pair(struct cs_store *store, const char *order_id,
					     const char *serial, struct cs_cert_row *ret);
/* Those that are not revoked: of an order except for that key (NULL: all), or on a key. */
typedef enum cs_status (*cs_cert_fn)(const struct cs_cert_row *row, void *ctx);
UK_CHECKED enum cs_status cs_store_certs_others(struct cs_store *store, const char *order_id,
						const uint8_t spki_hash[CS_HASH_LEN],
						cs_cert_fn each, void *ctx);
UK_CHECKED enum cs_status cs_store_certs_on(struct cs_store *store, const char *key_sn,
					    cs_cert_fn each, void *ctx);

#endif
