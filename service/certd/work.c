/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-certd work: what is not done while somebody waits for an answer. */
#include "service/certd/work.h"

#include "service/audit/audit.h"
#include "service/deliver/letter.h"
#include "service/papers/papers.h"
#include "service/store/contacts.h"
#include "service/store/papers.h"
#include "service/store/payments.h"

#include <string.h>

#define LEASE_S     30
#define STALE_ROUND 50
#define PAPERS_MAX  32
#define WEEK        (7 * CS_DAY)
#define MONTH       (30 * CS_DAY)

/*
 * In the order in which one may cause the next.  Several at a time, in one transaction, where
 * nobody else is asked for it.
 */
static const struct {
	const char *topic;
	size_t most;
	enum cs_status (*work)(const struct cs_working *working, const struct cs_letter *letter);
} works[] = {
	{"query", CS_LETTERS_MAX, cs_query_work},
	{"handler", CS_LETTERS_MAX, cs_handler_work},
	{"refund", 1, cs_refund_work},
	{"invoice", 1, cs_invoice_work},
	{"work", 1, cs_chore_work},
	{"notice", CS_LETTERS_MAX, cs_notice_work},
};
static const char *const posts[] = {"sms", "email"};

/* Somebody who cannot be reached, or has been erased, is no reason to try for ever. */
static bool
over(enum cs_status st, int64_t tries)
{
	static const enum cs_status ends[] = {CS_OK, CS_E_NOT_FOUND, CS_E_CORRUPT, CS_E_DENIED};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends[i] == st)
			return true;
	return cs_again_after(tries) == 0;
}

/* CS_OK: it is done with; otherwise it has been given back. */
static enum cs_status
letter_work(const struct cs_working *working, size_t at, const struct cs_letter *letter)
{
	enum cs_status st = works[at].work(working, letter);

	if (over(st, letter->tries))
		return CS_OK;
	st = cs_store_letter_again(working->desk->orders.store, letter->id, working->desk->chain,
				   working->now + cs_again_after(letter->tries));
	return st == CS_OK ? CS_E_UNAVAILABLE : st;
}

struct together {
	const struct cs_working *working;
	size_t at;
	const struct cs_letters *letters;
};

static enum cs_status
together_body(struct cs_store *store, void *ctx)
{
	const struct together *together = ctx;
	const struct cs_letters *letters = together->letters;
	enum cs_status st = CS_OK;

	for (size_t i = 0; i < letters->len && st == CS_OK; i++) {
		st = works[together->at].work(together->working, &letters->list[i]);
		if (over(st, letters->list[i].tries))
			st = CS_OK;
	}
	return st == CS_OK ? cs_store_letters_done(store, letters, together->working->desk->chain,
						   together->working->now)
			   : st;
}

static enum cs_status
one_by_one(const struct cs_working *working, size_t at, const struct cs_letters *letters)
{
	struct cs_letters done = {.len = 0};
	enum cs_status st = CS_OK;

	for (size_t i = 0; i < letters->len && st == CS_OK; i++) {
		st = letter_work(working, at, &letters->list[i]);
		if (st == CS_OK)
			done.list[done.len++] = letters->list[i]; /* borrowed */
		/* Given back, or another worker's by now. */
		else if (st == CS_E_UNAVAILABLE || st == CS_E_CHANGED)
			st = CS_OK;
	}
	return st == CS_OK ? cs_store_letters_done(working->desk->orders.store, &done,
						   working->desk->chain, working->now)
			   : st;
}

static enum cs_status
topic_work(const struct cs_working *working, size_t at)
{
	struct cs_store *store = working->desk->orders.store;
	const struct cs_lease lease = {works[at].topic, working->desk->chain, working->now,
				       working->now + LEASE_S};
	size_t taken;
	enum cs_status st;

	do {
		CS_LETTERS letters = {.len = 0};
		struct together together = {working, at, &letters};

		st = cs_store_letters_take(store, &lease, works[at].most, &letters);
		taken = letters.len;
		/* One that cannot be done is in the way of the others only once. */
		if (st == CS_OK && taken > 0 &&
		    (works[at].most == 1 || cs_store_tx(store, together_body, &together) != CS_OK))
			st = one_by_one(working, at, &letters);
	} while (st == CS_OK && taken > 0);
	return st;
}

struct papers {
	uint8_t hashes[PAPERS_MAX][CS_HASH_LEN];
	size_t len;
};

static enum cs_status
paper_add(const struct cs_document *document, void *ctx)
{
	struct papers *papers = ctx;

	if (papers->len == PAPERS_MAX)
		return CS_E_INTERNAL;
	memcpy(papers->hashes[papers->len++], document->hash, CS_HASH_LEN);
	return CS_OK;
}

struct forgetting {
	const struct cs_working *working;
	const struct cs_order_row *row;
};

/* The log says that it is gone, by its number: what the number stood for is not in it. */
static enum cs_status
forget_body(struct cs_store *store, void *ctx)
{
	const struct forgetting *forgetting = ctx;
	const struct cs_audit_pair pairs[] = {{"event", "forget"},
					      {"order", forgetting->row->number},
					      {"kind", forgetting->row->kind},
					      {"state", forgetting->row->state}};
	enum cs_status st = cs_store_order_forget(store, forgetting->row);

	return st == CS_OK ? cs_audit_log(store, forgetting->working->desk->chain,
					  forgetting->working->now, pairs, ARRAY_SIZE(pairs))
			   : st;
}

/* The images first: whatever happens then, none is left that nobody remembers. */
static enum cs_status
order_forget(const struct cs_working *working, const char *id)
{
	const struct cs_desk *desk = working->desk;
	CS_ORDER_ROW row = {.ver = 0};
	struct papers papers = {.len = 0};
	struct forgetting forgetting = {working, &row};
	enum cs_status st = cs_store_order_get(desk->orders.store, id, &row);

	if (st == CS_OK)
		st = cs_store_documents(desk->orders.store, id, paper_add, &papers);
	for (size_t i = 0; i < papers.len && st == CS_OK; i++)
		st = desk->certd->documents != NULL
			     ? cs_paper_drop(desk->certd->documents, papers.hashes[i])
			     : CS_E_UNAVAILABLE;
	return st == CS_OK ? cs_store_tx(desk->orders.store, forget_body, &forgetting) : st;
}

enum cs_status
cs_forget_stale(const struct cs_working *working)
{
	char id[CS_ID_TEXT];
	enum cs_status st = CS_OK;

	for (int i = 0; i < STALE_ROUND && st == CS_OK; i++) {
		st = cs_store_order_stale(working->desk->orders.store, working->now, id);
		if (st == CS_OK)
			st = order_forget(working, id);
	}
	return st == CS_E_NOT_FOUND ? CS_OK : st;
}

static enum cs_status
grants_body(struct cs_store *store, void *ctx)
{
	return cs_store_grants_forget(store, *(const int64_t *)ctx - CS_DAY);
}

/* Once a minute is enough for what nobody waits for. */
static enum cs_status
forget(struct cs_store *store, int64_t now)
{
	enum cs_status st = CS_OK;

	if (now % CS_MINUTE != 0)
		return st;
	st = cs_store_tx(store, grants_body, &now);
	if (st == CS_OK)
		st = cs_store_challenges_forget(store, now - CS_HOUR);
	if (st == CS_OK)
		st = cs_store_idempotency_forget(store, now - WEEK);
	return st == CS_OK ? cs_store_outbox_forget(store, now - MONTH, now - 2 * CS_DAY) : st;
}

enum cs_status
cs_work_round(struct cs_desk *desk, const char *spool, int64_t now)
{
	const struct cs_working working = {desk, spool, now};
	const struct cs_spool post = {desk->orders.store, desk->orders.vault,    spool,
				      desk->chain,        &desk->certd->drivers, cs_letter_send};
	int count;
	enum cs_status st = cs_orders_tick(&desk->orders, now, &count);

	for (size_t i = 0; i < ARRAY_SIZE(works) && st == CS_OK; i++)
		st = topic_work(&working, i);
	for (size_t i = 0; i < ARRAY_SIZE(posts) && st == CS_OK; i++)
		st = cs_spool_run(&post, posts[i], now);
	if (st == CS_OK)
		st = cs_forget_stale(&working);
	return st == CS_OK ? forget(desk->orders.store, now) : st;
}
