/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inventory: which keys can be helped, and where a code for each of them goes. */
#include "service/unlock/inside.h"

#include "service/audit/audit.h"
#include "service/deliver/letter.h"
#include "service/store/outbox.h"
#include "service/unlock/cryptogram.h"
#include "service/unlock/secrets.h"

#include <stdio.h>
#include <string.h>

#define BODY_ROOM    1024
#define WHERE_ROOM   64
#define CONTACT_TEXT (CS_ADDRESS_TEXT - 1)

const char *
cs_unlock_id(const json_t *request, const char *name)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ._:-";
	const char *text = cs_json_text(request, name, CS_SN_TEXT - 1);

	return text != NULL && text[0] != '\0' && strspn(text, allowed) == strlen(text) ? text
											: NULL;
}

enum cs_status
cs_unlock_log(const struct cs_unlockd *unlockd, const char *event, const char *order_id,
	      const char *key_sn)
{
	const struct cs_audit_pair pairs[] = {
		{"event", event}, {"order", order_id}, {"key", key_sn}};

	return cs_audit_log(unlockd->store, unlockd->chain, unlockd->clock(), pairs,
			    ARRAY_SIZE(pairs));
}

/* The contact's members: phone of the legal representative, the company's account, notices. */
static const char *const contact_members[] = {
	[CS_TO_PHONE] = "phone", [CS_TO_ACCOUNT] = "account", [CS_TO_NOTIFY] = "notify"};

/* The words that operators sign: one line for each member, in this order. */
static enum cs_status
body_make(const char *what, const json_t *request, int64_t number, char ret[BODY_ROOM])
{
	const char *sn = cs_unlock_id(request, "sn");
	const json_t *contact = json_object_get(request, "contact");
	const char *values[ARRAY_SIZE(contact_members)];
	int len;

	for (size_t i = 0; i < ARRAY_SIZE(contact_members); i++) {
		values[i] = cs_json_text_or_empty(contact, contact_members[i], CONTACT_TEXT);
		if (values[i] == NULL || strchr(values[i], '\n') != NULL)
			return CS_E_ARGUMENTS;
	}
	if (sn == NULL)
		return CS_E_ARGUMENTS;
	len = snprintf(ret, BODY_ROOM, "%s\nsn=%s\nnumber=%ld\nphone=%s\naccount=%s\nnotify=%s\n",
		       what, sn, (long)number, values[CS_TO_PHONE], values[CS_TO_ACCOUNT],
		       values[CS_TO_NOTIFY]);
	return len > 0 && len < BODY_ROOM ? CS_OK : CS_E_ARGUMENTS;
}

enum cs_status
cs_unlock_approved(const struct cs_unlock_work *work, const char *what, int64_t number)
{
	char body[BODY_ROOM];
	enum cs_status st = body_make(what, work->request, number, body);

	if (st != CS_OK)
		return st;
	st = cs_approved(work->unlockd->operators, json_object_get(work->request, "approvals"),
			 uk_span_str(body), 2);
	uk_wipe(body, sizeof(body));
	return st;
}

static const char *
contact_where(const char *key_sn, char room[WHERE_ROOM])
{
	(void)snprintf(room, WHERE_ROOM, "key/%s", key_sn);
	return room;
}

/* Seals the request's contact for a person of its own. */
static enum cs_status
contact_seal(const struct cs_unlock_work *work, struct cs_key_row *key)
{
	char *text = json_dumps(json_object_get(work->request, "contact"), JSON_COMPACT);
	CS_PERSON person = {.id = ""};
	char where[WHERE_ROOM];
	enum cs_status st;

	if (text == NULL)
		return CS_E_ARGUMENTS;
	st = cs_person_new(work->unlockd->vault, work->unlockd->store, work->now, &person);
	if (st == CS_OK)
		st = cs_seal(&person, contact_where(key->key_sn, where), uk_span_str(text),
			     &key->contact);
	if (st == CS_OK)
		memcpy(key->person, person.id, sizeof(key->person));
	uk_wipe(text, strlen(text));
	free(text);
	return st;
}

static enum cs_status
enrol_body(struct cs_store *store, void *ctx)
{
	const struct cs_unlock_work *work = ctx;
	const char *model = cs_json_text(work->request, "model", CS_MODEL_TEXT - 1);
	const char *sn = cs_unlock_id(work->request, "sn");
	CS_KEY_ROW key = {.state = "active", .enrolled = work->now};
	char what[32 + CS_MODEL_TEXT];
	UK_SECRET admin = {.len = 0};
	enum cs_status st;

	if (sn == NULL || model == NULL || !cs_json_number(work->request, "master", &key.master))
		return CS_E_ARGUMENTS;
	/* Nothing is promised for a model on which unlocking was never proved. */
	if (cs_key_rules_find(model) == NULL)
		return CS_E_COUNTER;
	st = cs_admin_pin(work->unlockd->hsm, key.master, sn, &admin);
	if (st != CS_OK)
		return st == CS_E_NOT_FOUND ? CS_E_ARGUMENTS : st; /* there is no such master */
	(void)snprintf(what, sizeof(what), "enrol %s", model);
	st = cs_unlock_approved(work, what, key.master);
	if (st != CS_OK)
		return st;
	memcpy(key.key_sn, sn, strlen(sn) + 1);
	memcpy(key.model, model, strlen(model) + 1);
	st = contact_seal(work, &key);
	if (st == CS_OK)
		st = cs_store_key_add(store, &key);
	return st == CS_OK ? cs_unlock_log(work->unlockd, "enrol", "-", sn) : st;
}

/*
 * A new key's admin PIN, from the one-time one that the station made it with to the derived one:
 * the station passes a cryptogram on.  It could open it, as it knows the one-time PIN; so two
 * operators sign for it, it is logged, and a key that is in the inventory never gets one again.
 */
static enum cs_status
personalise_body(struct cs_store *store, void *ctx)
{
	const struct cs_unlock_work *work = ctx;
	const char *model = cs_json_text(work->request, "model", CS_MODEL_TEXT - 1);
	const char *old = cs_json_text(work->request, "old", GM_PIN_MAX);
	const char *sn = cs_unlock_id(work->request, "sn");
	const struct cs_key_rules *rules = model != NULL ? cs_key_rules_find(model) : NULL;
	struct cs_new_pin command = {.ins = GM_INS_CHANGE_PIN};
	uint8_t random[GM_RANDOM_LEN], data[CS_CRYPTOGRAM_MAX];
	struct uk_writer out = uk_writer_of(data, sizeof(data));
	UK_SECRET admin = {.len = 0};
	CS_KEY_ROW key = {.ver = 0};
	char what[32 + CS_MODEL_TEXT];
	enum cs_status st;

	if (sn == NULL || old == NULL || !cs_json_number(work->request, "master", &key.master) ||
	    !cs_json_hex(work->request, "random", random, sizeof(random)) ||
	    !cs_json_hex(work->request, "app", command.app, sizeof(command.app)))
		return CS_E_ARGUMENTS;
	if (rules == NULL)
		return CS_E_COUNTER;
	(void)snprintf(what, sizeof(what), "personalise %s", model);
	st = cs_unlock_approved(work, what, key.master);
	if (st == CS_OK)
		st = cs_store_key_get(store, sn, &key);
	if (st != CS_E_NOT_FOUND)
		return st == CS_OK ? CS_E_EXISTS : st;
	st = cs_admin_pin(work->unlockd->hsm, key.master, sn, &admin);
	command.old = uk_span_str(old);
	command.fresh = uk_secret_peek(&admin);
	if (st == CS_OK)
		st = cs_new_pin_block(rules, &command, random, &out);
	if (st == CS_OK && !cs_json_put_hex(work->answer, "data", uk_writer_span(&out)))
		st = CS_E_MEMORY;
	return st == CS_OK ? cs_unlock_log(work->unlockd, "personalise", "-", sn) : st;
}

static enum cs_status
in_tx(void *ctx, const json_t *request, json_t *answer, cs_tx_fn body)
{
	struct cs_unlockd *unlockd = ctx;
	struct cs_unlock_work work = {unlockd, request, answer, unlockd->clock()};

	return cs_store_tx(unlockd->store, body, &work);
}

enum cs_status
cs_op_personalise(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, personalise_body);
}

enum cs_status
cs_op_enrol(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, enrol_body);
}

static enum cs_status
key_of(const struct cs_unlock_work *work, struct cs_key_row *ret)
{
	const char *sn = cs_unlock_id(work->request, "sn");

	return sn != NULL ? cs_store_key_get(work->unlockd->store, sn, ret) : CS_E_ARGUMENTS;
}

/* The old number is told at once; the new one gets no code for a day. */
static enum cs_status
contact_body(struct cs_store *store, void *ctx)
{
	const struct cs_unlock_work *work = ctx;
	CS_KEY_ROW key = {.ver = 0};
	char once[64];
	enum cs_status st = key_of(work, &key);

	if (st == CS_OK)
		st = cs_unlock_approved(work, "contact", key.ver);
	(void)snprintf(once, sizeof(once), "contact/%s/%ld", key.key_sn, (long)key.ver);
	if (st == CS_OK)
		st = cs_unlock_tell(work->unlockd, &key, CS_TO_PHONE, once,
				    "您单位密钥的解锁联系方式已变更。如非本人办理，请立即挂失。");
	if (st == CS_OK)
		st = contact_seal(work, &key);
	key.contact_since = work->now;
	if (st == CS_OK)
		st = cs_store_key_put(store, &key);
	return st == CS_OK ? cs_unlock_log(work->unlockd, "contact", "-", key.key_sn) : st;
}

enum cs_status
cs_op_contact(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, contact_body);
}

/* Anybody may stop a key; that it is found again two operators must say. */
static enum cs_status
lost_body(struct cs_store *store, void *ctx)
{
	const struct cs_unlock_work *work = ctx;
	CS_KEY_ROW key = {.ver = 0};
	enum cs_status st = key_of(work, &key);

	if (st == CS_OK && strcmp(key.state, "active") != 0)
		return CS_OK;
	memcpy(key.state, "lost", 5);
	if (st == CS_OK)
		st = cs_store_key_put(store, &key);
	return st == CS_OK ? cs_unlock_log(work->unlockd, "lost", "-", key.key_sn) : st;
}

enum cs_status
cs_op_lost(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, lost_body);
}

static enum cs_status
found_body(struct cs_store *store, void *ctx)
{
	const struct cs_unlock_work *work = ctx;
	CS_KEY_ROW key = {.ver = 0};
	enum cs_status st = key_of(work, &key);

	if (st == CS_OK && strcmp(key.state, "lost") != 0)
		return CS_E_STATE;
	if (st == CS_OK)
		st = cs_unlock_approved(work, "found", key.ver);
	memcpy(key.state, "active", 7);
	if (st == CS_OK)
		st = cs_store_key_put(store, &key);
	return st == CS_OK ? cs_unlock_log(work->unlockd, "found", "-", key.key_sn) : st;
}

enum cs_status
cs_op_found(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, found_body);
}

/*
 * Two operators have had the key in their hands: a power cut while the key counted a try of the
 * right PIN looks like a refusal.  One more try; refused, the key is as it was.
 */
static enum cs_status
again_body(struct cs_store *store, void *ctx)
{
	const struct cs_unlock_work *work = ctx;
	CS_KEY_ROW key = {.ver = 0};
	enum cs_status st = key_of(work, &key);

	if (st == CS_OK && strcmp(key.state, "counter") != 0)
		return CS_E_STATE;
	if (st == CS_OK)
		st = cs_unlock_approved(work, "again", key.ver);
	memcpy(key.state, "active", 7);
	key.admin_seen = 0;
	if (st == CS_OK)
		st = cs_store_key_put(store, &key);
	return st == CS_OK ? cs_unlock_log(work->unlockd, "again", "-", key.key_sn) : st;
}

enum cs_status
cs_op_again(void *ctx, const json_t *request, json_t *answer)
{
	return in_tx(ctx, request, answer, again_body);
}

enum cs_status
cs_op_key(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_unlockd *unlockd = ctx;
	const struct cs_unlock_work work = {unlockd, request, answer, unlockd->clock()};
	CS_KEY_ROW key = {.ver = 0};
	enum cs_status st = key_of(&work, &key);

	if (st == CS_OK && (json_object_set_new(answer, "state", json_string(key.state)) != 0 ||
			    json_object_set_new(answer, "model", json_string(key.model)) != 0 ||
			    json_object_set_new(answer, "ver", json_integer(key.ver)) != 0))
		return CS_E_MEMORY;
	return st;
}

enum cs_status
cs_unlock_address(const struct cs_unlockd *unlockd, const struct cs_key_row *key,
		  enum cs_addressee to, char ret[CS_ADDRESS_TEXT])
{
	CS_PERSON person = {.id = ""};
	CS_BLOB plain = {NULL, 0};
	CS_JSON *contact = NULL;
	const char *address;
	char where[WHERE_ROOM];
	enum cs_status st = cs_person_load(unlockd->vault, unlockd->store, key->person, &person);

	if (st == CS_OK)
		st = cs_unseal(&person, contact_where(key->key_sn, where),
			       cs_blob_span(&key->contact), &plain);
	if (st != CS_OK)
		return st;
	contact = cs_json_read(cs_blob_span(&plain));
	address = cs_json_text_or_empty(contact, contact_members[to], CS_ADDRESS_TEXT - 1);
	if (address == NULL || address[0] == '\0')
		return CS_E_COUNTER;
	memcpy(ret, address, strlen(address) + 1);
	return CS_OK;
}

enum cs_status
cs_unlock_tell(const struct cs_unlockd *unlockd, const struct cs_key_row *key, enum cs_addressee to,
	       const char *once, const char *text)
{
	const char *topic = to == CS_TO_ACCOUNT ? "memo" : "sms";
	CS_PERSON person = {.id = ""};
	CS_BLOB payload = {NULL, 0};
	CS_JSON *letter = NULL;
	char address[CS_ADDRESS_TEXT];
	enum cs_status st = cs_unlock_address(unlockd, key, to, address);

	if (st == CS_OK)
		st = cs_person_load(unlockd->vault, unlockd->store, key->person, &person);
	if (st != CS_OK)
		return st;
	letter = json_pack("{s:s, s:s, s:s}", "once", once, "to", address, "text", text);
	uk_wipe(address, sizeof(address));
	st = cs_letter_seal(&person, topic, letter, &payload);
	if (st != CS_OK)
		return st;
	return cs_store_post(unlockd->store, topic, once, unlockd->clock(), cs_blob_span(&payload));
}
