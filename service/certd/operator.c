/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What operators do to an order: a signature over the order as it is now, by one of them or two.
 * This only moves the order on; whoever makes a certificate or an unlock checks signatures itself.
 */
#include "service/certd/api.h"

#include "service/audit/audit.h"
#include "service/store/deliveries.h"
#include "service/wire/client.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BODY_ROOM  1024
#define SLOTS_ROOM 512
#define ASK_MS     5000
#define VIEW_FRESH (5 * CS_MINUTE)
#define NUMBER_MAX 32
#define CERT_MAX   8192

struct acting {
	struct cs_desk *desk;
	const json_t *json;
	struct cs_order_row *row;
	const char *name, *key_sn, *by;
	struct cs_happening what;
	char body[BODY_ROOM]; /* what is signed */
	enum cs_status (*then)(const struct acting *acting, struct cs_delivery *delivery);
};

/* ---- more lines, and what they are about ---- */

static void
line_add(struct acting *acting, const char *name, const char *value)
{
	size_t len = strlen(acting->body);

	(void)snprintf(acting->body + len, sizeof(acting->body) - len, "%s=%s\n", name, value);
}

/* A word that fits on a line, or nothing. */
static const char *
word_of(const json_t *json, const char *name, size_t most)
{
	const char *word = cs_json_text(json, name, most);

	return word != NULL && strpbrk(word, "\r\n") == NULL ? word : NULL;
}

static enum cs_status
reject_lines(struct acting *acting)
{
	const json_t *slots = json_object_get(acting->json, "slots");
	char text[SLOTS_ROOM] = "";
	size_t len = 0;

	for (size_t i = 0; i < json_array_size(slots); i++) {
		const char *slot = json_string_value(json_array_get(slots, i));

		if (slot == NULL || strlen(slot) >= CS_SLOT_TEXT ||
		    len + CS_SLOT_TEXT + 1 >= sizeof(text))
			return CS_E_ARGUMENTS;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? "," : "",
					slot);
	}
	if (slots != NULL)
		line_add(acting, "slots", text);
	if (json_object_get(acting->json, "reason") == NULL)
		return CS_OK;
	if (word_of(acting->json, "reason", CS_REASON_TEXT - 1) == NULL)
		return CS_E_ARGUMENTS;
	line_add(acting, "reason", word_of(acting->json, "reason", CS_REASON_TEXT - 1));
	return CS_OK;
}

static enum cs_status
reject_then(const struct acting *acting, struct cs_delivery *delivery)
{
	const char *reason = word_of(acting->json, "reason", CS_REASON_TEXT - 1);

	return cs_documents_reject(acting->desk, acting->row,
				   json_object_get(acting->json, "slots"),
				   reason != NULL ? reason : "");
}

static enum cs_status
approve_then(const struct acting *acting, struct cs_delivery *delivery)
{
	return cs_documents_accept(acting->desk, acting->row);
}

static enum cs_status
paid_then(const struct acting *acting, struct cs_delivery *delivery)
{
	return cs_paid(acting->desk, acting->row->id, acting->what.now);
}

/* The order of a replacement stays with the old key: the new one's number is here. */
static enum cs_status
make_then(const struct acting *acting, struct cs_delivery *delivery)
{
	(void)snprintf(delivery->key_sn, sizeof(delivery->key_sn), "%s", acting->key_sn);
	(void)snprintf(delivery->pin, sizeof(delivery->pin), "%s",
		       acting->desk->certd->profile.first_pin);
	return CS_OK;
}

static enum cs_status
lay_out_then(const struct acting *acting, struct cs_delivery *delivery)
{
	memcpy(delivery->post, "collect", 8);
	return CS_OK;
}

static enum cs_status
post_lines(struct acting *acting)
{
	const char *tracking = word_of(acting->json, "tracking", CS_TRACKING_TEXT - 1);

	if (json_object_get(acting->json, "tracking") == NULL)
		return CS_OK;
	if (tracking == NULL)
		return CS_E_ARGUMENTS;
	line_add(acting, "tracking", tracking);
	return CS_OK;
}

static enum cs_status
post_then(const struct acting *acting, struct cs_delivery *delivery)
{
	const char *tracking = word_of(acting->json, "tracking", CS_TRACKING_TEXT - 1);

	memcpy(delivery->post, "post", 5);
	(void)snprintf(delivery->tracking, sizeof(delivery->tracking), "%s",
		       tracking != NULL ? tracking : "");
	return CS_OK;
}

/* Whoever comes in, or collects a key, shows a document, and it is that of somebody in the form. */
static enum cs_status
identity_lines(struct acting *acting)
{
	static const char *const members[] = {"handler_id", "legal_id"};
	const char *shown = word_of(acting->json, "id_number", NUMBER_MAX);
	char hex[CS_HASH_TEXT];
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st;

	if (strcmp(acting->row->state, "to-collect") != 0 &&
	    acting->what.event != CS_EVENT_AT_COUNTER)
		return CS_OK;
	if (shown == NULL || shown[0] == '\0')
		return CS_E_ARGUMENTS;
	st = cs_hash(uk_span_str(shown), hash);
	cs_hex(uk_span_of(hash, sizeof(hash)), hex);
	line_add(acting, "identity", hex);
	for (size_t i = 0; i < ARRAY_SIZE(members) && st == CS_OK; i++) {
		CS_BLOB form = {NULL, 0};
		CS_JSON *json = NULL;
		const char *known;

		st = cs_order_read(&acting->desk->orders, acting->row->id, acting->row, &form);
		json = st == CS_OK ? cs_json_read(cs_blob_span(&form)) : NULL;
		known = cs_json_text(json, members[i], NUMBER_MAX);
		if (known != NULL && strcmp(known, shown) == 0)
			return CS_OK;
	}
	return st == CS_OK ? CS_E_DENIED : st;
}

/* When the certificate on the new key ends is what the issuer made. */
static int64_t
end_of(const struct cs_desk *desk, const char *order_id)
{
	json_t *answer = NULL;
	CS_BLOB der = {NULL, 0};
	struct tm tm;
	int64_t end = 0;

	if (desk->certd->issue_socket == NULL ||
	    cs_ask(desk->certd->issue_socket,
		   json_pack("{s:s, s:s}", "op", "result", "order", order_id), ASK_MS,
		   &answer) != CS_OK)
		return 0;
	if (cs_json_blob(answer, "sign_cert", CERT_MAX, &der)) {
		const unsigned char *at = der.ptr;
		X509 *cert = d2i_X509(NULL, &at, (long)der.len);

		if (cert != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1)
			end = (int64_t)timegm(&tm);
		X509_free(cert);
	}
	json_decref(answer);
	return end;
}

static enum cs_status
hand_over_lines(struct acting *acting)
{
	acting->what.not_after = end_of(acting->desk, acting->row->id);
	return identity_lines(acting);
}

/* A key that is stopped in openukey-unlockd is let go there first: by signatures for it alone. */
static enum cs_status
unlockd_found(const struct acting *acting)
{
	const char *socket = acting->desk->certd->unlock_socket;
	json_t *found = json_object_get(json_object_get(acting->json, "found"), "approvals");
	json_t *answer = NULL;
	const char *state;
	bool lost;
	enum cs_status st;

	if (socket == NULL)
		return CS_OK;
	st = cs_ask(socket, json_pack("{s:s, s:s}", "op", "key", "sn", acting->row->key_sn), ASK_MS,
		    &answer);
	if (st != CS_OK)
		return st == CS_E_NOT_FOUND ? CS_OK : st;
	state = cs_json_text(answer, "state", CS_WORD_TEXT);
	lost = state != NULL && strcmp(state, "lost") == 0;
	json_decref(answer);
	if (!lost)
		return CS_OK;
	if (found == NULL)
		return CS_E_PROOF;
	st = cs_ask(socket,
		    json_pack("{s:s, s:s, s:O}", "op", "found", "sn", acting->row->key_sn,
			      "approvals", found),
		    ASK_MS, &answer);
	if (st == CS_OK)
		json_decref(answer);
	return st;
}

/* Certificates that this order has suspended are let go first, as well by signatures of their own.
 */
static enum cs_status
certificates_released(const struct acting *acting)
{
	const char *socket = acting->desk->certd->issue_socket;
	const json_t *member = json_object_get(acting->json, "certificates");
	json_t *answer = NULL, *approvals = json_object_get(member, "approvals");
	bool none;
	enum cs_status st;

	if (socket == NULL)
		return CS_OK;
	st = cs_ask(socket,
		    json_pack("{s:s, s:s, s:s}", "op", "held", "order", acting->row->id, "sn",
			      acting->row->key_sn),
		    ASK_MS, &answer);
	if (st != CS_OK)
		return st;
	none = json_array_size(json_object_get(answer, "serials")) == 0;
	json_decref(answer);
	if (none)
		return CS_OK;
	if (approvals == NULL)
		return CS_E_PROOF;
	st = cs_ask(socket,
		    json_pack("{s:s, s:s, s:s, s:O}", "op", "release", "order", acting->row->id,
			      "sn", acting->row->key_sn, "approvals", approvals),
		    ASK_MS, &answer);
	if (st == CS_OK)
		json_decref(answer);
	return st;
}

static enum cs_status
let_go(const struct acting *acting)
{
	enum cs_status st = unlockd_found(acting);

	return st == CS_OK ? certificates_released(acting) : st;
}

/* A key that is handed over has its certificates: the issuer knows of them, and that they are out.
 */
static enum cs_status
certificates_delivered(const struct acting *acting)
{
	const char *socket = acting->desk->certd->issue_socket;
	json_t *answer = NULL;
	enum cs_status st;

	if (socket == NULL)
		return CS_OK;
	st = cs_ask(socket,
		    json_pack("{s:s, s:s, s:b}", "op", "confirm", "order", acting->row->id,
			      "delivered", 1),
		    ASK_MS, &answer);
	if (st == CS_OK)
		json_decref(answer);
	return st == CS_E_NOT_FOUND ? CS_E_STATE : st;
}

static const struct {
	const char *name;
	enum cs_event event;
	size_t people; /* for new keys, replacement and counter unlock approval takes two */
	enum cs_status (*lines)(struct acting *acting);
	enum cs_status (*before)(const struct acting *acting); /* outside the transaction */
	enum cs_status (*then)(const struct acting *acting, struct cs_delivery *delivery);
} acts[] = {
	{"approve", CS_EVENT_APPROVE, 2, NULL, NULL, approve_then},
	{"reject", CS_EVENT_REJECT, 1, reject_lines, NULL, reject_then},
	{"refuse", CS_EVENT_REFUSE, 1, NULL, NULL, NULL},
	{"transfer-seen", CS_EVENT_TRANSFER_SEEN, 1, NULL, NULL, paid_then},
	{"refund-seen", CS_EVENT_REFUND_SEEN, 1, NULL, NULL, NULL},
	{"paper-came", CS_EVENT_PAPER_CAME, 1, NULL, NULL, NULL},
	{"make", CS_EVENT_MAKE, 1, NULL, NULL, make_then},
	{"at-counter", CS_EVENT_AT_COUNTER, 1, identity_lines, NULL, NULL},
	{"lay-out", CS_EVENT_LAY_OUT, 1, NULL, NULL, lay_out_then},
	{"post", CS_EVENT_POST, 1, post_lines, NULL, post_then},
	{"hand-over", CS_EVENT_HAND_OVER, 1, hand_over_lines, certificates_delivered, NULL},
	{"release", CS_EVENT_RELEASE, 2, NULL, let_go, NULL},
};

static enum cs_status
act_body(struct cs_store *store, void *ctx)
{
	const struct acting *acting = ctx;
	CS_DELIVERY delivery = {.key_sn = ""};
	enum cs_status st = cs_store_delivery_get(store, acting->row->id, &delivery);

	if (st == CS_OK || st == CS_E_NOT_FOUND)
		st = cs_order_happens(&acting->desk->orders, &acting->what, NULL);
	if (st != CS_OK || acting->then == NULL)
		return st;
	st = acting->then(acting, &delivery);
	return st == CS_OK
		       ? cs_store_delivery_put(store, acting->row->id, &delivery, acting->what.now)
		       : st;
}

static void
body_begin(struct acting *acting, const char *act)
{
	(void)snprintf(acting->body, sizeof(acting->body),
		       "order\nnumber=%s\nver=%ld\nact=%s\nsn=%s\n", acting->row->number,
		       (long)acting->row->ver, act, acting->key_sn);
}

static enum cs_status
act(struct acting *acting, size_t at)
{
	const json_t *approvals = json_object_get(acting->json, "approvals");
	enum cs_status st = CS_OK, lines = CS_OK;

	acting->what = (struct cs_happening){.id = acting->row->id,
					     .event = acts[at].event,
					     .actor = CS_ACTOR_OPERATOR,
					     .now = cs_now(),
					     .by = acting->by,
					     .key_sn = acting->key_sn};
	acting->then = acts[at].then;
	body_begin(acting, acts[at].name);
	if (acts[at].lines != NULL)
		lines = acts[at].lines(acting);
	/* Who has not signed is told nothing about the rest. */
	st = cs_approved(&acting->desk->certd->operators, approvals, uk_span_str(acting->body),
			 acts[at].people);
	if (st == CS_OK)
		st = lines;
	if (st == CS_OK && acts[at].before != NULL)
		st = acts[at].before(acting);
	return st == CS_OK ? cs_store_tx(acting->desk->orders.store, act_body, acting) : st;
}

static enum cs_status
acting_read(const struct cs_http_request *http, struct acting *ret)
{
	const json_t *first = json_array_get(json_object_get(http->json, "approvals"), 0);

	ret->json = http->json;
	ret->key_sn = cs_json_word(http->json, "sn", CS_SN_TEXT - 1);
	ret->by = cs_json_text(first, "operator", CS_OPERATOR_TEXT);
	if (ret->key_sn == NULL)
		return CS_E_ARGUMENTS;
	return cs_store_order_by_number(ret->desk->orders.store, http->parts[0], ret->row);
}

enum cs_status
cs_api_operator(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	const char *name = cs_json_text(http->json, "act", CS_WORD_TEXT);
	CS_ORDER_ROW row = {.ver = 0};
	struct acting acting = {.desk = desk, .row = &row};
	enum cs_status st = CS_E_ARGUMENTS;

	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(acts); i++)
		if (strcmp(acts[i].name, name) == 0) {
			st = acting_read(http, &acting);
			if (st == CS_OK)
				st = act(&acting, i);
		}
	if (st == CS_OK)
		st = cs_api_show(desk, row.id, answer);
	/* Without a signature nobody learns which numbers there are. */
	return st == CS_E_NOT_FOUND ? CS_E_PROOF : st;
}

static enum cs_status
view_log(const struct acting *acting)
{
	const struct cs_audit_pair pairs[] = {{"event", "view"},
					      {"order", acting->row->number},
					      {"slot", acting->key_sn},
					      {"by", acting->by}};

	return cs_audit_log(acting->desk->orders.store, acting->desk->chain, cs_now(), pairs,
			    ARRAY_SIZE(pairs));
}

/* A reviewer's copy: signed for with the time, so that the signature is soon good for nothing. */
enum cs_status
cs_api_view(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	struct acting acting = {.desk = desk, .row = &row};
	char at_text[24];
	int64_t at = 0, now = cs_now();
	enum cs_status st = acting_read(http, &acting);

	if (st != CS_OK)
		return st == CS_E_NOT_FOUND ? CS_E_PROOF : st;
	acting.key_sn = http->parts[1];
	if (!cs_json_number(http->json, "at", &at) || at > now + VIEW_FRESH ||
	    at < now - VIEW_FRESH)
		return CS_E_PROOF;
	(void)snprintf(at_text, sizeof(at_text), "%ld", (long)at);
	body_begin(&acting, "view");
	line_add(&acting, "at", at_text);
	st = cs_approved(&desk->certd->operators, json_object_get(http->json, "approvals"),
			 uk_span_str(acting.body), 1);
	if (st == CS_OK)
		st = view_log(&acting);
	http->page->type = "image/jpeg";
	return st == CS_OK
		       ? cs_document_marked(desk, &row, acting.key_sn, acting.by, &http->page->body)
		       : st;
}
