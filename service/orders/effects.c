/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/orders/effects.h"

#include "service/audit/audit.h"
#include "service/store/outbox.h"

#include <stdio.h>
#include <string.h>

#define ANY_KIND CS_KIND_COUNT

/* A state that is told to the people concerned, and the words' name in the profile. */
static const struct {
	enum cs_state to;
	const char *words;
} notices[] = {
	{CS_STATE_PAID, "paid"},
	{CS_STATE_APPROVED, "approved"},
	{CS_STATE_CORRECT, "correct"},
	{CS_STATE_REFUSED, "refused"},
	{CS_STATE_CANCELLED, "cancelled"},
	{CS_STATE_EXPIRED, "expired"},
	{CS_STATE_PAPER_WAIT, "paper"},
	{CS_STATE_CONFIRMED, "installed"},
	{CS_STATE_TO_COLLECT, "collect"},
	{CS_STATE_POSTED, "posted"},
	{CS_STATE_HANDED_OVER, "received"},
	{CS_STATE_DONE, "unlocked"},
	{CS_STATE_COUNTER_ONLY, "counter"},
	{CS_STATE_SUSPENDED, "suspended"},
	{CS_STATE_RELEASED, "released"},
	{CS_STATE_REVOKED, "revoked"},
	{CS_STATE_REFUNDING, "refunding"},
	{CS_STATE_REFUNDED, "refunded"},
	{CS_STATE_DEAD, "dead"},
};

/* What a step does to the key: a block set or lifted, and work for other processes. */
static const struct {
	enum cs_kind kind;
	enum cs_state to;
	const char *block, *unblock, *work;
} key_effects[] = {
	{CS_KIND_LOSS, CS_STATE_SUSPENDED, "lost", NULL, "suspend"},
	{CS_KIND_LOSS, CS_STATE_RELEASED, NULL, "lost", "release"},
	{CS_KIND_LOSS, CS_STATE_REPLACED, "revoked", "lost", NULL},
	/* S8: the old certificate goes before the new key leaves the CA. */
	{CS_KIND_LOST, CS_STATE_APPROVED, "revoked", NULL, "revoke"},
	{CS_KIND_DAMAGED, CS_STATE_APPROVED, "revoked", NULL, "revoke"},
	{CS_KIND_REVOKE, CS_STATE_APPROVED, NULL, NULL, "revoke"},
	{CS_KIND_REVOKE, CS_STATE_REVOKED, "revoked", NULL, NULL},
	{CS_KIND_RETURN, CS_STATE_APPROVED, NULL, NULL, "revoke"},
	{CS_KIND_RETURN, CS_STATE_REFUNDING, "revoked", NULL, NULL},
	{CS_KIND_UNLOCK, CS_STATE_COUNTER_ONLY, "counter", NULL, NULL},
	/* The old one is revoked once the new one is confirmed (S7). */
	{CS_KIND_CHANGE, CS_STATE_CONFIRMED, NULL, NULL, "revoke-old"},
	{ANY_KIND, CS_STATE_APPROVED, NULL, NULL, "prepare"},
};

/* Events that give something to a key; none of them for one that is lost, revoked or foreign. */
static const enum cs_event giving[] = {CS_EVENT_PREPARED, CS_EVENT_REQUEST, CS_EVENT_COMMAND,
				       CS_EVENT_CODE_OK};

static enum cs_status
log_step(struct cs_orders *orders, const struct cs_order_row *row, const char *event,
	 const struct cs_happening *what)
{
	const struct cs_audit_pair pairs[] = {
		{"event", event},
		{"order", row->number},
		{"kind", row->kind},
		{"state", row->state},
		{"actor", what != NULL ? cs_actor_word(what->actor) : "user"},
		{"by", what != NULL && what->by != NULL ? what->by : "-"},
	};

	return cs_audit_log(orders->store, orders->chain, row->changed, pairs, ARRAY_SIZE(pairs));
}

enum cs_status
cs_order_opened(struct cs_orders *orders, enum cs_kind kind, const struct cs_order_row *row)
{
	enum cs_status st = CS_OK;

	if (cs_kind_claims(kind) && row->key_sn[0] != '\0')
		st = cs_store_key_claim(orders->store, row->key_sn, row->id);
	return st == CS_OK ? log_step(orders, row, "open", NULL) : st;
}

static enum cs_status
blocks_check(struct cs_store *store, const char *key_sn)
{
	struct cs_key_blocks blocks;
	enum cs_status st = cs_store_key_blocks(store, key_sn, &blocks);

	return st == CS_OK && (blocks.lost || blocks.revoked || blocks.counter) ? CS_E_REVOKED : st;
}

enum cs_status
cs_order_may(struct cs_orders *orders, const struct cs_step *step, struct cs_order_row *row)
{
	if (step->what->event == CS_EVENT_MAKE) {
		if (step->what->key_sn == NULL || strlen(step->what->key_sn) >= CS_SN_TEXT ||
		    step->what->key_sn[0] == '\0')
			return CS_E_ARGUMENTS;
		if (row->key_sn[0] != '\0') /* a replacement: the order stays with the old key */
			return CS_OK;
		memcpy(row->key_sn, step->what->key_sn, strlen(step->what->key_sn) + 1);
		return cs_store_key_claim(orders->store, row->key_sn, row->id);
	}
	if (row->key_sn[0] == '\0' || step->kind == CS_KIND_LOSS)
		return CS_OK;
	for (size_t i = 0; i < ARRAY_SIZE(giving); i++)
		if (giving[i] == step->what->event) {
			enum cs_status st = blocks_check(orders->store, row->key_sn);

			/* A loss took the claim away; it is this order's again, or another's. */
			return st == CS_OK ? cs_store_key_claim(orders->store, row->key_sn, row->id)
					   : st;
		}
	return CS_OK;
}

/* "order=ID", "words=NAME": whoever delivers it looks the rest up. */
static enum cs_status
letter_post(struct cs_orders *orders, const struct cs_order_row *row, const char *topic,
	    const char *words)
{
	char payload[128], once[96];
	int len = snprintf(payload, sizeof(payload), "order=%s\nwords=%s\n", row->id, words);

	(void)snprintf(once, sizeof(once), "%s/%ld/%s", row->id, (long)row->ver, words);
	return cs_store_post(orders->store, topic, once, row->changed,
			     uk_span_of(payload, (size_t)len));
}

static enum cs_status
key_effect(struct cs_orders *orders, size_t at, const struct cs_order_row *row)
{
	enum cs_status st = CS_OK;

	if (key_effects[at].block != NULL && row->key_sn[0] != '\0')
		st = cs_store_key_block(orders->store, row->key_sn, key_effects[at].block, row->id,
					row->changed);
	/* A lost key may be replaced whatever was going on with it. */
	if (st == CS_OK && key_effects[at].block != NULL)
		st = cs_store_key_free(orders->store, row->key_sn, row->id);
	if (st == CS_OK && key_effects[at].unblock != NULL)
		st = cs_store_key_unblock(orders->store, row->key_sn, key_effects[at].unblock);
	if (st == CS_OK && key_effects[at].work != NULL)
		st = letter_post(orders, row, "work", key_effects[at].work);
	return st;
}

/* A lost key whose replacement is in its owner's hands is waited for no more. */
static enum cs_status
loss_end(struct cs_orders *orders, const struct cs_step *step, const struct cs_order_row *row)
{
	char id[CS_ID_TEXT];
	const struct cs_happening replaced = {.id = id,
					      .event = CS_EVENT_REPLACE_DONE,
					      .actor = CS_ACTOR_SYSTEM,
					      .now = row->changed,
					      .by = "replacement"};
	enum cs_status st;

	if (step->to != CS_STATE_HANDED_OVER || step->kind != CS_KIND_LOST)
		return CS_OK;
	st = cs_store_key_block_order(orders->store, row->key_sn, "lost", id);
	if (st == CS_OK)
		st = cs_order_happens(orders, &replaced, NULL);
	return st == CS_E_NOT_FOUND || st == CS_E_STATE ? CS_OK : st;
}

enum cs_status
cs_order_effects(struct cs_orders *orders, const struct cs_step *step,
		 const struct cs_order_row *row)
{
	enum cs_status st = log_step(orders, row, cs_event_word(step->what->event), step->what);

	if (st == CS_OK && step->to == CS_STATE_REFUNDING)
		st = cs_store_post(orders->store, "refund", row->id, row->changed,
				   uk_span_str(row->id));
	if (st == CS_OK && cs_state_final(step->to) && row->key_sn[0] != '\0')
		st = cs_store_key_release(orders->store, row->key_sn, row->id);
	for (size_t i = 0; i < ARRAY_SIZE(key_effects) && step->to != step->from; i++)
		if (st == CS_OK && key_effects[i].to == step->to &&
		    (key_effects[i].kind == step->kind || key_effects[i].kind == ANY_KIND))
			st = key_effect(orders, i, row);
	if (st == CS_OK)
		st = loss_end(orders, step, row);
	/* An order that nobody checked makes nobody's telephone ring. */
	for (size_t i = 0; i < ARRAY_SIZE(notices) && step->to != step->from; i++)
		if (st == CS_OK && notices[i].to == step->to && row->checked != 0)
			st = letter_post(orders, row, "notice", notices[i].words);
	return st;
}
