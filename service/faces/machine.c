/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machines' orders.  One that was opened by a person goes on with its capability; one for a machine
 * that has a certificate already is opened here, and takes the way by paper: nobody can be asked
 * who the machine is, so operators say that they know, and approve.
 */
#include "service/faces/face.h"

#include "service/pki/cert.h"
#include "service/wire/client.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#define ASK_MS    20000 /* an upstream CA may be asked meanwhile */
#define STEPS     8
#define NAME_ROOM 128
#define SN_BYTES  12

/* What a machine's order is carried on by; everything else is up to people. */
static const struct {
	enum cs_state state;
	enum cs_event event;
} steps[] = {
	{CS_STATE_DRAFT, CS_EVENT_SUBMIT},         {CS_STATE_SUBMITTED, CS_EVENT_IDENTITY_FAILED},
	{CS_STATE_PAPER_IN, CS_EVENT_PAY_OFFLINE}, /* where it costs something, otherwise: */
	{CS_STATE_PAPER_IN, CS_EVENT_HAND_IN},     {CS_STATE_PAID, CS_EVENT_HAND_IN},
};

/* States in which openukey-issuerd may be asked. */
static const enum cs_state asked[] = {
	CS_STATE_READY, CS_STATE_ISSUED,     CS_STATE_CONFIRMED, CS_STATE_APPROVED,
	CS_STATE_MADE,  CS_STATE_TO_COLLECT, CS_STATE_POSTED,    CS_STATE_HANDED_OVER,
};

static bool
step_do(struct cs_face *face, const struct cs_order_row *row, enum cs_state state)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct cs_happening what = {.id = row->id,
						  .event = steps[i].event,
						  .actor = cs_event_actor(steps[i].event),
						  .now = cs_now(),
						  .by = "face"};

		if (steps[i].state == state &&
		    cs_order_happens(&face->orders, &what, NULL) == CS_OK)
			return true;
	}
	return false;
}

/* As far as it goes without anybody else. */
static enum cs_status
carry_on(struct cs_face *face, struct cs_order_row *row)
{
	for (int i = 0; i < STEPS; i++) {
		char id[CS_ID_TEXT];
		enum cs_state state = CS_STATE_DRAFT;
		enum cs_status st;

		if (!cs_state_read(row->state, &state))
			return CS_E_CORRUPT;
		if (!step_do(face, row, state))
			break;
		memcpy(id, row->id, sizeof(id));
		cs_order_row_clear(row);
		st = cs_order_read(&face->orders, id, row, NULL);
		if (st != CS_OK)
			return st;
	}
	return CS_OK;
}

/* A machine's key has no number on it: the beginning of its hash is one. */
static enum cs_status
sn_make(X509 *old, char ret[CS_SN_TEXT])
{
	uint8_t hash[CS_HASH_LEN];
	EVP_PKEY *key = X509_get0_pubkey(old);
	enum cs_status st = key != NULL ? cs_spki_hash(key, hash) : CS_E_ARGUMENTS;

	if (st != CS_OK)
		return st;
	memcpy(ret, "M-", 2);
	cs_hex(uk_span_of(hash, SN_BYTES), ret + 2);
	return CS_OK;
}

static char *
form_make(X509 *old, const char *code)
{
	char name[NAME_ROOM] = "";
	CS_JSON *form = NULL;

	(void)X509_NAME_get_text_by_NID(X509_get_subject_name(old), NID_commonName, name,
					sizeof(name));
	form = json_pack("{s:s*, s:s, s:s}", "unit", name, "unit_code", code, "machine", "yes");
	if (form == NULL) /* a name that is no text */
		form = json_pack("{s:s, s:s}", "unit_code", code, "machine", "yes");
	return form != NULL ? json_dumps(form, JSON_COMPACT) : NULL;
}

struct opening {
	X509 *old;
	enum cs_kind kind;
	const uint8_t *once;
	char sn[CS_SN_TEXT];
};

static enum cs_status
order_open(struct cs_face *face, const struct opening *opening, char ret_id[CS_ID_TEXT])
{
	char code[CS_CODE_TEXT], once[CS_HASH_TEXT];
	struct cs_order_made made = {.first = false};
	struct cs_order_request request = {.kind = opening->kind,
					   .method = CS_METHOD_SMS,
					   .key_sn = opening->sn,
					   .profile = face->faces->profile.name,
					   .unit_code = code,
					   .idempotency = once};
	char *form;
	enum cs_status st = cs_cert_code(opening->old, code);

	if (st == CS_OK)
		st = cs_cert_end(opening->old, &request.facts.not_after);
	if (st != CS_OK)
		return st;
	if (code[0] == '\0')
		memcpy(code, "-", 2);
	cs_hex(uk_span_of(opening->once, CS_HASH_LEN), once);
	memcpy(request.body_hash, opening->once, CS_HASH_LEN);
	form = form_make(opening->old, code);
	if (form == NULL)
		return CS_E_MEMORY;
	request.form = uk_span_str(form);
	st = cs_order_new(&face->orders, &request, cs_now(), &made);
	free(form);
	/* The key's signature is what this order is asked about with. */
	if (st == CS_OK)
		st = cs_store_caps_drop(face->orders.store, made.id);
	if (st == CS_OK)
		memcpy(ret_id, made.id, sizeof(made.id));
	uk_wipe(&made, sizeof(made));
	return st;
}

/* The key's open order, or a new one; one that is over answers the request that it was for. */
static enum cs_status
order_of_key(struct cs_face *face, struct opening *opening, struct cs_order_row *ret)
{
	char id[CS_ID_TEXT] = "";
	enum cs_status st = sn_make(opening->old, opening->sn);

	if (st == CS_OK)
		st = cs_store_key_holder(face->orders.store, opening->sn, id);
	if (st == CS_OK && id[0] == '\0')
		st = order_open(face, opening, id);
	if (st == CS_OK)
		st = cs_order_read(&face->orders, id, ret, NULL);
	if (st == CS_OK && strcmp(ret->kind, cs_kind_word(opening->kind)) != 0)
		st = CS_E_OPEN_ORDER;
	return st == CS_OK ? carry_on(face, ret) : st;
}

static enum cs_status
order_find(struct cs_face *face, const struct cs_machine *machine, struct cs_order_row *ret)
{
	struct opening opening = {
		.old = machine->old, .kind = CS_KIND_RENEWAL, .once = machine->once};
	enum cs_status st;

	if (machine->old != NULL)
		return order_of_key(face, &opening, ret);
	st = cs_order_by_cap(&face->orders, machine->capability, ret);
	if (st == CS_OK && strcmp(machine->order, ret->number) != 0 &&
	    strcmp(machine->order, ret->id) != 0)
		st = CS_E_NOT_FOUND;
	return st;
}

/* Takes the question over. */
static enum cs_status
issuer_ask(const struct cs_face *face, json_t *question, json_t **ret)
{
	return cs_ask(face->faces->issue_socket, question, ASK_MS, ret);
}

/* The new key goes to the issuer, with what proves it. */
static enum cs_status
request_pass(const struct cs_face *face, const struct cs_machine *machine,
	     const struct cs_order_row *row)
{
	json_t *question = json_pack("{s:s, s:s, s:s, s:s}", "op", "request", "order", row->id,
				     "sn", row->key_sn, "kind", row->kind);
	CS_JSON *answer = NULL;
	bool cmp = machine->cmp.len > 0;

	if (!cs_json_put_hex(question, cmp ? "cmp" : "csr", cmp ? machine->cmp : machine->csr)) {
		json_decref(question);
		return CS_E_MEMORY;
	}
	return issuer_ask(face, question, &answer);
}

static enum cs_status
result_take(const struct cs_face *face, const char *order, struct cs_blob *ret)
{
	CS_JSON *answer = NULL;
	enum cs_status st =
		issuer_ask(face, json_pack("{s:s, s:s}", "op", "result", "order", order), &answer);

	if (st == CS_OK && !cs_json_blob(answer, "sign_cert", CS_FACE_BODY_MAX, ret))
		st = CS_E_UNAVAILABLE;
	return st;
}

static bool
may_ask(enum cs_state state)
{
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		if (asked[i] == state)
			return true;
	return false;
}

enum cs_status
cs_machine_enrol(struct cs_face *face, const struct cs_machine *machine, struct cs_blob *ret_cert,
		 char *ret_order)
{
	struct cs_happening request = {.event = CS_EVENT_REQUEST,
				       .actor = cs_event_actor(CS_EVENT_REQUEST)};
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_state state = CS_STATE_DRAFT;
	enum cs_status st = order_find(face, machine, &row);

	if (st != CS_OK)
		return st;
	memcpy(ret_order, row.id, sizeof(row.id));
	if (!cs_state_read(row.state, &state))
		return CS_E_CORRUPT;
	if (!may_ask(state))
		return cs_state_final(state) ? CS_E_STATE : CS_E_BUSY;
	/* The order goes on first: that a key was lost is known here. */
	request.id = row.id;
	request.now = cs_now();
	if (state == CS_STATE_READY)
		st = cs_order_happens(&face->orders, &request, NULL);
	if (st == CS_OK)
		st = request_pass(face, machine, &row);
	if (st == CS_E_NOT_FOUND) /* approved, but not yet prepared */
		return CS_E_BUSY;
	return st == CS_OK ? result_take(face, row.id, ret_cert) : st;
}

enum cs_status
cs_machine_confirm(struct cs_face *face, const char *order)
{
	struct cs_happening confirm = {.id = order,
				       .event = CS_EVENT_CONFIRM,
				       .actor = cs_event_actor(CS_EVENT_CONFIRM),
				       .by = "issuerd"};
	CS_JSON *answer = NULL;
	enum cs_status st = issuer_ask(
		face, json_pack("{s:s, s:s, s:b}", "op", "confirm", "order", order, "delivered", 1),
		&answer);

	if (st == CS_OK && !cs_json_number(answer, "not_after", &confirm.not_after))
		st = CS_E_UNAVAILABLE;
	if (st != CS_OK)
		return st;
	confirm.now = cs_now();
	st = cs_order_happens(&face->orders, &confirm, NULL);
	return st == CS_E_STATE ? CS_OK : st; /* before, or a kind that operators hand over */
}

enum cs_status
cs_machine_revoke(struct cs_face *face, X509 *old, char *ret_order)
{
	uint8_t once[CS_HASH_LEN];
	struct opening opening = {.old = old, .kind = CS_KIND_REVOKE, .once = once};
	CS_ORDER_ROW row = {.ver = 0};
	CS_BLOB der = {NULL, 0};
	enum cs_status st = cs_cert_put(old, &der);

	if (st == CS_OK)
		st = cs_hash(cs_blob_span(&der), once);
	if (st == CS_OK)
		st = order_of_key(face, &opening, &row);
	if (st != CS_OK)
		return st;
	memcpy(ret_order, row.id, sizeof(row.id));
	return strcmp(row.state, cs_state_word(CS_STATE_REVOKED)) == 0 ? CS_OK : CS_E_BUSY;
}

static bool
valid_now(const X509 *cert)
{
	int64_t now = cs_now(), begin = 0, end = 0;

	return cs_cert_begin(cert, &begin) == CS_OK && cs_cert_end(cert, &end) == CS_OK &&
	       begin <= now && now <= end;
}

enum cs_status
cs_face_own(const struct cs_face *face, struct uk_span der, X509 **ret)
{
	CS_X509 *cert = NULL;
	enum cs_status st = cs_own_cert_read(sk_X509_value(face->faces->chain, 0), der, &cert);

	if (st != CS_OK)
		return CS_E_DENIED;
	if (!valid_now(cert) || cs_cert_encrypts(cert))
		return CS_E_EXPIRED;
	*ret = cert;
	cert = NULL;
	return CS_OK;
}

static void
bio_drop(BIO **bio)
{
	BIO_free_all(*bio);
}

enum cs_status
cs_face_client(const struct cs_face *face, const char *text, X509 **ret)
{
	CS_BLOB pem = {NULL, 0}, der = {NULL, 0};
	UK_CLEANUP(bio_drop) BIO *bio = NULL;
	CS_X509 *cert = NULL;
	enum cs_status st = CS_E_DENIED;

	if (!cs_face_url_read(text, &pem))
		return CS_E_ARGUMENTS;
	bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	if (bio != NULL)
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (cert != NULL)
		st = cs_cert_put(cert, &der);
	return st == CS_OK ? cs_face_own(face, cs_blob_span(&der), ret) : st;
}
