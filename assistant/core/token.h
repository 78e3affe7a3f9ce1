/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One key (or any PKCS #11 token): who it is, its PINs, a session to it. */
#ifndef OUK_CORE_TOKEN_H
#define OUK_CORE_TOKEN_H

#include "assistant/core/cryptoki.h"

#include "common/openukey.h"
#include "common/secret.h"

#include <glib.h>

typedef struct {
	CK_FUNCTION_LIST *module;
	CK_SLOT_ID slot;
	const struct openukey_functions *vendor; /* NULL: not our module */
	CK_SESSION_HANDLE session;               /* 0: none */
	gboolean logged_in;
	gboolean blank; /* nothing on it yet */
	char *label, *serial, *maker, *model, *reader;
	CK_ULONG pin_min, pin_max; /* bytes */
	CK_FLAGS flags;            /* CKF_* of CK_TOKEN_INFO, as of the last refresh */
} OukToken;

/* What is known of a PIN's counter. */
typedef struct {
	gboolean exact; /* max, left and is_default are the key's own words */
	unsigned int max, left;
	gboolean is_default; /* still the first PIN */
	gboolean locked, final_try, low;
} OukTries;

/* Why a token cannot be talked to is in *ret_rv (may be NULL). */
OukToken *ouk_token_look(CK_FUNCTION_LIST *module, CK_SLOT_ID slot,
			 const struct openukey_functions *vendor, CK_RV *ret_rv);
/* NULL when the slot's token cannot be talked to. */
OukToken *ouk_token_new(CK_FUNCTION_LIST *module, CK_SLOT_ID slot,
			const struct openukey_functions *vendor);
/* Logs out, closes the session. NULL is legal. */
void ouk_token_free(OukToken *token);
/* Reads C_GetTokenInfo again. */
void ouk_token_refresh(OukToken *token);

/* Opens the token's one session, or keeps the one there is. */
gboolean ouk_token_open(OukToken *token, gboolean write, GError **error);
void ouk_token_close(OukToken *token);

/* user: CKU_USER or CKU_SO. Costs no try; what the key does not tell is left out. */
void ouk_token_tries(OukToken *token, CK_USER_TYPE user, OukTries *ret);
/* The same from the flags of the last refresh: one command less. */
void ouk_token_tries_now(OukToken *token, CK_USER_TYPE user, OukTries *ret);
/* "9 of 10 tries left", "number of tries unknown", ...; the caller frees. */
char *ouk_tries_text(const OukTries *tries);

/* Device data of our own keys. OUK_E_UNSUPPORTED on others. */
gboolean ouk_token_device(OukToken *token, struct openukey_device_info *ret, GError **error);

/*
 * Sends the PIN once, never again by itself. The session must be open (CKU_SO: for writing).
 * OUK_E_PIN_LEN before anything is sent; a wrong PIN's error tells the tries left. A token with
 * its own keypad takes an empty PIN.
 */
gboolean ouk_token_login(OukToken *token, CK_USER_TYPE user, const struct uk_secret *pin,
			 GError **error);
void ouk_token_logout(OukToken *token);
/* Changes the user PIN; needs no login. */
gboolean ouk_token_change_pin(OukToken *token, const struct uk_secret *old_pin,
			      const struct uk_secret *new_pin, GError **error);
/* After a login as CKU_SO: sets the user PIN and its counter. */
gboolean ouk_token_init_pin(OukToken *token, const struct uk_secret *new_pin, GError **error);
/* OUK_E_PIN_LEN unless the length is one the token takes. */
gboolean ouk_token_check_pin(const OukToken *token, const struct uk_secret *pin, GError **error);
/* Lets one PIN try pass the local policy; the person has been shown `left` tries. */
gboolean ouk_token_confirm_try(OukToken *token, CK_USER_TYPE user, unsigned int left,
			       GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukToken, ouk_token_free)

#endif
