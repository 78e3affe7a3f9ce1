/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this folder share. */
#ifndef CS_ISSUE_INSIDE_H
#define CS_ISSUE_INSIDE_H

#include "service/base/signed.h"
#include "service/issue/issue.h"
#include "service/pki/cert.h"
#include "service/store/revocations.h"

#define CS_DER_MAX   8192
#define CS_BODY_ROOM 4096
#define CS_PROOF_MAX 512
#define CS_PEOPLE    2

/* What each kind of order issues. */
struct cs_issue_rule {
	enum cs_kind kind;
	bool old;      /* there is an old certificate */
	bool proof;    /* its key signs for the new one; otherwise operators sign for the request */
	bool keep_end; /* S7, S8: the end stays */
	bool lost;     /* the old one may be suspended, and is revoked with the approval (S8) */
	int reason;    /* why the old one is revoked; 0: it is left to expire */
};
/* NULL: such orders issue nothing. */
const struct cs_issue_rule *cs_issue_rule_find(const char *kind);

struct cs_issue_job {
	struct cs_issuerd *issuerd;
	const json_t *request;
	json_t *answer;
	int64_t now;
};

enum cs_status cs_issue_prepare(struct cs_store *store, void *job);
enum cs_status cs_issue_request(struct cs_store *store, void *job);
enum cs_status cs_issue_confirm(struct cs_store *store, void *job);
enum cs_status cs_issue_revoke(struct cs_store *store, void *job);
enum cs_status cs_issue_suspend(struct cs_store *store, void *job);
enum cs_status cs_issue_release(struct cs_store *store, void *job);
enum cs_status cs_issue_held(struct cs_store *store, void *job);
/* These ask other processes too, and open their transactions themselves. */
UK_CHECKED enum cs_status cs_issue_result(struct cs_issue_job *job);
UK_CHECKED enum cs_status cs_issue_recover(struct cs_issue_job *job);

UK_CHECKED enum cs_status cs_issue_log(const struct cs_issue_job *job, const char *event,
				       const char *order_id, const char *serial);
/* SHA-256 in hex; "-" for nothing. */
UK_CHECKED enum cs_status cs_issue_hash_text(struct uk_span bytes, char ret[CS_HASH_TEXT]);
/* Two operators have signed the lines. */
UK_CHECKED enum cs_status cs_issue_approved(const struct cs_issue_job *job, const char *body);

/* The old certificate is one of ours and, unless by this very order, not revoked. */
UK_CHECKED enum cs_status cs_issue_old(const struct cs_issue_job *job,
				       const struct cs_issue_row *row, X509 **ret);
/* S5: computed at the time of issue. */
UK_CHECKED enum cs_status cs_issue_end(const struct cs_issue_job *job,
				       const struct cs_issue_row *row, int64_t *ret);

/* The certificate for encryption that goes with the one for signing; CS_E_NOT_FOUND: none. */
UK_CHECKED enum cs_status cs_issue_pair(const struct cs_issue_job *job,
					const struct cs_issue_row *row,
					const struct cs_cert_row *cert, struct cs_cert_row *ret);
/* Somebody else's CA issues for the request that counts; stored. */
UK_CHECKED enum cs_status cs_issue_upstream(const struct cs_issue_job *job,
					    const struct cs_issue_row *row);
/* It is signed and stored as good, and an answer about it is to be published. */
UK_CHECKED enum cs_status cs_issue_good(const struct cs_issue_job *job, struct cs_cert_row *cert);

/* The amount that was paid, proved by whom it was paid to; only where the kind costs money. */
UK_CHECKED enum cs_status cs_issue_paid(const struct cs_issue_job *job,
					const struct cs_issue_row *row, int64_t paid);

/* CS_E_REVOKED: it was stopped or taken back before anybody confirmed it. */
UK_CHECKED enum cs_status cs_issue_stands(const struct cs_issue_job *job,
					  const struct cs_cert_row *cert);

/* What is done to a certificate, and why. */
struct cs_taking {
	const char *order_id;
	const char *state; /* revoked, held */
	int64_t reason, at;
};
/* One certificate; what was revoked before stays so. */
UK_CHECKED enum cs_status cs_issue_take(const struct cs_issue_job *job, const char *serial,
					int64_t not_after, const struct cs_taking *taking);
/* The order's old certificate and the one for encryption that goes with it. */
UK_CHECKED enum cs_status cs_issue_take_old(const struct cs_issue_job *job,
					    const struct cs_issue_row *row, int64_t at);
/* Every certificate of the order but that key's. */
UK_CHECKED enum cs_status cs_issue_take_others(const struct cs_issue_job *job,
					       const struct cs_issue_row *row);

#endif
