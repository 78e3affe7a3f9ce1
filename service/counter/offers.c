/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be asked for, and the lines that are signed for it. */
#include "service/counter/counter.h"

#include "service/wire/client.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define ASK_MS      5000
#define MEMBER_MAX  256
#define SUBJECT_MAX 1024
#define CERT_MAX    8192

enum asked {
	ASKED_ORDER,
	ASKED_ISSUE,
	ASKED_UNLOCK,
	ASKED_FOUND,
	ASKED_AGAIN,
	ASKED_REINSTATE,
	ASKED_REQUEST,
	ASKED_REVOKE,
};

/* Sorted as they are offered. Kind: one only, or any. */
static const struct offer {
	const char *act;
	enum asked what;
	enum cs_event event; /* possible where this may happen */
	enum cs_kind kind;
	const char *lines[3]; /* members that are lines of their own; a missing one has none */
} offers[] = {
	{"approve", ASKED_ORDER, CS_EVENT_APPROVE, CS_KIND_COUNT, {NULL}},
	{"reject", ASKED_ORDER, CS_EVENT_REJECT, CS_KIND_COUNT, {"slots", "reason", NULL}},
	{"refuse", ASKED_ORDER, CS_EVENT_REFUSE, CS_KIND_COUNT, {NULL}},
	{"transfer-seen", ASKED_ORDER, CS_EVENT_TRANSFER_SEEN, CS_KIND_COUNT, {NULL}},
	{"paper-came", ASKED_ORDER, CS_EVENT_PAPER_CAME, CS_KIND_COUNT, {NULL}},
	{"at-counter", ASKED_ORDER, CS_EVENT_AT_COUNTER, CS_KIND_COUNT, {"identity", NULL}},
	{"issue", ASKED_ISSUE, CS_EVENT_PREPARED, CS_KIND_COUNT, {NULL}},
	{"request", ASKED_REQUEST, CS_EVENT_MAKE, CS_KIND_COUNT, {NULL}},
	{"make", ASKED_ORDER, CS_EVENT_MAKE, CS_KIND_COUNT, {NULL}},
	{"lay-out", ASKED_ORDER, CS_EVENT_LAY_OUT, CS_KIND_COUNT, {NULL}},
	{"post", ASKED_ORDER, CS_EVENT_POST, CS_KIND_COUNT, {"tracking", NULL}},
	{"hand-over", ASKED_ORDER, CS_EVENT_HAND_OVER, CS_KIND_COUNT, {"identity", NULL}},
	{"again", ASKED_AGAIN, CS_EVENT_APPROVE, CS_KIND_UNLOCK, {NULL}},
	{"unlock", ASKED_UNLOCK, CS_EVENT_APPROVE, CS_KIND_UNLOCK, {NULL}},
	{"found", ASKED_FOUND, CS_EVENT_RELEASE, CS_KIND_LOSS, {NULL}},
	{"reinstate", ASKED_REINSTATE, CS_EVENT_RELEASE, CS_KIND_LOSS, {NULL}},
	{"release", ASKED_ORDER, CS_EVENT_RELEASE, CS_KIND_COUNT, {NULL}},
	{"revoke", ASKED_REVOKE, CS_EVENT_REVOKE_DONE, CS_KIND_COUNT, {NULL}},
	{"refund-seen", ASKED_ORDER, CS_EVENT_REFUND_SEEN, CS_KIND_COUNT, {NULL}},
};

static const struct offer *
offer_find(const char *act)
{
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		if (strcmp(offers[i].act, act) == 0)
			return &offers[i];
	return NULL;
}

/* The certificate of a new key is approved before the key is made: the order stays where it is. */
static bool
on_new_key(const struct offer *offer, enum cs_kind kind, enum cs_state state)
{
	enum cs_state next;

	return offer->what == ASKED_ISSUE &&
	       cs_flow_next(kind, state, CS_EVENT_MAKE, &next) == CS_OK;
}

static bool
possible(const struct offer *offer, const struct cs_order_row *row)
{
	enum cs_kind kind;
	enum cs_state state, next;

	if (!cs_kind_read(row->kind, &kind) || !cs_state_read(row->state, &state) ||
	    (cs_flow_next(kind, state, offer->event, &next) != CS_OK &&
	     !on_new_key(offer, kind, state)))
		return false;
	/* A counter unlock is approved by its own text: openukey-unlockd sees no other. */
	if (strcmp(offer->act, "approve") == 0 && kind == CS_KIND_UNLOCK)
		return false;
	return offer->kind == CS_KIND_COUNT || offer->kind == kind;
}

bool
cs_ask_possible(const struct cs_order_row *row, const char *act)
{
	const struct offer *offer = offer_find(act);

	return offer != NULL && possible(offer, row);
}

static unsigned int
roles_for(const struct offer *offer)
{
	char text[64];

	(void)snprintf(text, sizeof(text), offer->what == ASKED_ORDER ? "order\nact=%s\n" : "%s\n",
		       offer->what == ASKED_REINSTATE ? "release" : offer->act);
	return cs_act_of(uk_span_str(text)).roles;
}

enum cs_status
cs_counter_offers(const struct cs_counter *counter, const struct cs_order_row *row,
		  json_t *ret_acts)
{
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		if (possible(&offers[i], row) && cs_counter_is(counter, roles_for(&offers[i])) &&
		    json_array_append_new(ret_acts, json_string(offers[i].act)) != 0)
			return CS_E_MEMORY;
	return CS_OK;
}

/* One line's value: nothing that could look like another line. */
static const char *
line_value(const json_t *members, const char *name)
{
	const char *text = cs_json_text_or_empty(members, name, MEMBER_MAX);

	if (text == NULL)
		return NULL;
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at == 0x7f)
			return NULL;
	return text;
}

/* The identity document's number is shown, and its hash is what is signed. */
static enum cs_status
identity_put(json_t *members)
{
	const char *number = line_value(members, "id_number");
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st;

	if (number == NULL)
		return CS_E_ARGUMENTS;
	if (number[0] == '\0')
		return CS_OK;
	st = cs_hash(uk_span_str(number), hash);
	if (st == CS_OK && !cs_json_put_hex(members, "identity", uk_span_of(hash, sizeof(hash))))
		st = CS_E_MEMORY;
	return st;
}

static enum cs_status
order_body(const struct cs_order_row *row, const struct offer *offer, json_t *members,
	   char ret[CS_ASK_BODY])
{
	const char *sn = line_value(members, "sn");
	size_t len;
	enum cs_status st = identity_put(members);

	if (st != CS_OK || sn == NULL || strlen(sn) >= CS_SN_TEXT)
		return st == CS_OK ? CS_E_ARGUMENTS : st;
	len = (size_t)snprintf(ret, CS_ASK_BODY, "order\nnumber=%s\nver=%ld\nact=%s\nsn=%s\n",
			       row->number, (long)row->ver, offer->act, sn);
	for (size_t i = 0; i < ARRAY_SIZE(offer->lines) && offer->lines[i] != NULL; i++) {
		const char *value = line_value(members, offer->lines[i]);

		if (value == NULL)
			return CS_E_ARGUMENTS;
		if (value[0] != '\0')
			len += (size_t)snprintf(ret + len, CS_ASK_BODY - len, "%s=%s\n",
						offer->lines[i], value);
	}
	return CS_OK;
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
name_drop(X509_NAME **name)
{
	X509_NAME_free(*name);
}

static void
bytes_drop(unsigned char **bytes)
{
	OPENSSL_free(*bytes);
}

#define BYTES UK_CLEANUP(bytes_drop) unsigned char

/* The member "old_cert": PEM as it was pasted, or hex; hex afterwards. */
static enum cs_status
cert_take(json_t *members, X509 **ret)
{
	const char *text = cs_json_text_or_empty(members, "old_cert", 2 * CERT_MAX);
	UK_CLEANUP(bio_drop) BIO *bio = text != NULL ? BIO_new_mem_buf(text, -1) : NULL;
	UK_CLEANUP(x509_drop) X509 *cert = NULL;
	CS_BLOB der = {NULL, 0};
	BYTES *again = NULL;
	const unsigned char *at;
	int len;

	if (text == NULL || bio == NULL)
		return CS_E_ARGUMENTS;
	cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (cert == NULL && cs_json_blob(members, "old_cert", CERT_MAX, &der)) {
		at = der.ptr;
		cert = d2i_X509(NULL, &at, (long)der.len);
	}
	len = cert != NULL ? i2d_X509(cert, &again) : 0;
	if (len <= 0)
		return CS_E_ARGUMENTS;
	if (!cs_json_put_hex(members, "old_cert", uk_span_of(again, (size_t)len)))
		return CS_E_MEMORY;
	*ret = cert;
	cert = NULL;
	return CS_OK;
}

static X509_NAME *
name_of_unit(const char *unit)
{
	static const char *const parts[] = {"C", "O", "CN"};
	X509_NAME *name = X509_NAME_new();

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *value = i == 0 ? "CN" : unit;

		if (name != NULL &&
		    X509_NAME_add_entry_by_txt(name, parts[i], MBSTRING_UTF8,
					       (const unsigned char *)value, -1, -1, 0) != 1) {
			X509_NAME_free(name);
			name = NULL;
		}
	}
	return name;
}

/* The name in the new certificate: the old one's, or the unit's of the form. */
static enum cs_status
subject_put(const struct cs_order_row *row, const X509 *old, const json_t *form, json_t *members)
{
	const char *unit = cs_json_text(form, "unit", MEMBER_MAX);
	bool anew = old == NULL || strcmp(row->kind, "change") == 0;
	UK_CLEANUP(name_drop)
	X509_NAME *name = anew && unit != NULL ? name_of_unit(unit)
			  : anew               ? NULL
					       : X509_NAME_dup(X509_get_subject_name(old));
	BYTES *der = NULL;
	int len = name != NULL ? i2d_X509_NAME(name, &der) : 0;

	if (len <= 0 || len > SUBJECT_MAX)
		return CS_E_ARGUMENTS;
	return cs_json_put_hex(members, "subject", uk_span_of(der, (size_t)len)) ? CS_OK
										 : CS_E_MEMORY;
}

static enum cs_status
hex_hash(const json_t *members, const char *name, char ret[CS_HASH_TEXT])
{
	CS_BLOB bytes = {NULL, 0};
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st;

	if (json_object_get(members, name) == NULL) {
		memcpy(ret, "-", 2);
		return CS_OK;
	}
	if (!cs_json_blob(members, name, CERT_MAX, &bytes))
		return CS_E_ARGUMENTS;
	st = cs_hash(cs_blob_span(&bytes), hash);
	cs_hex(uk_span_of(hash, sizeof(hash)), ret);
	return st;
}

/* What has been paid, as the payment provider or an operator said. */
static enum cs_status
paid_put(struct cs_desk *desk, const struct cs_order_row *row, json_t *members)
{
	struct cs_payment payment = {.amount = 0};
	enum cs_status st = cs_store_payment_of_order(desk->orders.store, row->id, &payment);
	int64_t amount = st == CS_OK && strcmp(payment.state, "paid") == 0 ? payment.amount : 0;

	if (st != CS_OK && st != CS_E_NOT_FOUND)
		return st;
	/* A bank transfer is proved by what operators saw: its reference is a line of its own. */
	if (st == CS_OK && strcmp(payment.way, "transfer") == 0 && amount > 0 &&
	    json_object_get(members, "transfer") == NULL &&
	    json_object_set_new(members, "transfer", json_string(payment.reference)) != 0)
		return CS_E_MEMORY;
	if (json_is_integer(json_object_get(members, "paid")))
		return CS_OK;
	return json_object_set_new(members, "paid", json_integer(amount)) == 0 ? CS_OK
									       : CS_E_MEMORY;
}

static enum cs_status
issue_members(struct cs_desk *desk, const struct cs_order_row *row, json_t *members)
{
	UK_CLEANUP(x509_drop) X509 *old = NULL;
	CS_ORDER_ROW again = {.ver = 0};
	CS_BLOB plain = {NULL, 0};
	CS_JSON *form = NULL;
	const char *code;
	enum cs_status st = cs_order_read(&desk->orders, row->id, &again, &plain);

	if (st == CS_OK && json_object_get(members, "old_cert") != NULL)
		st = cert_take(members, &old);
	if (st != CS_OK)
		return st;
	form = cs_json_read(cs_blob_span(&plain));
	code = cs_json_text(form, "unit_code", MEMBER_MAX);
	if (code == NULL)
		return CS_E_ARGUMENTS;
	if (json_object_get(members, "code") == NULL &&
	    json_object_set_new(members, "code", json_string(code)) != 0)
		return CS_E_MEMORY;
	if (json_object_get(members, "years") == NULL &&
	    json_object_set_new(members, "years", json_integer(1)) != 0)
		return CS_E_MEMORY;
	st = paid_put(desk, row, members);
	return st == CS_OK ? subject_put(row, old, form, members) : st;
}

/* As openukey-issuerd makes it from the same members. */
static enum cs_status
issue_body(struct cs_desk *desk, const struct cs_order_row *row, json_t *members,
	   char ret[CS_ASK_BODY])
{
	char subject[CS_HASH_TEXT], old[CS_HASH_TEXT];
	const char *code, *transfer;
	int64_t years, paid;
	size_t len;
	enum cs_status st = issue_members(desk, row, members);

	if (st == CS_OK)
		st = hex_hash(members, "subject", subject);
	if (st == CS_OK)
		st = hex_hash(members, "old_cert", old);
	if (st != CS_OK)
		return st;
	code = line_value(members, "code");
	transfer = line_value(members, "transfer");
	if (code == NULL || transfer == NULL || !cs_json_number(members, "years", &years) ||
	    !cs_json_number(members, "paid", &paid))
		return CS_E_ARGUMENTS;
	len = (size_t)snprintf(
		ret, CS_ASK_BODY,
		"issue\norder=%s\nkind=%s\nsn=%s\nsubject=%s\ncode=%s\nyears=%ld\nold=%s\n"
		"paid=%ld\n",
		row->id, row->kind, row->key_sn, subject, code, (long)years, old, (long)paid);
	if (transfer[0] != '\0')
		(void)snprintf(ret + len, CS_ASK_BODY - len, "transfer=%s\n", transfer);
	return CS_OK;
}

/* As openukey-issuerd makes it: the certificate that is named, or all that are on the key. */
static enum cs_status
revoke_body(const struct cs_order_row *row, json_t *members, char ret[CS_ASK_BODY])
{
	UK_CLEANUP(x509_drop) X509 *cert = NULL;
	char hash[CS_HASH_TEXT];
	const char *reason = line_value(members, "reason"), *cert_hex;
	bool named = json_object_get(members, "old_cert") != NULL;
	enum cs_status st = named ? cert_take(members, &cert) : CS_OK;
	size_t len;

	if (st == CS_OK)
		st = hex_hash(members, "old_cert", hash);
	if (st != CS_OK || reason == NULL)
		return st == CS_OK ? CS_E_ARGUMENTS : st;
	if (reason[0] == '\0') {
		reason = "unspecified";
		(void)json_object_set_new(members, "reason", json_string(reason));
	}
	len = (size_t)snprintf(ret, CS_ASK_BODY, "revoke\norder=%s\nsn=%s\nreason=%s\n", row->id,
			       row->key_sn, reason);
	if (!named)
		return CS_OK;
	cert_hex = json_string_value(json_object_get(members, "old_cert"));
	if (json_object_set_new(members, "certs", json_pack("[s]", cert_hex)) != 0)
		return CS_E_MEMORY;
	(void)snprintf(ret + len, CS_ASK_BODY - len, "cert=%s\n", hash);
	return CS_OK;
}

/* As openukey-unlockd makes it; it alone knows how often the key's entry has changed. */
static enum cs_status
key_body(const struct cs_desk *desk, const struct cs_order_row *row, const char *act,
	 char ret[CS_ASK_BODY])
{
	json_t *key = NULL;
	int64_t ver = 0;
	enum cs_status st;

	if (desk->certd->unlock_socket == NULL)
		return CS_E_UNAVAILABLE;
	st = cs_ask(desk->certd->unlock_socket,
		    json_pack("{s:s, s:s}", "op", "key", "sn", row->key_sn), ASK_MS, &key);
	if (st == CS_OK && !cs_json_number(key, "ver", &ver))
		st = CS_E_INTERNAL;
	if (st == CS_OK)
		(void)snprintf(ret, CS_ASK_BODY,
			       "%s\nsn=%s\nnumber=%ld\nphone=\naccount=\nnotify=\n", act,
			       row->key_sn, (long)ver);
	json_decref(key);
	return st;
}

/* The member "csr": PEM as it was pasted, or hex; hex afterwards, and its hash. */
static enum cs_status
csr_take(json_t *members, char ret[CS_HASH_TEXT])
{
	const char *text = cs_json_text_or_empty(members, "csr", 2 * CERT_MAX);
	UK_CLEANUP(bio_drop) BIO *bio = text != NULL ? BIO_new_mem_buf(text, -1) : NULL;
	X509_REQ *request = bio != NULL ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
	BYTES *der = NULL;
	int len = request != NULL ? i2d_X509_REQ(request, &der) : 0;

	X509_REQ_free(request);
	if (len > 0 && !cs_json_put_hex(members, "csr", uk_span_of(der, (size_t)len)))
		return CS_E_MEMORY;
	return hex_hash(members, "csr", ret);
}

/* As openukey-issuerd makes it: which request, on which new key, the order's certificate is for. */
static enum cs_status
request_body(const struct cs_order_row *row, json_t *members, char ret[CS_ASK_BODY])
{
	const char *token = line_value(members, "token");
	char hash[CS_HASH_TEXT];
	enum cs_status st = token != NULL && token[0] != '\0' ? CS_OK : CS_E_ARGUMENTS;

	if (st == CS_OK)
		st = csr_take(members, hash);
	if (st == CS_OK)
		(void)snprintf(ret, CS_ASK_BODY, "request\norder=%s\ntoken=%s\ncsr=%s\n", row->id,
			       token, hash);
	return st;
}

enum cs_status
cs_ask_body(struct cs_desk *desk, const struct cs_order_row *row, const char *act, json_t *members,
	    char ret[CS_ASK_BODY])
{
	const struct offer *offer = offer_find(act);

	if (offer == NULL)
		return CS_E_ARGUMENTS;
	switch (offer->what) {
	case ASKED_ORDER:
		return order_body(row, offer, members, ret);
	case ASKED_ISSUE:
		return issue_body(desk, row, members, ret);
	case ASKED_FOUND:
	case ASKED_AGAIN:
		return key_body(desk, row, act, ret);
	case ASKED_REVOKE:
		return revoke_body(row, members, ret);
	case ASKED_REQUEST:
		return request_body(row, members, ret);
	case ASKED_REINSTATE:
		(void)snprintf(ret, CS_ASK_BODY, "release\norder=%s\nsn=%s\n", row->id,
			       row->key_sn);
		return CS_OK;
	default:
		(void)snprintf(ret, CS_ASK_BODY, "unlock\norder=%s\nsn=%s\n", row->id, row->key_sn);
		return CS_OK;
	}
}
