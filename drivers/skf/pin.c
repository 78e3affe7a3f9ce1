/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PINs.  Each request is sent once; a helper that ends over one leaves the outcome unknown, and the
 * counter is then read anew, which spends nothing.
 */
#include "drivers/skf/token.h"

#include <string.h>

enum uk_status
skf_pin_info(struct token *base, enum token_role role, struct token_pin_info *ret)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready_app(token);
	struct token_pin_info info;
	struct uk_writer request;
	struct skf_answer answer;
	uint8_t is_default;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_PIN_INFO);
	uk_put_u8(&request, (uint8_t)role);
	st = skf_call(token, &request, &answer);
	if (st != UK_OK)
		return st;
	if (!uk_take_u8(&answer.fields, &info.max) || !uk_take_u8(&answer.fields, &info.left) ||
	    !uk_take_u8(&answer.fields, &is_default))
		return UK_E_REPLY;
	info.is_default = is_default != 0;
	*ret = info;
	return UK_OK;
}

/* The counter after an answer that never came: a PIN that is locked by now is worth saying. */
static enum uk_status
unknown_outcome(struct skf_token *token, enum token_role role, unsigned int *tries)
{
	struct token_pin_info info;

	if (skf_pin_info(&token->base, role, &info) != UK_OK || info.left > 0)
		return UK_E_TRY_UNKNOWN;
	*tries = 0;
	return UK_E_PIN_LOCKED;
}

static enum uk_status
pin_call(struct skf_token *token, enum token_role role, const struct uk_writer *request,
	 unsigned int *tries)
{
	struct skf_answer answer;
	struct token_pin_info info;
	enum uk_status st = skf_call(token, request, &answer);

	if (st == UK_E_TRY_UNKNOWN)
		return unknown_outcome(token, role, tries);
	if (st == UK_E_PIN_LOCKED)
		*tries = 0;
	if (st != UK_E_PIN_WRONG)
		return st;
	if (answer.tries != SKF_TRIES_NONE)
		*tries = answer.tries;
	else if (skf_pin_info(&token->base, role, &info) == UK_OK)
		*tries = info.left;
	else
		return UK_E_REPLY;
	/* Some libraries say so only with the next try. */
	return *tries == 0 ? UK_E_PIN_LOCKED : UK_E_PIN_WRONG;
}

/* Looked at before a try is spent. */
static bool
pin_fits(const struct skf_token *token, struct uk_span pin)
{
	const struct token_model_info *model = token_model_info(token->base.model);

	return pin.len >= model->pin_min && pin.len <= model->pin_max &&
	       memchr(pin.ptr, 0, pin.len) == NULL;
}

enum uk_status
skf_verify(struct token *base, enum token_role role, struct uk_span pin, unsigned int *tries)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = pin_fits(token, pin) ? skf_ready_app(token) : UK_E_PIN_LEN;
	struct uk_writer request;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_VERIFY);
	uk_put_u8(&request, (uint8_t)role);
	skf_put_bytes(&request, pin);
	st = pin_call(token, role, &request, tries);
	if (st != UK_OK)
		return st;
	token->base.login_lost = false;
	if (role == TOKEN_ADMIN)
		token->admin_kept = true;
	return UK_OK;
}

enum uk_status
skf_change_pin(struct token *base, enum token_role role, struct uk_span old_pin,
	       struct uk_span new_pin, unsigned int *tries)
{
	struct skf_token *token = skf_token_of(base);
	bool fits = pin_fits(token, old_pin) && pin_fits(token, new_pin);
	enum uk_status st = fits ? skf_ready_app(token) : UK_E_PIN_LEN;
	struct uk_writer request;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_CHANGE_PIN);
	uk_put_u8(&request, (uint8_t)role);
	skf_put_bytes(&request, old_pin);
	skf_put_bytes(&request, new_pin);
	return pin_call(token, role, &request, tries);
}

enum uk_status
skf_unblock(struct token *base, struct uk_span new_user_pin, unsigned int *tries)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = pin_fits(token, new_user_pin) ? skf_ready_app(token) : UK_E_PIN_LEN;
	struct uk_writer request;

	if (st != UK_OK)
		return st;
	if (!token->admin_kept)
		return UK_E_NOT_LOGGED_IN;
	request = skf_link_request(&token->link, SKF_OP_UNBLOCK);
	skf_put_bytes(&request, new_user_pin);
	return pin_call(token, TOKEN_ADMIN, &request, tries);
}

enum uk_status
skf_unblock_by_admin(struct token *base, struct uk_span admin_pin, struct uk_span new_user_pin,
		     unsigned int *tries)
{
	struct skf_token *token = skf_token_of(base);
	bool fits = pin_fits(token, admin_pin) && pin_fits(token, new_user_pin);
	enum uk_status st = fits ? skf_ready_app(token) : UK_E_PIN_LEN;
	struct uk_writer request;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_UNBLOCK_BY_ADMIN);
	skf_put_bytes(&request, admin_pin);
	skf_put_bytes(&request, new_user_pin);
	return pin_call(token, TOKEN_ADMIN, &request, tries);
}

static enum uk_status
call_empty(struct skf_token *token, enum skf_op op)
{
	struct uk_writer request = skf_link_request(&token->link, op);
	struct skf_answer answer;

	return skf_call(token, &request, &answer);
}

enum uk_status
skf_clear(struct token *base)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready_app(token);

	if (st == UK_OK)
		st = call_empty(token, SKF_OP_CLEAR);
	token->admin_kept = false;
	if (st == UK_OK)
		token->base.login_lost = false;
	return st;
}

void
skf_forget(struct token *base)
{
	struct skf_token *token = skf_token_of(base);

	if (!token->admin_kept || token->link.fd < 0)
		return;
	token->admin_kept = false;
	/* A helper that does not answer has forgotten as well. */
	if (call_empty(token, SKF_OP_FORGET) != UK_OK)
		return;
}

enum uk_status
skf_verify_once(struct token *base, struct uk_span pin, unsigned int *tries)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = pin_fits(token, pin) ? skf_ready_app(token) : UK_E_PIN_LEN;
	struct uk_writer request;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_VERIFY_ONCE);
	uk_put_u8(&request, TOKEN_USER);
	skf_put_bytes(&request, pin);
	st = pin_call(token, TOKEN_USER, &request, tries);
	if (st == UK_OK)
		token->base.login_lost = false;
	return st;
}

void
skf_release(struct token *base)
{
	struct skf_token *token = skf_token_of(base);

	/* When the connection ends the helper releases by itself. */
	if (token->link.fd < 0 || call_empty(token, SKF_OP_RELEASE) != UK_OK)
		return;
}
