/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A renewal in three turns: until review; approved, issued and fetched; confirmed.  Between them
 * operators and keys sign, which is not the service's work.  Its owner comes twice, days lie
 * between order and certificate: two connections; operators have theirs open.  Where a program
 * would look how far the order is, this one does too: 25 requests in all.
 */
#include "service/base/signed.h"
#include "tests/bench/service/load.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Changes of an order until it waits for review. */
#define VER_IN_REVIEW 7
#define PRICE         22000

static bool
look(struct item *item, struct link *link, const char *state)
{
	CS_JSON *order = NULL;
	char seen[32];
	bool right = load_order(item, link, "", NULL, &order) &&
		     load_member(order, "state", seen, sizeof(seen)) && strcmp(seen, state) == 0;

	if (!right)
		(void)fprintf(stderr, "%s is not %s\n", item->id, state);
	return right;
}

static bool
notify(const struct load *load, struct item *item, struct link *link)
{
	char body[256], notice[320], headers[192], hex[CS_HASH_TEXT];
	uint8_t mac[CS_HASH_LEN];
	const struct link_request request = {.method = "POST",
					     .path = "/v1/pay/sandbox/notify",
					     .headers = headers,
					     .body = body};
	long at = (long)time(NULL);

	(void)snprintf(body, sizeof(body),
		       "{\"reference\":\"%s\",\"amount\":%d,\"notice\":\"n%.24s\"}",
		       item->reference, PRICE, item->reference);
	(void)snprintf(notice, sizeof(notice), "%ld\n%s", at, body);
	if (cs_hmac(uk_span_str(load->pay_key), uk_span_str(notice), mac) != CS_OK)
		return false;
	cs_hex(uk_span_of(mac, sizeof(mac)), hex);
	(void)snprintf(headers, sizeof(headers), "X-Timestamp: %ld\r\nX-Signature: %s\r\n", at,
		       hex);
	return load_ask(item, link, &request, NULL);
}

/* 15 requests */
static bool
until_review(const struct load *load, struct item *item, struct link *link)
{
	CS_JSON *payment = NULL;

	return load_open(item, link, "renewal", "") && look(item, link, "draft") &&
	       load_order(item, link, "/submit", "{}", NULL) && look(item, link, "docs") &&
	       load_order(item, link, "/form",
			  "{\"form\":{\"unit\":\"unit\",\"handler_name\":\"handler\","
			  "\"handler_phone\":\"13700137000\"}}",
			  NULL) &&
	       look(item, link, "docs") && load_order(item, link, "/consent", load->texts, NULL) &&
	       look(item, link, "consented") &&
	       load_order(item, link, "/payment", "{\"years\":1}", &payment) &&
	       load_member(payment, "reference", item->reference, sizeof(item->reference)) &&
	       look(item, link, "wait-pay") && look(item, link, "wait-pay") &&
	       notify(load, item, link) && look(item, link, "paid") &&
	       load_order(item, link, "/event", "{\"event\":\"hand-in\"}", NULL) &&
	       look(item, link, "review");
}

/* {"proof": hex} or {"signature": hex}, and what comes before it */
static char *
text_of(const char *begin, const char *name, const char *hex)
{
	size_t len = strlen(begin) + strlen(name) + strlen(hex) + 8;
	char *text = malloc(len);

	if (text == NULL)
		abort();
	(void)snprintf(text, len, "{%s\"%s\":\"%s\"}", begin, name, hex);
	return text;
}

static bool
signature_hex(EVP_PKEY *key, const char *purpose, const char *body, char ret[512])
{
	CS_BLOB signature = {NULL, 0};

	if (cs_sign(key, purpose, uk_span_str(body), &signature) != CS_OK || signature.len >= 256)
		return false;
	cs_hex(cs_blob_span(&signature), ret);
	return true;
}

static bool
sign_first(const struct load *load, struct item *item)
{
	char body[1024], proof[512];

	(void)snprintf(body, sizeof(body), "order\nnumber=%s\nver=%d\nact=approve\nsn=\n",
		       item->number, VER_IN_REVIEW);
	if (!load_approvals(load, body, item->approve))
		return false;
	(void)snprintf(body, sizeof(body),
		       "issue\norder=%s\nkind=renewal\nsn=%s\nsubject=%s\ncode=91110000TEST000001\n"
		       "years=1\nold=%s\npaid=%d\n",
		       item->id, item->sn, load->subject_hash, item->old_hash, PRICE);
	if (!load_approvals(load, body, item->issue))
		return false;
	(void)snprintf(body, sizeof(body), "order=%s\nsn=%s\ncsr=%s\nold=%s\n", item->id, item->sn,
		       load->csr_hash, item->old_serial);
	if (!signature_hex(load->old_key, CS_PURPOSE_RENEW, body, proof))
		return false;
	item->csr_body = text_of(load->csr_member, "proof", proof);
	return true;
}

static bool
operator_asks(struct item *item, const char *what, const char *body)
{
	char path[96];
	const struct link_request request = {.method = "POST", .path = path, .body = body};

	(void)snprintf(path, sizeof(path), "/v1/operator/%s%s", item->number, what);
	return load_ask(item, item->desk, &request, NULL);
}

/* 7 requests */
static bool
issued(const struct load *load, struct item *item, struct link *link)
{
	char body[8192];
	CS_JSON *result = NULL;
	const char *cert;

	(void)snprintf(body, sizeof(body), "{\"act\":\"approve\",\"approvals\":%s}", item->approve);
	if (!operator_asks(item, "", body) || !look(item, link, "approved"))
		return false;
	(void)snprintf(body, sizeof(body),
		       "{\"subject\":\"%s\",\"code\":\"91110000TEST000001\",\"years\":1,"
		       "\"paid\":%d,\"old_cert\":\"%s\",\"approvals\":%s}",
		       load->subject, PRICE, item->old_cert, item->issue);
	if (!operator_asks(item, "/issue", body) || !look(item, link, "ready") ||
	    !load_order(item, link, "/csr", item->csr_body, NULL) || !look(item, link, "issued") ||
	    !load_order(item, link, "/result", NULL, &result))
		return false;
	cert = cs_json_text(result, "sign_cert", 8192);
	item->cert = cert != NULL ? strdup(cert) : NULL;
	return item->cert != NULL;
}

static bool
sign_second(const struct load *load, struct item *item)
{
	uint8_t der[4096], hash[CS_HASH_LEN];
	char body[256], text[CS_HASH_TEXT], signature[512];
	size_t len = item->cert != NULL ? strlen(item->cert) / 2 : 0;

	if (len == 0 || len > sizeof(der) || !cs_hex_read(item->cert, der, len) ||
	    cs_hash(uk_span_of(der, len), hash) != CS_OK)
		return false;
	cs_hex(uk_span_of(hash, sizeof(hash)), text);
	(void)snprintf(body, sizeof(body), "order=%s\ncert=%s\n", item->id, text);
	if (!signature_hex(load->new_key, CS_PURPOSE_CONFIRM, body, signature))
		return false;
	item->confirm_body = text_of("", "signature", signature);
	return true;
}

/* 3 requests */
static bool
confirmed(const struct load *load, struct item *item, struct link *link)
{
	return look(item, link, "issued") &&
	       load_order(item, link, "/confirm", item->confirm_body, NULL) &&
	       look(item, link, "confirmed");
}

bool
renewals_run(struct load *load, json_t *ret)
{
	static const struct load_turn turns[] = {{load_old, until_review, false},
						 {sign_first, issued, true},
						 {sign_second, confirmed, false}};

	return load_run(load, turns, ARRAY_SIZE(turns), ret);
}
