/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands that a service makes from the key's random (service.md, B2).  Each operation is one
 * transaction: the serial number and the administrator's tries are looked at in it, the key is
 * asked for a random, the service for what belongs to it.  On every way out the key's rights are
 * cleared and the key is reset.  An administrator command that was refused is never repeated.
 */
#include "drivers/gm/ops.h"

#include "common/log.h"
#include "drivers/gm/pin.h"
#include "drivers/gm/relay_watch.h"
#include "drivers/gm/rights.h"

#include <stdlib.h>

/* 5 s for the whole, of which the last is for what follows the last answer. */
#define QUESTIONS_MS      4000
#define QUESTIONS_MS_MAX  120000 /* of OPENUKEY_RELAY_MS, for tests on slow machines */
#define ADMIN_TRIES_LEAST 5
#define BLOCK_AND_MAC     (GM_BLOCK_LEN + GM_MAC_LEN)

struct job {
	const struct token_relay *relay;
	struct gm_token *token;
	struct token_info info;
	uint8_t admin_left;
	struct uk_span pin; /* the user's new one; or the old device key */
	struct relay_watch watch;
	enum uk_status (*run)(struct job *job);
};

static void
answer_wipe(struct token_relay_answer *answer)
{
	uk_wipe(answer, sizeof(*answer));
}

#define ANSWER UK_CLEANUP(answer_wipe) struct token_relay_answer

/* Whether the key has said no, so that nothing has changed; else nobody knows. */
static bool
refused(const struct gm_token *token, enum uk_status st)
{
	return token->sw != 0 && st != UK_E_WRITE && st != UK_E_REPLY && st != UK_E_CARD;
}

/* What a refusal of an administrator command means: that PIN is not the service's. */
static enum uk_status
administrator(enum uk_status st)
{
	return st == UK_E_PIN_WRONG || st == UK_E_PIN_LOCKED || st == UK_E_MAC ? UK_E_FOREIGN : st;
}

/* ---- asking ---- */

static void
let_go(void *data)
{
	struct job *job = data;
	enum uk_status st = job->token->app_open ? gm_clear_send(job->token) : UK_OK;

	if (st != UK_OK)
		uk_debug("card", "ClearSecureState: %s", uk_status_text(st));
	pcsc_card_end_reset(job->token->card);
}

/* Takes a random and asks for what belongs to it. len: of the answer's data, at least. */
static enum uk_status
ask(struct job *job, enum token_relay_stage stage, size_t len, struct token_relay_answer *ret)
{
	struct token_relay_question question = {
		.stage = stage, .serial = job->info.serial, .admin_left = job->admin_left};
	UK_SECRET random = {0};
	enum uk_status st = gm_random_take(job->token, &random);

	if (st != UK_OK)
		return st;
	memcpy(question.random, random.bytes, sizeof(question.random));
	if (job->token->app_open)
		memcpy(question.app, job->token->app.id, sizeof(question.app));
	if (!relay_watch_ask(&job->watch))
		return UK_E_RELAY_LATE;
	st = job->relay->ask(job->relay->context, &question, ret);
	uk_wipe(question.random, sizeof(question.random));
	if (!relay_watch_asked(&job->watch))
		return UK_E_RELAY_LATE;
	if (st == UK_OK && ret->data_len != len &&
	    (len != BLOCK_AND_MAC || ret->data_len != len + GM_BLOCK_LEN))
		st = UK_E_RELAY_ANSWER;
	return st;
}

/* Looks whether it is the key that is meant, and whether there is something to lose. */
static enum uk_status
look(struct job *job)
{
	enum uk_status st = gm_info_read(job->token, &job->info);

	if (st == UK_OK && strcmp(job->info.serial, job->relay->serial) != 0)
		st = UK_E_OTHER_KEY;
	return st;
}

static enum uk_status
look_at_admin(struct job *job)
{
	struct token_pin_info pin;
	enum uk_status st = look(job);

	if (st == UK_OK)
		st = gm_pin_info_read(job->token, TOKEN_ADMIN, &pin);
	if (st != UK_OK)
		return st;
	job->admin_left = pin.left;
	return pin.left < ADMIN_TRIES_LEAST ? UK_E_FEW_TRIES : UK_OK;
}

/* A command of class 84 that sets a PIN, as the service made it. */
static enum uk_status
send_new_pin(struct job *job, enum gm_ins ins, const struct token_relay_answer *answer)
{
	struct uk_writer out;
	enum uk_status st = gm_cmd_begin_app(job->token, ins, TOKEN_ADMIN, &out);

	if (st != UK_OK)
		return st;
	job->token->cmd.cla = GM_CLA_MAC;
	uk_put(&out, uk_span_of(answer->data, answer->data_len));
	return gm_cmd_send_only(job->token, &out);
}

/* ---- unblock ---- */

static enum uk_status
admin_verify(struct job *job)
{
	ANSWER answer = {.data_len = 0};
	struct uk_writer out;
	enum uk_status st;

	if (!job->token->base.model->admin_first)
		return UK_OK;
	st = ask(job, TOKEN_RELAY_ADMIN, GM_BLOCK_LEN, &answer);
	if (st == UK_OK)
		st = gm_cmd_begin_app(job->token, GM_INS_VERIFY_PIN, TOKEN_ADMIN, &out);
	if (st != UK_OK)
		return st;
	uk_put(&out, uk_span_of(answer.data, answer.data_len));
	return administrator(gm_cmd_send_only(job->token, &out));
}

/* From the transport PIN to the user's, and the proof that it works. */
static enum uk_status
user_pin_set(struct job *job, struct uk_span transport)
{
	UK_SECRET old_key = {0};
	UK_SECRET new_key = {0};
	unsigned int tries = 0;
	struct gm_new_pin_args change = {GM_INS_CHANGE_PIN, TOKEN_USER, old_key.bytes, job->pin,
					 &tries};
	struct gm_verify_args verify = {TOKEN_USER, &new_key, &tries};
	enum uk_status st = gm_pin_key(transport, &old_key);

	if (st == UK_OK)
		st = gm_pin_key(job->pin, &new_key);
	if (st == UK_OK)
		st = gm_new_pin_run(job->token, &change);
	return st == UK_OK ? gm_verify_run(job->token, &verify) : st;
}

static enum uk_status
run_unblock(struct job *job)
{
	ANSWER answer = {.data_len = 0};
	struct uk_span transport;
	enum uk_status st = look_at_admin(job);

	if (st == UK_OK)
		st = admin_verify(job);
	if (st == UK_OK)
		st = ask(job, TOKEN_RELAY_UNBLOCK, BLOCK_AND_MAC, &answer);
	if (st != UK_OK)
		return st;
	transport = uk_span_of(answer.transport, answer.transport_len);
	if (gm_pin_check(transport) != UK_OK)
		return UK_E_RELAY_ANSWER;
	job->token->sw = 0;
	st = send_new_pin(job, GM_INS_UNBLOCK_PIN, &answer);
	if (st != UK_OK && refused(job->token, st))
		return administrator(st);
	if (st == UK_OK)
		st = user_pin_set(job, transport);
	if (st == UK_OK)
		return UK_OK;
	uk_debug("card", "after UnblockPIN: %s", uk_status_text(st));
	return UK_E_UNFINISHED;
}

/* ---- personalisation ---- */

static enum uk_status
run_admin_pin(struct job *job)
{
	ANSWER answer = {.data_len = 0};
	enum uk_status st = look_at_admin(job);

	if (st == UK_OK)
		st = ask(job, TOKEN_RELAY_ADMIN_PIN, BLOCK_AND_MAC, &answer);
	return st == UK_OK ? administrator(send_new_pin(job, GM_INS_CHANGE_PIN, &answer)) : st;
}

static enum uk_status
send_device(struct job *job, enum gm_ins ins, const struct token_relay_answer *answer)
{
	struct uk_writer out = gm_cmd_begin(job->token, ins, 0, GM_P2_SM4);
	enum uk_status st;

	if (ins == GM_INS_CHANGE_DEV_AUTH_KEY)
		job->token->cmd.cla = GM_CLA_MAC;
	uk_put(&out, uk_span_of(answer->data, answer->data_len));
	st = gm_cmd_send_only(job->token, &out);
	return st == UK_E_PIN_WRONG || st == UK_E_PIN_LOCKED || st == UK_E_MAC ? UK_E_AUTH_FAILED
									       : st;
}

static enum uk_status
device_key_change(struct job *job)
{
	ANSWER answer = {.data_len = 0};
	enum uk_status st = gm_device_prove(job->token, job->pin);

	if (st == UK_E_AUTH_FAILED)
		return UK_OK; /* not the old one any more: perhaps an earlier try was cut off */
	if (st == UK_OK)
		st = ask(job, TOKEN_RELAY_DEVICE_KEY, BLOCK_AND_MAC, &answer);
	if (st == UK_OK && answer.data_len != BLOCK_AND_MAC)
		st = UK_E_RELAY_ANSWER;
	return st == UK_OK ? send_device(job, GM_INS_CHANGE_DEV_AUTH_KEY, &answer) : st;
}

static enum uk_status
run_device_key(struct job *job)
{
	ANSWER answer = {.data_len = 0};
	enum uk_status st = look(job);

	if (st == UK_OK)
		st = device_key_change(job);
	if (st == UK_OK)
		st = ask(job, TOKEN_RELAY_DEVICE_PROOF, GM_BLOCK_LEN, &answer);
	return st == UK_OK ? send_device(job, GM_INS_DEV_AUTH, &answer) : st;
}

/* ---- the frame ---- */

static long
questions_ms(void)
{
	const char *text = secure_getenv("OPENUKEY_RELAY_MS");
	long ms = text != NULL ? strtol(text, NULL, 10) : 0;

	return ms > 0 && ms <= QUESTIONS_MS_MAX ? ms : QUESTIONS_MS;
}

/* The transaction is open when this is called, and over when it returns. */
static enum uk_status
run_relay(struct gm_token *token, void *data)
{
	struct job *job = data;
	enum uk_status st;

	job->watch.let_go = let_go;
	job->watch.data = job;
	relay_watch_begin(&job->watch, questions_ms(), job->relay->threads);
	st = job->run(job);
	relay_watch_end(&job->watch);
	if (!job->watch.gone && st != UK_E_REMOVED)
		let_go(job);
	gm_session_lost(token);
	return st;
}

static enum uk_status
relay(struct token *base, enum gm_ins ins, struct job *job)
{
	struct gm_token *token = gm_token_of(base);
	enum uk_status st;

	gm_once_end(token);
	job->token = token;
	st = gm_op_run(token, ins, GM_OP_TRANSACTION | GM_OP_ONCE, run_relay, job);
	uk_wipe(&job->info, sizeof(job->info));
	return st;
}

enum uk_status
gm_unblock_by_relay(struct token *base, const struct token_relay *with, struct uk_span new_pin)
{
	struct job job = {.relay = with, .pin = new_pin, .run = run_unblock};
	enum uk_status st = gm_pin_check_new(base->model, new_pin);

	return st == UK_OK ? relay(base, GM_INS_UNBLOCK_PIN, &job) : st;
}

enum uk_status
gm_change_admin_pin_by_relay(struct token *base, const struct token_relay *with)
{
	struct job job = {.relay = with, .run = run_admin_pin};

	return relay(base, GM_INS_CHANGE_PIN, &job);
}

enum uk_status
gm_change_device_key_by_relay(struct token *base, const struct token_relay *with,
			      struct uk_span old_key)
{
	struct job job = {.relay = with, .pin = old_key, .run = run_device_key};

	if (old_key.len != GM_BLOCK_LEN)
		return UK_E_DATA_LEN;
	return relay(base, GM_INS_CHANGE_DEV_AUTH_KEY, &job);
}
