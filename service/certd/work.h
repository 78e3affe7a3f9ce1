/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the worker's files share. */
#ifndef CS_CERTD_WORK_H
#define CS_CERTD_WORK_H

#include "service/certd/certd.h"
#include "service/store/outbox.h"

struct cs_working {
	struct cs_desk *desk;
	const char *spool;
	int64_t now;
};

/*
 * What a letter of the outbox is about is done.  CS_E_NOT_FOUND, CS_E_CORRUPT, CS_E_DENIED: it
 * never will be; anything else that is not CS_OK: again later.
 */
#define CS_WORK(name)                                                    \
	UK_CHECKED enum cs_status name(const struct cs_working *working, \
				       const struct cs_letter *letter)

CS_WORK(cs_notice_work);  /* "order=ID", "words=NAME" */
CS_WORK(cs_query_work);   /* a grant's hash: the code for it */
CS_WORK(cs_handler_work); /* the same, to the legal representative */
CS_WORK(cs_refund_work);  /* an order's id, or "surplus/" and one */
CS_WORK(cs_invoice_work); /* an order's id */
CS_WORK(cs_chore_work);   /* "order=ID", "words=NAME": what the issuer is to do by itself */

/* Deletes what its time has come for. */
UK_CHECKED enum cs_status cs_forget_stale(const struct cs_working *working);

#endif
