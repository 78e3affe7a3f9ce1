/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands themselves: what is answered to a key's random, once. */
#include "service/unlock/inside.h"

#include "service/base/clock.h"
#include "service/unlock/cryptogram.h"
#include "service/unlock/secrets.h"

#include <stdio.h>
#include <string.h>

#define GRANT_LEN  32
#define STAGE_TEXT 8

struct ask {
	const struct cs_unlock_work *work;
	struct cs_unlock_row row;
	struct cs_key_row key;
	struct cs_unlock_answer answer;
	int64_t admin_left;
	enum cs_status refusal; /* committed together with what it means for the key */
};

static enum cs_status
ask_load(struct ask *ask)
{
	const json_t *request = ask->work->request;
	const char *order = cs_unlock_id(request, "order"), *sn = cs_unlock_id(request, "sn");
	uint8_t grant[GRANT_LEN], hash[CS_HASH_LEN];
	enum cs_status st;

	if (order == NULL || sn == NULL || !cs_json_hex(request, "grant", grant, sizeof(grant)))
		return CS_E_ARGUMENTS;
	st = cs_store_unlock_get(ask->work->unlockd->store, order, &ask->row);
	if (st == CS_OK)
		st = cs_hash(uk_span_of(grant, sizeof(grant)), hash);
	if (st != CS_OK)
		return st;
	if (!cs_equal_secret(uk_span_of(hash, sizeof(hash)),
			     uk_span_of(ask->row.grant_hash, CS_HASH_LEN)) ||
	    strcmp(sn, ask->row.key_sn) != 0)
		return CS_E_DENIED;
	return cs_store_key_get(ask->work->unlockd->store, sn, &ask->key);
}

static bool
underway(const struct ask *ask)
{
	return strcmp(ask->row.state, "granted") == 0 || strcmp(ask->row.state, "commanded") == 0;
}

/* Whether the key may be sent anything at all. */
static enum cs_status
ask_check(struct ask *ask)
{
	if (!underway(ask))
		return CS_E_STATE;
	if (ask->work->now > ask->row.until)
		return CS_E_EXPIRED;
	if (strcmp(ask->key.state, "lost") == 0)
		return CS_E_REVOKED;
	if (strcmp(ask->key.state, "active") != 0)
		return CS_E_COUNTER;
	return CS_OK;
}

static void
state_set(struct ask *ask, const char *state)
{
	(void)snprintf(ask->row.state, sizeof(ask->row.state), "%s", state);
	ask->row.changed = ask->work->now;
}

/* The key has refused our admin PIN: never again from afar. */
static enum cs_status
foreign(struct ask *ask)
{
	struct cs_unlockd *unlockd = ask->work->unlockd;
	enum cs_status st;

	memcpy(ask->key.state, "counter", 8);
	state_set(ask, "counter");
	st = cs_store_key_put(unlockd->store, &ask->key);
	if (st == CS_OK)
		st = cs_store_unlock_put(unlockd->store, &ask->row);
	return st == CS_OK ? cs_unlock_log(unlockd, "foreign", ask->row.order_id, ask->row.key_sn)
			   : st;
}

/*
 * A cut after the key had refused the admin PIN, but before we were told, shows in the tries: the
 * key must never show fewer than it did.
 */
static enum cs_status
tries_check(struct ask *ask)
{
	if (ask->admin_left < ask->key.admin_seen) {
		ask->refusal = CS_E_COUNTER;
		return foreign(ask);
	}
	if (ask->admin_left < CS_ADMIN_TRIES_MIN) {
		ask->refusal = CS_E_COUNTER;
		return CS_OK;
	}
	if (ask->admin_left == ask->key.admin_seen)
		return CS_OK;
	ask->key.admin_seen = ask->admin_left;
	return cs_store_key_put(ask->work->unlockd->store, &ask->key);
}

/* A new question: which attempt it belongs to, and whether it comes in its turn. */
static enum cs_status
attempt_choose(struct ask *ask, const struct cs_key_rules *rules)
{
	struct cs_store *store = ask->work->unlockd->store;
	bool admin = strcmp(ask->answer.stage, "admin") == 0;
	enum cs_status st;

	if (admin || !rules->admin_first) {
		if (ask->row.attempts >= CS_UNLOCK_ATTEMPTS)
			return CS_E_LIMIT;
		ask->row.attempts++;
	} else {
		st = cs_store_answer_stage(store, ask->row.order_id, ask->row.attempts, "admin");
		if (st != CS_OK)
			return st == CS_E_NOT_FOUND ? CS_E_STATE : st;
	}
	ask->answer.attempt = ask->row.attempts;
	st = cs_store_answer_add(store, ask->row.order_id, &ask->answer);
	if (st != CS_OK)
		return st == CS_E_EXISTS ? CS_E_STATE : st;
	state_set(ask, "commanded");
	return cs_store_unlock_put(store, &ask->row);
}

/* The same question gets the same answer; the same random for another one gets none. */
static enum cs_status
answered_before(struct ask *ask)
{
	struct cs_unlock_answer before;
	enum cs_status st = cs_store_answer_get(ask->work->unlockd->store, ask->row.order_id,
						ask->answer.random, &before);

	if (st != CS_OK)
		return st;
	if (strcmp(before.stage, ask->answer.stage) != 0 ||
	    memcmp(before.app, ask->answer.app, sizeof(before.app)) != 0)
		return CS_E_STATE;
	ask->answer.attempt = before.attempt;
	return CS_OK;
}

static enum cs_status
unblock_put(struct ask *ask, const struct cs_key_rules *rules, const struct uk_secret *admin)
{
	uint8_t data[CS_CRYPTOGRAM_MAX];
	struct uk_writer out = uk_writer_of(data, sizeof(data));
	struct cs_new_pin command = {.ins = GM_INS_UNBLOCK_PIN, .old = uk_secret_peek(admin)};
	char text[CS_DERIVED_PIN_LEN + 1];
	UK_SECRET transport = {.len = 0};
	enum cs_status st = cs_transport_pin(ask->work->unlockd->hsm, ask->key.master,
					     ask->row.order_id, ask->answer.attempt, &transport);

	memcpy(command.app, ask->answer.app, sizeof(command.app));
	command.fresh = uk_secret_peek(&transport);
	if (st == CS_OK)
		st = cs_new_pin_block(rules, &command, ask->answer.random, &out);
	if (st != CS_OK)
		return st;
	memcpy(text, transport.bytes, CS_DERIVED_PIN_LEN);
	text[CS_DERIVED_PIN_LEN] = '\0';
	if (!cs_json_put_hex(ask->work->answer, "data", uk_writer_span(&out)) ||
	    json_object_set_new(ask->work->answer, "transport", json_string(text)) != 0)
		st = CS_E_MEMORY;
	uk_wipe(text, sizeof(text));
	return st;
}

static enum cs_status
cryptogram_put(struct ask *ask, const struct cs_key_rules *rules)
{
	uint8_t block[GM_BLOCK_LEN];
	UK_SECRET admin = {.len = 0};
	enum cs_status st =
		cs_admin_pin(ask->work->unlockd->hsm, ask->key.master, ask->key.key_sn, &admin);

	if (st != CS_OK)
		return st;
	if (strcmp(ask->answer.stage, "unblock") == 0)
		return unblock_put(ask, rules, &admin);
	st = cs_verify_block(rules, uk_secret_peek(&admin), ask->answer.random, block);
	if (st == CS_OK && !cs_json_put_hex(ask->work->answer, "data", uk_span_of(block, 16)))
		st = CS_E_MEMORY;
	return st;
}

static bool
ask_read(struct ask *ask)
{
	const json_t *request = ask->work->request;
	const char *stage = cs_json_text(request, "stage", STAGE_TEXT);

	if (stage == NULL || (strcmp(stage, "admin") != 0 && strcmp(stage, "unblock") != 0))
		return false;
	memcpy(ask->answer.stage, stage, strlen(stage) + 1);
	return cs_json_hex(request, "random", ask->answer.random, sizeof(ask->answer.random)) &&
	       cs_json_hex(request, "app", ask->answer.app, sizeof(ask->answer.app)) &&
	       cs_json_number(request, "admin_left", &ask->admin_left);
}

static void
ask_clear(struct ask *ask)
{
	cs_key_row_clear(&ask->key);
}

#define ASK UK_CLEANUP(ask_clear) struct ask

static enum cs_status
command_body(struct cs_store *store, void *ctx)
{
	struct ask *out = ctx;
	ASK ask = {.work = out->work};
	const struct cs_key_rules *rules;
	enum cs_status st = ask_load(&ask);

	if (st == CS_OK && !ask_read(&ask))
		return CS_E_ARGUMENTS;
	if (st == CS_OK)
		st = ask_check(&ask);
	if (st != CS_OK)
		return st;
	rules = cs_key_rules_find(ask.key.model);
	if (rules == NULL)
		return CS_E_COUNTER;
	st = answered_before(&ask);
	if (st == CS_E_NOT_FOUND) {
		st = tries_check(&ask);
		if (st == CS_OK && ask.refusal == CS_OK)
			st = attempt_choose(&ask, rules);
		if (st == CS_OK && ask.refusal == CS_OK)
			st = cs_unlock_log(ask.work->unlockd, ask.answer.stage, ask.row.order_id,
					   ask.row.key_sn);
	}
	out->refusal = ask.refusal;
	return st == CS_OK && ask.refusal == CS_OK ? cryptogram_put(&ask, rules) : st;
}

static enum cs_status
in_tx(void *ctx, const json_t *request, json_t *answer, cs_tx_fn body)
{
	struct cs_unlockd *unlockd = ctx;
	const struct cs_unlock_work work = {unlockd, request, answer, unlockd->clock()};
	struct ask ask = {.work = &work};
	enum cs_status st = cs_store_tx(unlockd->store, body, &ask);

	return st == CS_OK ? ask.refusal : st;
}

enum cs_status
cs_op_command(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, command_body);
}

static enum cs_status
ack_body(struct cs_store *store, void *ctx)
{
	ASK ask = {.work = ((struct ask *)ctx)->work};
	struct cs_unlockd *unlockd = ask.work->unlockd;
	char once[64], text[160], at[CS_TIME_TEXT];
	enum cs_status st = ask_load(&ask);

	if (st != CS_OK)
		return st;
	if (strcmp(ask.row.state, "done") == 0)
		return CS_OK; /* the answer had been lost */
	/* Only what has unblocked the PIN can have set a new one. */
	if (strcmp(ask.row.state, "commanded") != 0)
		return CS_E_STATE;
	st = cs_store_answer_stage(store, ask.row.order_id, ask.row.attempts, "unblock");
	if (st != CS_OK)
		return st == CS_E_NOT_FOUND ? CS_E_STATE : st;
	state_set(&ask, "done");
	st = cs_store_unlock_put(store, &ask.row);
	cs_time_text(ask.work->now, at);
	(void)snprintf(once, sizeof(once), "done/%s", ask.row.order_id);
	(void)snprintf(text, sizeof(text), "您单位的密钥已于%s解锁。如非本人办理，请立即挂失。",
		       at);
	if (st == CS_OK)
		st = cs_unlock_tell(unlockd, &ask.key, CS_TO_NOTIFY, once, text);
	if (st == CS_E_COUNTER)
		st = CS_OK; /* nobody is named to be told */
	return st == CS_OK ? cs_unlock_log(unlockd, "done", ask.row.order_id, ask.row.key_sn) : st;
}

enum cs_status
cs_op_ack(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, ack_body);
}

static enum cs_status
foreign_body(struct cs_store *store, void *ctx)
{
	ASK ask = {.work = ((struct ask *)ctx)->work};
	enum cs_status st = ask_load(&ask);

	if (st != CS_OK || strcmp(ask.row.state, "counter") == 0)
		return st;
	return underway(&ask) ? foreign(&ask) : CS_E_STATE;
}

enum cs_status
cs_op_foreign(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, foreign_body);
}

enum cs_status
cs_op_status(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_unlockd *unlockd = ctx;
	const char *order = cs_unlock_id(request, "order");
	struct cs_unlock_row row = {.ver = 0};
	enum cs_status st =
		order != NULL ? cs_store_unlock_get(unlockd->store, order, &row) : CS_E_ARGUMENTS;

	if (st == CS_OK &&
	    (json_object_set_new(answer, "state", json_string(row.state)) != 0 ||
	     json_object_set_new(answer, "attempts", json_integer(row.attempts)) != 0 ||
	     json_object_set_new(answer, "guesses", json_integer(row.guesses)) != 0))
		return CS_E_MEMORY;
	return st;
}
