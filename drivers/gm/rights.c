/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PINs.  Each operation here sends the key's random and the cryptogram made with it in one
 * transaction, and nothing with a PIN in it twice, whatever the answer.
 */
#include "drivers/gm/ops.h"

#include "common/log.h"
#include "drivers/gm/pin.h"
#include "drivers/gm/rights.h"

#define ONCE_MS 500

enum uk_status
gm_random_take(struct gm_token *token, struct uk_secret *ret)
{
	struct uk_writer out = gm_cmd_begin(token, GM_INS_GEN_RANDOM, 0, 0);
	struct uk_span reply = {0};
	enum uk_status st = gm_cmd_send(token, &out, GM_RANDOM_LEN, &reply);

	if (st == UK_OK && reply.len != GM_RANDOM_LEN)
		st = UK_E_REPLY;
	if (st == UK_OK)
		st = uk_secret_set(ret, reply);
	uk_wipe(token->reply, reply.len);
	return st;
}

static void
set_tries(const struct gm_token *token, unsigned int *tries)
{
	if ((token->sw & 0xfff0) == GM_SW_TRIES)
		*tries = token->sw & 0x0f;
	else if (token->sw == GM_SW_PIN_LOCKED)
		*tries = 0;
}

/* ---- verify ---- */

enum uk_status
gm_verify_run(struct gm_token *token, void *data)
{
	const struct gm_verify_args *args = data;
	UK_SECRET random = {0};
	UK_SECRET block = {0};
	struct uk_writer out;
	enum uk_status st = gm_app_open(token);

	if (st == UK_OK)
		st = gm_random_take(token, &random);
	if (st == UK_OK)
		st = gm_pin_verify_block(token->base.model->verify_block, args->key->bytes,
					 random.bytes, &block);
	if (st == UK_OK)
		st = gm_cmd_begin_app(token, GM_INS_VERIFY_PIN, (uint8_t)args->role, &out);
	if (st != UK_OK)
		return st;
	uk_put(&out, uk_secret_peek(&block));
	/* A failed VerifyPIN takes away the right there was. */
	token->rights &= ~(1U << args->role);
	st = gm_cmd_send_only(token, &out);
	set_tries(token, args->tries);
	if (st == UK_E_NOT_OPEN)
		gm_ids_forget(token);
	if (st == UK_OK)
		token->rights |= 1U << args->role;
	return st;
}

static enum uk_status
verify(struct gm_token *token, enum token_role role, struct uk_span pin, unsigned int *tries)
{
	UK_SECRET key = {0};
	struct gm_verify_args args = {role, &key, tries};
	enum uk_status st = gm_pin_check(pin);

	if (st == UK_OK)
		st = gm_pin_key(pin, &key);
	if (st == UK_OK && role == TOKEN_ADMIN)
		st = vault_set(&token->vault, key.bytes);
	if (st != UK_OK)
		return st;
	st = gm_op_run(token, GM_INS_VERIFY_PIN, GM_OP_TRANSACTION | GM_OP_ONCE, gm_verify_run,
		       &args);
	if (role == TOKEN_ADMIN) {
		if (st != UK_OK)
			vault_clear(&token->vault);
		else
			/* A reset found on the way emptied it. */
			st = vault_set(&token->vault, key.bytes);
	}
	if (st == UK_OK)
		token->base.login_lost = false;
	return st;
}

enum uk_status
gm_verify(struct token *base, enum token_role role, struct uk_span pin, unsigned int *tries)
{
	return verify(gm_token_of(base), role, pin, tries);
}

/* ---- verify_once ---- */

static struct timespec
once_end_time(void)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += ONCE_MS * 1000000L;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	return end;
}

static enum uk_status
run_verify_once(struct gm_token *token, void *data)
{
	/* From when we have the key to ourselves; the wait for that is not counted. */
	struct timespec end = once_end_time();
	enum uk_status st = gm_verify_run(token, data);

	if (st != UK_OK)
		return st;
	/* gm_op_run leaves the transaction open for what is to come. */
	token->once.active = true;
	token->once.used = false;
	token->once.end = end;
	return UK_OK;
}

enum uk_status
gm_verify_once(struct token *base, struct uk_span pin, unsigned int *tries)
{
	struct gm_token *token = gm_token_of(base);
	UK_SECRET key = {0};
	struct gm_verify_args args = {TOKEN_USER, &key, tries};
	enum uk_status st = gm_pin_check(pin);

	gm_once_end(token);
	if (st == UK_OK)
		st = gm_pin_key(pin, &key);
	if (st != UK_OK)
		return st;
	st = gm_op_run(token, GM_INS_VERIFY_PIN, GM_OP_TRANSACTION | GM_OP_ONCE, run_verify_once,
		       &args);
	if (st == UK_OK)
		token->base.login_lost = false;
	return st;
}

void
gm_release(struct token *base)
{
	gm_once_end(gm_token_of(base));
}

/* ---- new PINs ---- */

enum uk_status
gm_new_pin_run(struct gm_token *token, void *data)
{
	const struct gm_new_pin_args *args = data;
	UK_SECRET random = {0};
	UK_SECRET cryptogram = {0};
	uint8_t mac[GM_MAC_LEN];
	struct uk_writer out;
	enum uk_status st = gm_app_open(token);

	if (st == UK_OK)
		st = gm_random_take(token, &random);
	if (st == UK_OK)
		st = gm_pin_encrypt_new(token->base.model->new_pin, args->key, args->new_pin,
					&cryptogram);
	if (st == UK_OK)
		st = gm_cmd_begin_app(token, args->ins, (uint8_t)args->role, &out);
	if (st != UK_OK)
		return st;
	token->cmd.cla = GM_CLA_MAC;
	uk_put(&out, uk_secret_peek(&cryptogram));
	st = gm_pin_mac(args->key, random.bytes, &token->cmd, uk_writer_span(&out), mac);
	uk_put(&out, uk_span_of(mac, sizeof(mac)));
	if (st == UK_OK)
		st = gm_cmd_send_only(token, &out);
	else
		uk_wipe(token->cmd.data, out.len);
	uk_wipe(mac, sizeof(mac));
	set_tries(token, args->tries);
	if (st == UK_E_NOT_OPEN)
		gm_ids_forget(token);
	return st;
}

enum uk_status
gm_change_pin(struct token *base, enum token_role role, struct uk_span old_pin,
	      struct uk_span new_pin, unsigned int *tries)
{
	struct gm_token *token = gm_token_of(base);
	UK_SECRET key = {0};
	struct gm_new_pin_args args = {GM_INS_CHANGE_PIN, role, key.bytes, new_pin, tries};
	enum uk_status st = gm_pin_check(old_pin);

	if (st == UK_OK)
		st = gm_pin_check_new(base->model, new_pin);
	if (st == UK_OK)
		st = gm_pin_key(old_pin, &key);
	if (st != UK_OK)
		return st;
	st = gm_op_run(token, GM_INS_CHANGE_PIN, GM_OP_TRANSACTION | GM_OP_ONCE, gm_new_pin_run,
		       &args);
	/* An unblock to come must not spend tries on the old admin PIN. */
	if (st == UK_OK && role == TOKEN_ADMIN && vault_peek(&token->vault) != NULL) {
		st = gm_pin_key(new_pin, &key);
		if (st == UK_OK)
			st = vault_set(&token->vault, key.bytes);
	}
	return st;
}

enum uk_status
gm_unblock(struct token *base, struct uk_span new_user_pin, unsigned int *tries)
{
	struct gm_token *token = gm_token_of(base);
	UK_SECRET key = {0};
	struct gm_new_pin_args args = {GM_INS_UNBLOCK_PIN, 0, key.bytes, new_user_pin, tries};
	enum uk_status st = gm_pin_check_new(base->model, new_user_pin);

	if (st != UK_OK)
		return st;
	if (vault_peek(&token->vault) == NULL ||
	    (base->model->admin_first && (token->rights & 1U << TOKEN_ADMIN) == 0))
		return UK_E_NOT_LOGGED_IN;
	st = uk_secret_set(&key, uk_span_of(vault_peek(&token->vault), GM_BLOCK_LEN));
	if (st != UK_OK)
		return st;
	st = gm_op_run(token, GM_INS_UNBLOCK_PIN, GM_OP_TRANSACTION | GM_OP_RIGHT | GM_OP_ONCE,
		       gm_new_pin_run, &args);
	/* What we kept is not the admin PIN any more: it would cost a try each time. */
	if (st == UK_E_PIN_WRONG || st == UK_E_PIN_LOCKED)
		gm_rights_lost(token);
	return st;
}

struct unblock_args {
	struct gm_verify_args verify;
	struct gm_new_pin_args new_pin;
};

static enum uk_status
run_unblock_by_admin(struct gm_token *token, void *data)
{
	struct unblock_args *args = data;
	bool admin_first = token->base.model->admin_first;
	enum uk_status st = UK_OK;

	if (admin_first)
		st = gm_verify_run(token, &args->verify);
	if (st == UK_OK)
		st = gm_new_pin_run(token, &args->new_pin);
	/* With the admin right the user's goes: who had it has an old PIN now. */
	if (admin_first && (token->rights & 1U << TOKEN_ADMIN) != 0) {
		enum uk_status cleared = gm_clear_send(token);

		gm_rights_lost(token);
		st = st != UK_OK ? st : cleared;
	}
	return st;
}

enum uk_status
gm_unblock_by_admin(struct token *base, struct uk_span admin_pin, struct uk_span new_user_pin,
		    unsigned int *tries)
{
	UK_SECRET key = {0};
	struct unblock_args args = {
		{TOKEN_ADMIN, &key, tries},
		{GM_INS_UNBLOCK_PIN, 0, key.bytes, new_user_pin, tries},
	};
	enum uk_status st = gm_pin_check(admin_pin);

	if (st == UK_OK)
		st = gm_pin_check_new(base->model, new_user_pin);
	if (st == UK_OK)
		st = gm_pin_key(admin_pin, &key);
	if (st != UK_OK)
		return st;
	return gm_op_run(gm_token_of(base), GM_INS_UNBLOCK_PIN, GM_OP_TRANSACTION | GM_OP_ONCE,
			 run_unblock_by_admin, &args);
}

/* ---- giving up ---- */

enum uk_status
gm_clear_send(struct gm_token *token)
{
	struct uk_writer out;
	enum uk_status st = gm_cmd_begin_app(token, GM_INS_CLEAR_SECURE_STATE, 0, &out);

	return st == UK_OK ? gm_cmd_send_only(token, &out) : st;
}

static enum uk_status
run_clear(struct gm_token *token, void *data)
{
	(void)data;
	/* Never opened: nothing can have been gained. */
	return token->app_open ? gm_clear_send(token) : UK_OK;
}

enum uk_status
gm_clear(struct token *base)
{
	struct gm_token *token = gm_token_of(base);
	enum uk_status st;

	gm_once_end(token);
	token->rights = 0;
	vault_clear(&token->vault);
	st = gm_op_run(token, GM_INS_CLEAR_SECURE_STATE, 0, run_clear, NULL);
	if (st == UK_OK)
		base->login_lost = false;
	return st;
}

void
gm_forget(struct token *base)
{
	struct gm_token *token = gm_token_of(base);

	vault_clear(&token->vault);
	token->rights = 0;
}
