/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a PIN may be sent to a key: a wrong one costs a try, and the key dies of ten. */
#ifndef UK_TOKEN_SHARE_TRY_H
#define UK_TOKEN_SHARE_TRY_H

#include "drivers/token.h"

/* UK_E_PIN_LEN for what cannot be the PIN, or could not be set: it must not cost a try. */
UK_CHECKED enum uk_status try_pin_fits(const struct token *token, struct uk_span pin);

/* What is known of a try besides the PIN. */
struct
try {
	enum token_role role;
	bool changing;  /* the PIN itself is being changed: just what force-pin-change asks for */
	bool confirmed; /* somebody has agreed to this very try */
};

/*
 * Asks the key only where policy has a rule: it costs one command.  UK_E_PIN_DEFAULT: the PIN is
 * still the one set at issue; UK_E_POLICY: fewer than min-tries left.
 */
UK_CHECKED enum uk_status try_allowed(struct token *token, const struct try *what);

#endif
