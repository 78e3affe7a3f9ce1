/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many clients at once.  What a client's own key would compute is made between the phases. */
#ifndef BENCH_SERVICE_LOAD_H
#define BENCH_SERVICE_LOAD_H

#include "service/base/random.h"
#include "tests/bench/service/link.h"

#include <openssl/evp.h>

#define APPROVALS_TEXT 1024
#define LATENCIES_MAX  64
#define TURNS_MAX      3
#define WAVES_MAX      6

/* One order on its way. */
struct item {
	uint32_t index;
	char sn[24];
	char id[CS_ID_TEXT], number[24], capability[CS_HASH_TEXT], reference[CS_ID_TEXT];
	char grant[CS_HASH_TEXT], code[12];
	char approve[APPROVALS_TEXT], issue[APPROVALS_TEXT];
	char *csr_body, *confirm_body;
	char *cert;                                             /* hex */
	char *old_cert, old_hash[CS_HASH_TEXT], old_serial[48]; /* one of its own; hex */
	struct link *link;                                      /* its owner's connection */
	struct link *desk; /* that of the operators who look after it just now */
	double spent, latencies[LATENCIES_MAX];
	size_t latencies_len;
	bool failed;
};

/* What all share; read-only while a phase runs. */
struct load {
	struct link_target target;
	const char *folder, *texts, *pay_key;
	json_t *settings;
	size_t clients, items_len;
	struct item *items;
	EVP_PKEY *operators[2], *old_key, *new_key, *ca_key;
	char *csr, *csr_member, *subject; /* hex; the member with its comma */
	char csr_hash[CS_HASH_TEXT], subject_hash[CS_HASH_TEXT];
};

/* One client's turn with one order. */
typedef bool (*turn_fn)(const struct load *load, struct item *item, struct link *link);

/* What is made for an order before its turn, by people and keys: its time is nobody's. */
typedef bool (*before_fn)(const struct load *load, struct item *item);
struct load_turn {
	before_fn before; /* or NULL */
	turn_fn run;
	bool stays; /* its owner's program goes on with the next turn, over the same connection */
};

/*
 * Runs all turns for every order, the turns of different orders beside each other, as on a day when
 * orders are in all states: orders go in waves, and while one is at its second turn the next is at
 * its first.  Adds the seconds that passed and the clients' CPU time in them to the figures.
 */
bool load_run(struct load *load, const struct load_turn *turns, size_t turns_len, json_t *ret);

/* Asks, and wants that it is done. ret may be NULL. */
bool load_ask(struct item *item, struct link *link, const struct link_request *request,
	      json_t **ret);
/* A request about the item's order; what: behind the order's path. body NULL: GET. */
bool load_order(struct item *item, struct link *link, const char *what, const char *body,
		json_t **ret);
/* Copies a text member; false when there is none or it does not fit. */
bool load_member(const json_t *json, const char *name, char *ret, size_t room);
/* The two operators' signatures as a JSON list. */
bool load_approvals(const struct load *load, const char *body, char ret[APPROVALS_TEXT]);
/* POST /v1/orders */
bool load_open(struct item *item, struct link *link, const char *kind, const char *more);

/* An old certificate of the order's own, as the CA would have made it. */
bool load_old(const struct load *load, struct item *item);
/* Milliseconds of CPU time of the signatures that such jobs are made of. */
void bare_run(const struct load *load, json_t *ret);

/* Each prints an object with its figures. */
bool renewals_run(struct load *load, json_t *ret);
bool unlocks_run(struct load *load, json_t *ret);

#endif
