/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "token-share/try.h"

#include "token-share/policy.h"

enum uk_status
try_pin_fits(const struct token *token, struct uk_span pin)
{
	const struct token_model_info *model = token_model_info(token->model);

	return pin.len >= model->pin_min && pin.len <= model->pin_max ? UK_OK : UK_E_PIN_LEN;
}

enum uk_status
try_allowed(struct token *token, const struct try *what)
{
	const struct policy *policy = policy_get();
	bool must_change = policy->force_pin_change && what->role == TOKEN_USER && !what->changing;
	struct token_pin_info pin;
	enum uk_status st;

	if (policy->min_tries == 0 && !must_change)
		return UK_OK;
	st = token->ops->pin_info(token, what->role, &pin);
	/* Another program's reset: no login is needed for this. */
	if (st == UK_E_RESET)
		st = token->ops->pin_info(token, what->role, &pin);
	if (st != UK_OK)
		return st;
	if (must_change && pin.is_default)
		return UK_E_PIN_DEFAULT;
	if (pin.left > 0 && pin.left < policy->min_tries && !what->confirmed)
		return UK_E_POLICY;
	return UK_OK;
}
