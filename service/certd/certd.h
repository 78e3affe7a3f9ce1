/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-certd: orders over HTTP. It holds no key that a certificate or an unlock could come
 * from. */
#ifndef CS_CERTD_CERTD_H
#define CS_CERTD_CERTD_H

#include "service/approval/approval.h"
#include "service/certd/http.h"
#include "service/deliver/drivers.h"
#include "service/orders/order.h"
#include "service/orders/profile.h"
#include "service/papers/papers.h"
#include "service/store/audit.h"

#include <openssl/x509_vfy.h>

#define CS_ANCHORS_MAX 16

/* Certificates of CAs, set up so that SM2 chains verify. */
struct cs_anchors {
	X509_STORE *store;
	X509 *list[CS_ANCHORS_MAX];
	size_t len;
};
/* From a file of PEM certificates; CS_E_ARGUMENTS when there is none in it. */
UK_CHECKED enum cs_status cs_anchors_read(const char *path, struct cs_anchors *ret);
void cs_anchors_free(struct cs_anchors *anchors);

/* What all threads share; read-only once the service runs. */
struct cs_certd {
	const char *store, *ca, *node;
	const char *unlock_socket; /* of openukey-unlockd; NULL: no unlocking from afar */
	const char *issue_socket;  /* of openukey-issuerd; NULL: no certificates */
	struct cs_vault vault;
	struct cs_profile profile;
	struct cs_operators operators;
	json_t *identities;       /* the sandbox's: unit code -> what the provider knows */
	struct uk_secret pay_key; /* the sandbox provider signs its notices with it */
	const char *documents;    /* folder of sealed images; NULL: none are taken */
	char papers[CS_PAPERS_PROGRAM_TEXT];
	struct cs_anchors anchors; /* whose certificates are believed */
	struct cs_drivers drivers;
};

/* What a thread has for itself. */
struct cs_desk {
	const struct cs_certd *certd;
	struct cs_orders orders;
	char chain[CS_CHAIN_TEXT];
};

extern const struct cs_route cs_certd_routes[];
extern const size_t cs_certd_routes_len;

/* Opens a desk: a connection and a chain of the log. The caller closes. NULL: not now. */
struct cs_desk *cs_desk_open(const struct cs_certd *certd, const char *name);
void cs_desk_close(struct cs_desk *desk);

/* One round of what waits: deadlines, and the letters to people. spool: where those go. */
UK_CHECKED enum cs_status cs_work_round(struct cs_desk *desk, const char *spool, int64_t now);

/* One look at a spool folder: what has a driver is sent and deleted. */
UK_CHECKED enum cs_status cs_courier_round(const char *spool, const struct cs_drivers *drivers);

/* The code for a grant, as it is kept. */
UK_CHECKED enum cs_status cs_grant_code_mac(const struct cs_vault *vault,
					    const uint8_t grant[CS_HASH_LEN], const char *code,
					    uint8_t ret[CS_HASH_LEN]);

/* Money has come for the order: its payment, and the invoice that waits for it. In a transaction.
 */
UK_CHECKED enum cs_status cs_paid(struct cs_desk *desk, const char *order_id, int64_t now);
UK_CHECKED enum cs_status cs_invoice_due(struct cs_desk *desk, const char *order_id, int64_t now);

/* CS_E_STATE while an image is missing or was rejected, unless the papers came by post. */
UK_CHECKED enum cs_status cs_documents_complete(struct cs_desk *desk,
						const struct cs_order_row *row);
/* Appends what the owner sees of them; *ret_missing becomes true when one is to be sent. */
UK_CHECKED enum cs_status cs_documents_list(struct cs_desk *desk, const struct cs_order_row *row,
					    json_t *list, bool *ret_missing);
/* What a reviewer decided. In a transaction. */
UK_CHECKED enum cs_status cs_documents_reject(struct cs_desk *desk, const struct cs_order_row *row,
					      const json_t *slots, const char *reason);
UK_CHECKED enum cs_status cs_documents_accept(struct cs_desk *desk, const struct cs_order_row *row);
/* A JPEG with who, when and the order's number across it: reviewers get nothing else. */
UK_CHECKED enum cs_status cs_document_marked(struct cs_desk *desk, const struct cs_order_row *row,
					     const char *slot, const char *who,
					     struct cs_blob *ret);

#endif
