/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Local policy: /etc/openukey/policy.conf, lines of `name = value`, # starts a comment.  What
 * stands behind a line `[/path/of/a/program]` is for that host program only, and goes before what
 * is for all.  OPENUKEY_POLICY names another file (ignored in setuid programs).
 */
#ifndef UK_TOKEN_SHARE_POLICY_H
#define UK_TOKEN_SHARE_POLICY_H

#include <stdbool.h>

struct policy {
	/* C_Login with fewer tries left than this is refused unless confirm_try armed it; 0 = off
	 */
	unsigned int min_tries;
	/* C_Login answers CKR_PIN_EXPIRED while the PIN is still the one set at issue */
	bool force_pin_change;
	/*
	 * The PIN is asked for by the desktop's own prompt and not by the host program
	 * (CKF_PROTECTED_AUTHENTICATION_PATH, prompt.h)
	 */
	bool protected_path;
	/* Keys are asked which applications they have, and each is a slot (slot_app.h) */
	bool all_applications;
	/* SKF_Transmit passes on whatever it is given, PINs and all */
	bool raw_commands;
};

/* Reads the file anew; what is missing or wrong in it keeps its default and is logged. */
void policy_load(void);
const struct policy *policy_get(void);

#endif
