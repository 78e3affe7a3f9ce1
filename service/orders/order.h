/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Orders in the database.  Each change is one transaction: the state, the letters it causes, the
 * key's claims and blocks, and the entry in the log happen together or not at all.
 */
#ifndef CS_ORDERS_ORDER_H
#define CS_ORDERS_ORDER_H

#include "service/orders/numbers.h"
#include "service/orders/rules.h"
#include "service/store/deliveries.h"
#include "service/store/papers.h"
#include "service/vault/vault.h"

/* One for each thread, over its own connection. Everything but numbers is borrowed. */
struct cs_orders {
	struct cs_store *store;
	const struct cs_vault *vault;
	const struct cs_terms *terms;
	const char *chain; /* of the log: this writer's own */
	struct cs_numbers numbers;
};

/* A capability: 256 bits in hex. Whoever has it may act for the order; only its hash is stored. */
#define CS_CAP_TEXT 65

/* The method of an order that was opened at a counter; nobody else can have it. */
#define CS_AT_COUNTER "counter"

struct cs_order_request {
	enum cs_kind kind;
	enum cs_method method;
	const char *key_sn;    /* "" for a new key */
	const char *profile;   /* the CA profile's name */
	const char *unit_code; /* unified social credit code */
	struct cs_key_facts facts;
	struct uk_span form;            /* personal data: sealed as it is */
	const char *idempotency;        /* the client's own random text; it counts as a secret */
	uint8_t body_hash[CS_HASH_LEN]; /* of the whole request */
};

struct cs_order_made {
	char id[CS_ID_TEXT];
	char number[CS_NUMBER_TEXT];
	char cap[CS_CAP_TEXT];
	bool first; /* false: the request had come before, and this is that order */
};

/* A request that comes again gets the same order and a capability of its own. */
UK_CHECKED enum cs_status cs_order_new(struct cs_orders *orders,
				       const struct cs_order_request *request, int64_t now,
				       struct cs_order_made *ret);

/* The order a capability is for; CS_E_NOT_FOUND for anything else. */
UK_CHECKED enum cs_status cs_order_of_cap(struct cs_orders *orders, const char *cap,
					  char ret_id[CS_ID_TEXT]);
/* The same, and its row. */
UK_CHECKED enum cs_status cs_order_by_cap(struct cs_orders *orders, const char *cap,
					  struct cs_order_row *ret);
/* The same, with what its owner is shown besides. */
UK_CHECKED enum cs_status cs_order_whole_by_cap(struct cs_orders *orders, const char *cap,
						struct cs_order_whole *ret);
/* Another capability for it: after a query that was answered with a code or a signature. */
UK_CHECKED enum cs_status cs_order_cap_new(struct cs_orders *orders, const char *id, int64_t now,
					   char ret[CS_CAP_TEXT]);

struct cs_happening {
	const char *id; /* of the order */
	enum cs_event event;
	enum cs_actor actor;
	int64_t now;
	int64_t not_after;   /* of the certificate, for CONFIRM and HAND_OVER */
	const char *by;      /* who, for the log: letters and digits, or NULL */
	struct uk_span form; /* for EDIT: the new form */
	const char *key_sn;  /* for MAKE: the new key */
	/* As the caller has just read it, or NULL; that it has changed since is found out. */
	const struct cs_order_row *known;
};

/*
 * CS_E_DENIED when that actor may never cause it, CS_E_STATE when it cannot happen now,
 * CS_E_REVOKED when the key is blocked.  ret_state may be NULL.
 */
UK_CHECKED enum cs_status cs_order_happens(struct cs_orders *orders,
					   const struct cs_happening *happening,
					   enum cs_state *ret_state);

/*
 * Writes down what was agreed to and, when every text that is required was, goes on to CONSENTED;
 * CS_E_STATE otherwise.  The consents' form hashes are computed here.
 */
UK_CHECKED enum cs_status cs_order_consent(struct cs_orders *orders, const char *id,
					   struct cs_consent *consents, size_t consents_len,
					   int64_t now);

/* TIME for every order whose deadline has come; how many. */
UK_CHECKED enum cs_status cs_orders_tick(struct cs_orders *orders, int64_t now, int *ret_count);

/* The row and, unless ret_form is NULL, the form in the clear. */
UK_CHECKED enum cs_status cs_order_read(struct cs_orders *orders, const char *id,
					struct cs_order_row *ret, struct cs_blob *ret_form);

#endif
