/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "token.h"

#include "verify.h"

#include <jansson.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT        "openukey-login-1"
#define MEMBERS       4
#define SIGNATURE_MAX 1024 /* RSA with 8192 bits */
#define BASE64_TAIL   2    /* base64 has at most so many '=' */

static const char *const algorithms[LOGIN_ALGORITHMS] = {
	[LOGIN_RSA_SHA256] = "rsa-sha256",
	[LOGIN_SM2_SM3] = "sm2-sm3",
};

/* ---- base64 ---- */

/* What is not its own encoding (stray bits behind the end) is not base64. */
static bool
is_canonical(const char *text, size_t len, const unsigned char *bytes, size_t bytes_len)
{
	unsigned char *again = malloc(len + 1);
	bool same = again != NULL && (size_t)EVP_EncodeBlock(again, bytes, (int)bytes_len) == len &&
		    memcmp(again, text, len) == 0;

	free(again);
	return same;
}

unsigned char *
login_base64(const char *text, size_t len, size_t max, size_t *ret_len)
{
	size_t tail = 0, bytes_len;
	unsigned char *bytes;

	if (len == 0 || len % 4 != 0 || len / 4 * 3 > max + BASE64_TAIL)
		return NULL;
	while (tail < BASE64_TAIL && text[len - 1 - tail] == '=')
		tail++;
	bytes = malloc(len / 4 * 3);
	if (bytes == NULL)
		return NULL;
	bytes_len = len / 4 * 3 - tail;
	if (EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len) != (int)(len / 4 * 3) ||
	    bytes_len > max || !is_canonical(text, len, bytes, bytes_len)) {
		free(bytes);
		return NULL;
	}
	*ret_len = bytes_len;
	return bytes;
}

unsigned char *
login_base64url(const char *text, size_t len, size_t max, size_t *ret_len)
{
	size_t padded = (len + 3) / 4 * 4;
	unsigned char *bytes = NULL;
	char *plain;

	if (len == 0 || len > max * 2 || strcspn(text, "+/=") < len)
		return NULL;
	plain = malloc(padded);
	if (plain == NULL)
		return NULL;
	memset(plain, '=', padded);
	for (size_t i = 0; i < len; i++)
		plain[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
	bytes = login_base64(plain, padded, max, ret_len);
	free(plain);
	return bytes;
}

/* ---- the token ---- */

static unsigned char *
bytes_of(json_t *object, const char *name, size_t max, size_t *ret_len)
{
	json_t *text = json_object_get(object, name);

	if (!json_is_string(text))
		return NULL;
	return login_base64(json_string_value(text), json_string_length(text), max, ret_len);
}

static bool
text_is(json_t *object, const char *name, const char *wanted)
{
	json_t *text = json_object_get(object, name);

	return json_is_string(text) && json_string_length(text) == strlen(wanted) &&
	       strcmp(json_string_value(text), wanted) == 0;
}

static bool
algorithm_of(json_t *object, enum login_algorithm *ret)
{
	for (enum login_algorithm i = 0; i < LOGIN_ALGORITHMS; i++)
		if (text_is(object, "algorithm", algorithms[i])) {
			*ret = i;
			return true;
		}
	return false;
}

/* One certificate, nothing behind it, and no second way to write the same. */
static X509 *
certificate_of(const unsigned char *der, size_t len)
{
	const unsigned char *at = der;
	unsigned char *again = NULL;
	X509 *certificate = d2i_X509(NULL, &at, (long)len);
	int again_len = certificate != NULL ? i2d_X509(certificate, &again) : -1;
	bool same = again_len >= 0 && (size_t)again_len == len && memcmp(again, der, len) == 0;

	OPENSSL_free(again);
	if (same)
		return certificate;
	X509_free(certificate);
	ERR_clear_error();
	return NULL;
}

static bool
members_read(json_t *object, struct login_token *ret)
{
	struct login_token token = {0};
	size_t der_len = 0;
	unsigned char *der = NULL;

	if (!json_is_object(object) || json_object_size(object) != MEMBERS ||
	    !text_is(object, "format", FORMAT) || !algorithm_of(object, &token.algorithm))
		return false;
	der = bytes_of(object, "certificate", LOGIN_TOKEN_MAX, &der_len);
	if (der != NULL)
		token.certificate = certificate_of(der, der_len);
	free(der);
	if (token.certificate != NULL)
		token.signature =
			bytes_of(object, "signature", SIGNATURE_MAX, &token.signature_len);
	if (token.signature == NULL) {
		login_token_clear(&token);
		return false;
	}
	*ret = token;
	return true;
}

bool
login_token_read(const char *text, size_t len, struct login_token *ret)
{
	json_t *object;
	bool good;

	if (len > 0 && text[len - 1] == '\0')
		len--;
	if (len == 0 || len > LOGIN_TOKEN_MAX)
		return false;
	object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	good = object != NULL && members_read(object, ret);
	json_decref(object);
	return good;
}

void
login_token_clear(struct login_token *token)
{
	X509_free(token->certificate);
	free(token->signature);
	*token = (struct login_token){0};
}
