/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who somebody is: the certificate of the TLS handshake, with every request; there is no session
 * that could be stolen, fixed or ridden on.  As browsers send a certificate whoever made them ask,
 * each form carries a token that only a page of ours can have had.
 */
#include "service/console/console.h"

#include "service/base/clock.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define PEM_MAX     16384
#define FORM_LIFE   (8 * CS_HOUR)
#define TICKET_LIFE CS_HOUR

static int
hex_digit(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, digit | 0x20);

	return digit != '\0' && at != NULL ? (int)(at - digits) : -1;
}

/* nginx's $ssl_client_escaped_cert: PEM with %XX. */
static bool
unescape(const char *text, struct cs_blob *ret)
{
	size_t len = strlen(text), out = 0;

	if (len == 0 || len > PEM_MAX || cs_blob_room(ret, len) != CS_OK)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = text[i] == '%' ? hex_digit(text[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

		if (text[i] == '%' && low < 0)
			return false;
		ret->ptr[out++] = text[i] == '%' ? (uint8_t)(high << 4 | low) : (uint8_t)text[i];
		i += text[i] == '%' ? 2 : 0;
	}
	ret->len = out;
	return true;
}

static void
bio_drop(BIO **bio)
{
	BIO_free_all(*bio);
}

static void
x509_drop(X509 **cert)
{
	X509_free(*cert);
}

static void
bytes_drop(unsigned char **bytes)
{
	OPENSSL_free(*bytes);
}

/* The key's own hash, so that a form is no good in the hands of the same name's next key. */
static enum cs_status
key_mark(EVP_PKEY *key, char ret[CS_HASH_TEXT])
{
	UK_CLEANUP(bytes_drop) unsigned char *der = NULL;
	uint8_t hash[CS_HASH_LEN];
	int len = i2d_PUBKEY(key, &der);
	enum cs_status st = len > 0 ? cs_hash(uk_span_of(der, (size_t)len), hash) : CS_E_CRYPTO;

	if (st == CS_OK)
		cs_hex(uk_span_of(hash, sizeof(hash)), ret);
	return st;
}

enum cs_status
con_login(struct visit *visit)
{
	CS_BLOB pem = {NULL, 0};
	UK_CLEANUP(bio_drop) BIO *bio = NULL;
	UK_CLEANUP(x509_drop) X509 *cert = NULL;
	EVP_PKEY *key;
	enum cs_status st;

	if (strcmp(visit->request->client_verify, "SUCCESS") != 0 ||
	    !unescape(visit->request->client_cert, &pem))
		return CS_E_DENIED;
	bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	key = cert != NULL ? X509_get0_pubkey(cert) : NULL;
	if (key == NULL)
		return CS_E_DENIED;
	st = cs_operator_by_key(&visit->console->certd.operators, key, &visit->counter.who);
	return st == CS_OK ? key_mark(key, visit->key_mark) : st;
}

static enum cs_status
token_make(const struct visit *visit, int64_t until, char ret[CON_TOKEN_TEXT])
{
	char value[CS_HASH_TEXT + 64], mark[CS_HASH_TEXT];
	enum cs_status st;

	(void)snprintf(value, sizeof(value), "%s %s %ld", visit->counter.who.name, visit->key_mark,
		       (long)until);
	st = cs_vault_mark(&visit->console->certd.vault, "console-form", value, mark);
	if (st == CS_OK)
		(void)snprintf(ret, CON_TOKEN_TEXT, "%ld.%s", (long)until, mark);
	return st;
}

enum cs_status
con_token(struct visit *visit)
{
	return token_make(visit, cs_now() + FORM_LIFE, visit->token);
}

static bool
same_secret(const char *a, const char *b)
{
	return cs_equal_secret(uk_span_str(a), uk_span_str(b));
}

enum cs_status
con_token_check(const struct visit *visit)
{
	const struct con_request *request = visit->request;
	const char *told = con_field(request, "token");
	int64_t until = strtoll(told, NULL, 10), now = cs_now();
	char right[CON_TOKEN_TEXT];
	enum cs_status st;

	/* A browser says where a form came from; other programs say nothing. */
	if (request->origin[0] != '\0' && strcmp(request->origin, visit->console->url) != 0)
		return CS_E_PROOF;
	if (request->fetch_site[0] != '\0' && strcmp(request->fetch_site, "same-origin") != 0)
		return CS_E_PROOF;
	if (until < now || until > now + FORM_LIFE)
		return CS_E_PROOF;
	st = token_make(visit, until, right);
	return st == CS_OK && !same_secret(told, right) ? CS_E_PROOF : st;
}

static enum cs_status
ticket_mark(const struct console *console, const char *number, const char *name, const char *until,
	    char ret[CS_HASH_TEXT])
{
	char value[CS_NUMBER_TEXT + CS_OPERATOR_TEXT + 64];

	(void)snprintf(value, sizeof(value), "%.19s %.32s %.20s", number, name, until);
	return cs_vault_mark(&console->certd.vault, "console-ticket", value, ret);
}

enum cs_status
con_ticket(const struct visit *visit, const char *number, char ret[CON_TICKET_TEXT])
{
	char until[24], mark[CS_HASH_TEXT];
	enum cs_status st;

	(void)snprintf(until, sizeof(until), "%ld", (long)(cs_now() + TICKET_LIFE));
	st = ticket_mark(visit->console, number, visit->counter.who.name, until, mark);
	if (st == CS_OK)
		(void)snprintf(ret, CON_TICKET_TEXT, "%s/t/%s/%s/%s/%s", visit->console->url,
			       number, visit->counter.who.name, until, mark);
	return st;
}

enum cs_status
con_ticket_check(struct visit *visit)
{
	const char *number = visit->request->parts[0], *name = visit->request->parts[1];
	const char *until = visit->request->parts[2], *told = visit->request->parts[3];
	int64_t end = strtoll(until, NULL, 10), now = cs_now();
	char right[CS_HASH_TEXT];
	enum cs_status st = ticket_mark(visit->console, number, name, until, right);

	if (st == CS_OK && (!same_secret(told, right) || end < now || end > now + TICKET_LIFE))
		st = CS_E_DENIED;
	return st == CS_OK ? cs_operator_by_name(&visit->console->certd.operators, name,
						 &visit->counter.who)
			   : st;
}
