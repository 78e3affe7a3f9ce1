/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-certd: orders over HTTP. It holds no key that a certificate or an unlock could come
 * from. */
#ifndef CS_CERTD_CERTD_H
#define CS_CERTD_CERTD_H

#include "service/approval/approval.h"
#include "service/certd/http.h"
#include "service/orders/order.h"
#include "service/orders/profile.h"
#include "service/store/audit.h"

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

/* The code of a query, as it is kept. */
UK_CHECKED enum cs_status cs_query_code_mac(const struct cs_vault *vault,
					    const uint8_t grant[CS_HASH_LEN], const char *code,
					    uint8_t ret[CS_HASH_LEN]);

#endif
