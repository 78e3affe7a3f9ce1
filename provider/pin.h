/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the PIN comes from, and when none is sent. Order: the address (pin-value, pin-source of
 * RFC 7512), then whoever asks for OpenSSL's application. A PIN is used once and wiped.
 */
#ifndef OPENUKEY_PROVIDER_PIN_H
#define OPENUKEY_PROVIDER_PIN_H

#include "common/secret.h"
#include "provider/provider.h"

#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

/* The label, or the serial number, as a line of text. */
#define TOKEN_NAME_SIZE 40

/* What token_login remembers when there was no PIN to send. */
#define PIN_NOT_GOT CKR_FUNCTION_CANCELED

struct pin_source {
	const P11KitUri *uri;
	OSSL_PASSPHRASE_CALLBACK *ask; /* or NULL */
	void *ask_arg;
};

/*
 * Gets the PIN for a token whose flags are `flags`. False, raised: no PIN, the counter says that it
 * must not be spent (locked, last try, or a stored PIN after a wrong one).
 */
bool pin_get(const struct token *token, const struct pin_source *source, CK_FLAGS flags,
	     struct uk_secret *ret_pin);

/* Raises why C_Login failed, with the tries that are left. */
void pin_raise(const struct token *token, CK_RV rv);

/* What comes from a key is shown on one line and without control characters. */
void pin_token_name(const CK_TOKEN_INFO *info, char name[TOKEN_NAME_SIZE]);

#endif
