/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The token: JSON as the page hands it over. Hostile. */
#ifndef LOGIN_TOKEN_H
#define LOGIN_TOKEN_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

enum login_algorithm { LOGIN_RSA_SHA256, LOGIN_SM2_SM3, LOGIN_ALGORITHMS };

struct login_token {
	enum login_algorithm algorithm;
	X509 *certificate;
	unsigned char *signature;
	size_t signature_len;
};

/*
 * Exactly the four members, base64 in its only form, and one certificate in DER. false: it is no
 * such token; *ret untouched.
 */
bool login_token_read(const char *text, size_t len, struct login_token *ret);
void login_token_clear(struct login_token *token);

/*
 * Bytes of text, the caller's (free). base64 with padding or base64url without, as RFC 4648 makes
 * it; anything else that would decode to the same is refused. At most max bytes. NULL: it is not.
 */
unsigned char *login_base64(const char *text, size_t len, size_t max, size_t *ret_len);
unsigned char *login_base64url(const char *text, size_t len, size_t max, size_t *ret_len);

#endif
