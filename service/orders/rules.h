/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CA's rules that are not about states: validity, order of need. Pure. */
#ifndef CS_ORDERS_RULES_H
#define CS_ORDERS_RULES_H

#include "service/base/clock.h"
#include "service/orders/flow.h"

#define CS_TERMS_MAX 8

/* What differs between CAs; from the CA's profile. */
struct cs_terms {
	int64_t offset;               /* of the CA's local time from UTC, seconds */
	int renew_before;             /* days before the end at which renewal opens */
	int renew_after;              /* days after the end at which it is over */
	int years[CS_TERMS_MAX];      /* lifetimes offered; 0 ends the list */
	int64_t price[CS_KIND_COUNT]; /* cents, for one year or for the thing itself */
};

/* The last second of the local day. */
int64_t cs_day_end(struct cs_date date, int64_t offset);

/*
 * S5: the end of a renewed certificate. Valid until and including old_end: that day some years
 * later; expired: the day of issue (now) some years later; always 23:59:59 local time, 29 February
 * becoming 28.  CS_E_ARGUMENTS for a term the CA does not offer.
 */
UK_CHECKED enum cs_status cs_renewed_end(const struct cs_terms *terms, int64_t old_end, int64_t now,
					 int years, int64_t *ret);
/* The end of a new certificate; replacement and change keep the old end (S7, S8). */
UK_CHECKED enum cs_status cs_new_end(const struct cs_terms *terms, int64_t now, int years,
				     int64_t *ret);

/* What is known of a key and its certificate when an order for it is to be opened. */
struct cs_key_facts {
	int64_t not_after;               /* of the certificate; 0: it has none */
	bool locked;                     /* the user PIN */
	bool revoked, suspended;         /* the certificate, the key reported lost */
	bool counter_only;               /* a foreign admin PIN was met */
	bool name_changed, code_changed; /* of the unit, against the certificate */
};

/* S6 and the order of need: whether such an order makes sense now, or what must come first. */
UK_CHECKED enum cs_status cs_need(const struct cs_terms *terms, enum cs_kind kind,
				  const struct cs_key_facts *facts, int64_t now);

/* Cents; 0 for what is free (S2, S7). */
int64_t cs_price(const struct cs_terms *terms, enum cs_kind kind, int years);

/*
 * From when on an order in that final state may be forgotten: issued, the end of the certificate
 * and ten years more (S13); cancelled, refused, unpaid: 30 days after.
 */
int64_t cs_retain_until(const struct cs_terms *terms, enum cs_state state, int64_t now,
			int64_t not_after);

#endif
