/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/gm/session.h"

#include "common/log.h"

/* How often an operation may find the key reset before it gives up: somebody else is at it. */
#define RESETS_MAX 3

static enum uk_status
note(struct gm_token *token, enum uk_status st)
{
	if (st == UK_E_RESET || st == UK_E_REMOVED)
		gm_session_lost(token);
	if (st == UK_E_REMOVED)
		token->removed = true;
	token->resets = pcsc_card_resets(token->card);
	return st;
}

static enum uk_status
transaction_begin(struct gm_token *token)
{
	enum uk_status st = note(token, pcsc_card_begin(token->card));

	token->in_transaction = st == UK_OK;
	return st;
}

static void
transaction_end(struct gm_token *token)
{
	if (token->in_transaction)
		pcsc_card_end(token->card);
	token->in_transaction = false;
}

/* A deadline met late: the key is let go of, and the use that it was for is refused. */
static enum uk_status
once_check(struct gm_token *token, unsigned int flags)
{
	if (!token->once.active || !gm_once_expired(token))
		return UK_OK;
	gm_once_end(token);
	return (flags & GM_OP_PRIVATE_KEY) != 0 ? UK_E_NOT_LOGGED_IN : UK_OK;
}

/* A reset that another token of the same connection met. */
static enum uk_status
resets_check(struct gm_token *token, unsigned int flags)
{
	if (token->resets == pcsc_card_resets(token->card))
		return UK_OK;
	(void)note(token, UK_E_RESET);
	return (flags & GM_OP_RIGHT) != 0 ? UK_E_RESET : UK_OK;
}

/*
 * One go at the operation. Several commands, or any on a reader that needs several for one, keep
 * other programs off; so does the second go after ids were refused.
 */
static enum uk_status
run_once(struct gm_token *token, bool transaction,
	 enum uk_status (*run)(struct gm_token *token, void *args), void *args)
{
	enum uk_status st = UK_OK;

	if (transaction && !token->in_transaction)
		st = transaction_begin(token);
	if (st == UK_OK)
		st = note(token, run(token, args));
	return st;
}

enum uk_status
gm_op_run(struct gm_token *token, enum gm_ins ins, unsigned int flags,
	  enum uk_status (*run)(struct gm_token *token, void *args), void *args)
{
	bool transaction = (flags & GM_OP_TRANSACTION) != 0 || !pcsc_card_extended(token->card);
	bool keep = false; /* verify_once's transaction is not ours to end */
	bool reopened = false;
	int resets = 0;
	enum uk_status st;

	if (token->removed)
		return UK_E_REMOVED;
	st = gm_cmd_allowed(token, ins);
	if (st == UK_OK)
		st = resets_check(token, flags);
	if (st == UK_OK)
		st = once_check(token, flags);
	if (st != UK_OK)
		return st;
	keep = token->once.active;

	for (;;) {
		token->sent = 0;
		st = run_once(token, transaction, run, args);
		if (st == UK_E_RESET && (flags & GM_OP_RIGHT) == 0 && ++resets < RESETS_MAX &&
		    (token->sent == 0 || (flags & GM_OP_ONCE) == 0))
			continue;
		if (st == UK_E_NOT_OPEN && !reopened && (flags & GM_OP_ONCE) == 0) {
			/* Another program closed or deleted it: by its name, once more. */
			gm_ids_forget(token);
			reopened = true;
			transaction = true;
			continue;
		}
		break;
	}
	if (keep && (flags & GM_OP_PRIVATE_KEY) != 0)
		token->once.used = true;
	if (!token->once.active)
		transaction_end(token);
	/* Open a moment ago, in this very transaction: pcscd tells of the reset after it happened.
	 */
	return st == UK_E_NOT_OPEN && (flags & GM_OP_ONCE) != 0 ? UK_E_RESET : st;
}

bool
gm_once_expired(const struct gm_token *token)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > token->once.end.tv_sec ||
	       (now.tv_sec == token->once.end.tv_sec && now.tv_nsec >= token->once.end.tv_nsec);
}

void
gm_once_end(struct gm_token *token)
{
	bool key_clears = (token->base.model->info.flags & TOKEN_MODEL_AUTH_EACH_USE) != 0;

	if (!token->once.active)
		return;
	token->once.active = false;
	if (!(token->once.used && key_clears)) {
		enum uk_status st = note(token, gm_clear_send(token));

		if (st != UK_OK)
			uk_debug("card", "ClearSecureState: %s", uk_status_text(st));
	}
	token->rights &= ~(1U << TOKEN_USER);
	transaction_end(token);
}
