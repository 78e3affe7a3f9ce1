/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What openukey-issuerd does, behind its socket.  It trusts nothing that another process says: what
 * is to be issued two operators have signed, the old certificate is one of its own, the request is
 * proved by the new key and by the old one, or operators have signed for that too.
 */
#ifndef CS_ISSUE_ISSUE_H
#define CS_ISSUE_ISSUE_H

#include "service/approval/approval.h"
#include "service/issue/authority.h"
#include "service/issue/upstream.h"
#include "service/orders/rules.h"
#include "service/store/issues.h"
#include "service/wire/server.h"

#define CS_ISSUE_REQUESTS  5   /* that supersede one another */
#define CS_SUSPENSIONS_MAX 500 /* a day that nobody signed for */

struct cs_issuerd {
	struct cs_store *store;
	const struct cs_authority *authority;
	const struct cs_operators *operators;
	const struct cs_terms *terms;
	const char *kmc_socket; /* of openukey-kmcd; NULL: certificates for signing only */
	const char
		*payments; /* folder of the providers' keys; NULL: the operators' word is enough */
	int64_t supersede_days; /* a renewed certificate is revoked so many days later; < 0: it ends
				 */
	const struct cs_upstream_driver *upstream; /* NULL: the CA is ours */
	void *upstream_ctx;
	const char *chain;
	int64_t (*clock)(void);
};

/* {"op": ...}; the ops are in service/issue/README.md. */
json_t *cs_issue_answer(void *issuerd, const json_t *request, uid_t peer);

#endif
